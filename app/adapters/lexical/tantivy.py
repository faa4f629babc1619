"""BM25 in Tantivy: one index folder per collection; our own analyser makes the tokens.

Each chunk is indexed by its own words and, in a second field, by those around it on its page (`surroundings.py`). The
words themselves are stored, so that what is added later to a page finds those that stand there already.

A writer is opened for one `add` or `remove` and closed after it (about 20 ms with the commit), so that processes may
take turns; the operating system frees the lock of one that was killed. Readers look at `meta.json` before a search and
reload when it is another: what a process committed is seen by all at once.
"""

from __future__ import annotations

import json
import math
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast
from uuid import uuid4

import tantivy
from tantivy import Occur

from app.adapters.lexical.page_context import Analysed, Place, analysed, surroundings, touched
from app.adapters.vectors.index_names import slug
from domain.errors import Unavailable
from domain.ports import WordsRow
from domain.types import KINDS, Kind
from language.analyser import query_terms

VERSION = 3  # of the analyser and the schema: another one is another folder, filled again from the catalogue
MOST_TERMS = 64  # of a query, the rarest
MOST_CONSIDERED = 2_000
AROUND = 0.8  # what a word around a chunk counts, beside one in it
HINT = 0.4  # what a hint counts, beside a question's own word
K1 = 1.2  # Tantivy's: a word scores at most its idf times K1 + 1
WRITER_MEMORY = 50_000_000  # bytes
WAIT_FOR_WRITER_S = 30.0
BUILDING = ".building"
MOST_IDS = 100_000  # remembered of one state of an index


@dataclass(frozen=True, slots=True)
class _Open:
    """A collection's index as it was when `meta.json` looked like `seen`."""

    index: tantivy.Index
    searcher: tantivy.Searcher
    seen: tuple[int, int, int]
    ids: dict[tuple[int, int], str] = field(default_factory=dict)  # by segment and place in it, once read

    def chunk_id(self, address: tantivy.DocAddress) -> str:
        """A document is read out of a packed block, with all the words that are kept of it: 10 µs."""
        place = (address.segment_ord, address.doc)
        known = self.ids.get(place)
        if known is None:
            if len(self.ids) >= MOST_IDS:
                self.ids.clear()
            known = self.ids[place] = str(self.searcher.doc(address).get_first("chunk"))
        return known


class TantivyWords:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._writing: dict[str, threading.Lock] = {}

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        distinct = {row.chunk_id: (row, analysed(row)) for row in rows}  # the slow part, before the writer is taken

        def write(writer: tantivy.IndexWriter, searcher: tantivy.Searcher) -> None:
            """What stands on the same pages already is written again where it has new neighbours."""
            places = {chunk.place for _, chunk in distinct.values() if chunk.place[1] is not None}
            there = [one for one in _standing(searcher, places) if one.chunk.chunk_id not in distinct]
            kinds = {row.chunk_id: row.kind for row, _ in distinct.values()}
            kinds |= {one.chunk.chunk_id: one.kind for one in there}
            chunks = [chunk for _, chunk in distinct.values()] + [one.chunk for one in there]
            around, changed = surroundings(chunks), touched(chunks, distinct.keys())
            for chunk in (each for each in chunks if each.chunk_id in changed):
                writer.delete_documents_by_term("chunk", chunk.chunk_id)
                writer.add_document(_document(chunk, kinds[chunk.chunk_id], around[chunk.chunk_id]))

        if distinct:
            self._write(collection_id, write)

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        opened = self._current(collection_id)
        if opened is None or k < 1 or documents == frozenset():
            return ()
        with _as_unavailable(collection_id):
            searcher = opened.searcher
            terms = dict.fromkeys(_rarest(searcher, query_terms(hints)) if hints else (), HINT)
            terms |= dict.fromkeys(_rarest(searcher, query_terms(text)), 1.0)
            most = _most(searcher, terms)
            if not most:
                return ()
            found = searcher.search(_query(terms, kinds, documents), min(k, searcher.num_docs), count=False).hits
            pairs = [(opened.chunk_id(address), float(score) / most) for score, address in found]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None:
        self._delete(collection_id, "chunk", chunk_ids)

    def remove_document(self, collection_id: str, document_id: str) -> None:
        self._delete(collection_id, "document", [document_id])

    def ids(self, collection_id: str) -> frozenset[str]:
        opened = self._current(collection_id)
        if opened is None:
            return frozenset()
        with _as_unavailable(collection_id):
            # The dictionary still lists deleted chunks until segments merge; the filter counts the living.
            living = opened.searcher.terms_with_prefix("chunk", "", filter_query=tantivy.Query.all_query())
            return frozenset(chunk_id for chunk_id, count in living if count)

    def collections(self) -> frozenset[str]:
        """Ids of ours are their own slugs."""
        folders = self._root.iterdir() if self._root.is_dir() else ()
        return frozenset(name for name, _, rest in (f.name.partition(".") for f in folders) if rest == f"v{VERSION}")

    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        """Tantivy merges segments only as it sees fit: the room of what was removed comes back with a new index."""
        folder = self._folder(collection_id)
        building = folder.with_name(f"{folder.name}.{uuid4().hex}{BUILDING}")
        with self._write_lock(collection_id), _as_unavailable(collection_id):
            held = self.ids(collection_id)
            try:
                if held:
                    building.mkdir(mode=0o700, parents=True)
                    _filled(building, collection_id, rows(held))
                self._drop(collection_id, building if held else None)
            finally:
                shutil.rmtree(building, ignore_errors=True)

    def drop(self, collection_id: str) -> None:
        with self._write_lock(collection_id):
            self._drop(collection_id, None)

    def sweep(self) -> None:
        """Removes what was dropped, half built, or made by another version of ours."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.name.partition(".")[2] != f"v{VERSION}":
                shutil.rmtree(folder, ignore_errors=True)

    def _drop(self, collection_id: str, successor: Path | None) -> None:
        folder = self._folder(collection_id)
        with self._lock:
            doomed = folder.with_name(f"{folder.name}.{uuid4().hex}.dropped")
            with suppress(FileNotFoundError):
                folder.rename(doomed)  # gone at once, and then really
            if successor is not None:
                successor.rename(folder)
            self._open.pop(collection_id, None)
        shutil.rmtree(doomed, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            self._open.clear()

    def _folder(self, collection_id: str) -> Path:
        return self._root / f"{slug(collection_id)}.v{VERSION}"

    def _write_lock(self, collection_id: str) -> threading.Lock:
        with self._lock:
            return self._writing.setdefault(collection_id, threading.Lock())

    def _delete(self, collection_id: str, field: str, values: Sequence[str]) -> None:
        def write(writer: tantivy.IndexWriter, searcher: tantivy.Searcher) -> None:
            for value in values:
                writer.delete_documents_by_term(field, value)

        if values and (self._folder(collection_id) / "meta.json").is_file():
            self._write(collection_id, write)

    def _write(self, collection_id: str, write: Callable[[tantivy.IndexWriter, tantivy.Searcher], None]) -> None:
        """Committed and flushed to disk when it returns; merges are finished too, or segments would pile up."""
        with self._write_lock(collection_id), _as_unavailable(collection_id):
            folder = self._folder(collection_id)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            index = _index(folder)
            writer = _writer(index, collection_id)
            index.reload()  # after the writer is ours: nobody else writes now
            try:
                write(writer, index.searcher())
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()

    def _current(self, collection_id: str) -> _Open | None:
        meta = self._folder(collection_id) / "meta.json"
        try:
            stat = meta.stat()
        except FileNotFoundError:
            return None
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        opened = self._open.get(collection_id)
        if opened is not None and opened.seen == seen:
            return opened
        with self._lock, _as_unavailable(collection_id):
            index = opened.index if opened is not None else _index(meta.parent)
            index.reload()
            self._open[collection_id] = fresh = _Open(index, index.searcher(), seen)
            return fresh


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("chunk", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("kind", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("place", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("words", stored=True)
    builder.add_text_field("text", tokenizer_name="tokens", index_option="freq")
    builder.add_text_field("around", tokenizer_name="tokens", index_option="freq")
    return builder.build()


def _index(folder: Path) -> tantivy.Index:
    index = tantivy.Index(_schema(), path=str(folder))
    # Our tokens hold no white space: joined by it, they are taken apart again as they were.
    index.register_tokenizer("tokens", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def _writer(index: tantivy.Index, collection_id: str) -> tantivy.IndexWriter:
    """Waits while another process writes."""
    patience = time.monotonic() + WAIT_FOR_WRITER_S
    while True:
        try:
            return index.writer(WRITER_MEMORY, 1)
        except ValueError as error:
            if "LockBusy" not in str(error) or time.monotonic() > patience:
                raise
            time.sleep(0.05)


def _filled(folder: Path, collection_id: str, rows: Iterable[Sequence[WordsRow]]) -> None:
    """`rows` come document by document: what stands around a chunk is of its own."""
    writer = _writer(_index(folder), collection_id)
    try:
        for some in rows:
            chunks = [analysed(row) for row in some]
            around = surroundings(chunks)
            for row, chunk in zip(some, chunks, strict=True):
                writer.add_document(_document(chunk, row.kind, around[chunk.chunk_id]))
        writer.commit()
    finally:
        writer.wait_merging_threads()


@dataclass(frozen=True, slots=True)
class _Standing:
    """A chunk as it is in the index."""

    chunk: Analysed
    kind: Kind


def _standing(searcher: tantivy.Searcher, places: Set[Place]) -> list[_Standing]:
    if not places or not searcher.num_docs:
        return []
    query = tantivy.Query.term_set_query(_schema(), "place", sorted(map(_place, places)))
    found = searcher.search(query, searcher.num_docs, count=False).hits
    return [_stands(searcher.doc(address)) for _, address in found]


def _stands(document: tantivy.Document) -> _Standing:
    stored = json.loads(cast(bytes, document.get_first("words")).decode())
    place = (str(document.get_first("document")), stored["page"])
    chunk = Analysed(str(document.get_first("chunk")), place, stored["ordinal"], stored["head"], stored["body"])
    return _Standing(chunk, cast(Kind, document.get_first("kind")))


def _document(chunk: Analysed, kind: Kind, around: Sequence[str]) -> tantivy.Document:
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


def _rarest(searcher: tantivy.Searcher, terms: Sequence[str]) -> list[str]:
    """A page pasted as a question is searched by its rarest terms: common ones cost most and say least."""
    if len(terms) <= MOST_TERMS:
        return list(terms)
    counted = [(searcher.doc_freq("text", term), term) for term in terms[:MOST_CONSIDERED]]
    return [term for count, term in sorted(counted) if count][:MOST_TERMS]


def _most(searcher: tantivy.Searcher, terms: Mapping[str, float]) -> float:
    """The most that a chunk could score by these words; 0 where none is known."""
    n = searcher.num_docs
    often = {term: searcher.doc_freq("text", term) for term in terms}
    known = ((weight, often[term]) for term, weight in terms.items() if often[term])
    return sum(weight * math.log(1 + (n - count + 0.5) / (count + 0.5)) for weight, count in known) * (K1 + 1)


def _query(terms: Mapping[str, float], kinds: frozenset[Kind], documents: frozenset[str] | None) -> tantivy.Query:
    """A chunk must hold one of the words; those around it then count besides."""
    make = tantivy.Query
    must = [make.boolean_query(_words("text", terms, 1.0))]
    should = make.boolean_query(_words("around", terms, AROUND))
    schema = _schema()
    if kinds and set(KINDS) - kinds:
        must.append(make.const_score_query(make.term_set_query(schema, "kind", sorted(kinds)), 0.0))
    if documents is not None:
        must.append(make.const_score_query(make.term_set_query(schema, "document", sorted(documents)), 0.0))
    return make.boolean_query([*((Occur.Must, part) for part in must), (Occur.Should, should)])


def _words(field: str, terms: Mapping[str, float], share: float) -> list[tuple[Occur, tantivy.Query]]:
    schema, make = _schema(), tantivy.Query
    each = ((term, weight * share) for term, weight in terms.items())
    return [
        (Occur.Should, make.boost_query(make.term_query(schema, field, term, index_option="freq"), weight))
        for term, weight in each
    ]


@contextmanager
def _as_unavailable(collection_id: str) -> Iterator[None]:
    """Tantivy raises ValueError and OSError; and over garbled postings its panic, a BaseException without a name."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, (ValueError, OSError)) and type(error).__name__ != "PanicException":
            raise
        raise Unavailable(f"The words index of collection {collection_id} can't be used now: {error}") from error
