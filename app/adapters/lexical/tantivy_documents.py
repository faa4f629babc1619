"""Chunks as Tantivy keeps them: the schema, and the way between its documents and our analysed chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import cast

import tantivy

from app.adapters.lexical.page_context import Analysed, Place
from domain.documents import Kind


@cache
def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("kind", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("place", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("words", stored=True)
    builder.add_text_field("text", tokenizer_name="tokens", index_option="freq")
    builder.add_text_field("around", tokenizer_name="tokens", index_option="freq")
    return builder.build()


@dataclass(frozen=True, slots=True)
class Standing:
    """A chunk as it is in the index."""

    chunk: Analysed
    kind: Kind


def standing(searcher: tantivy.Searcher, places: Set[Place]) -> list[Standing]:
    if not places or not searcher.num_docs:
        return []
    query = tantivy.Query.term_set_query(schema(), "place", sorted(map(_place, places)))
    found = searcher.search(query, searcher.num_docs, count=False).hits
    return [_stands(searcher.doc(address)) for _, address in found]


def _stands(document: tantivy.Document) -> Standing:
    stored = json.loads(cast(bytes, document.get_first("words")).decode())
    place = (str(document.get_first("document")), stored["page"])
    chunk = Analysed(str(document.get_first("chunk")), place, stored["ordinal"], stored["head"], stored["body"])
    return Standing(chunk, cast(Kind, document.get_first("kind")))


def document_of(chunk: Analysed, kind: Kind, around: Sequence[str]) -> tantivy.Document:
    document_id, page = chunk.place
    stored = {"page": page, "ordinal": chunk.ordinal, "head": chunk.head, "body": chunk.body}
    return tantivy.Document(
        chunk=chunk.chunk_id,
        document=document_id,
        kind=kind,
        place=_place(chunk.place),
        words=json.dumps(stored).encode(),
        text=" ".join(chunk.words),
        around=" ".join(around),
    )


def _place(place: Place) -> str:
    return f"{place[0]} {place[1]}"
