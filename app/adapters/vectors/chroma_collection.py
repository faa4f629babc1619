"""One of Chroma's collections, asked and deleted from in portions that it can bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from chromadb.errors import InternalError

from domain.documents import Kind
from domain.ports import Vector

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

WRITE = 50  # vectors a call: a write holds the GIL, 50 for about 57 ms
READ = 5_000  # ids a call
CHECK = 500  # vectors a call
FEW = 16
# Candidates the graph search keeps. Set when a collection is made: a later `modify` changes nothing. Recall@10, @50,
# @200 of 6,000 random vectors: .73, .64, .80 with the default 100; .98, .97, .94 with 400; all .997 with 1,000, at
# 2 ms a query. Chroma raises it to the number of results asked for.
EF_SEARCH = 1_000


def delete(collection: Collection, chunk_ids: Sequence[str]) -> None:
    for start in range(0, len(chunk_ids), WRITE):
        collection.delete(ids=list(chunk_ids[start : start + WRITE]))


def all_ids(collection: Collection) -> Iterator[str]:
    offset = 0
    while page := collection.get(include=[], limit=READ, offset=offset)["ids"]:
        yield from page
        offset += len(page)


def kinds_of(collection: Collection) -> Iterator[tuple[str, Kind]]:
    offset = 0
    while (page := collection.get(include=["metadatas"], limit=READ, offset=offset))["ids"]:
        for chunk_id, about in zip(page["ids"], page["metadatas"] or (), strict=True):
            yield chunk_id, cast(Kind, (about or {}).get("kind"))
        offset += len(page["ids"])


def stored(collection: Collection, chunk_ids: Sequence[str]) -> Iterator[tuple[str, Vector]]:
    """Of a few that can't be had together, none: they are as good as lost, and are put back together."""
    try:
        found = collection.get(ids=list(chunk_ids), include=["embeddings"])
    except InternalError:
        if len(chunk_ids) > FEW:
            half = len(chunk_ids) // 2
            yield from stored(collection, chunk_ids[:half])
            yield from stored(collection, chunk_ids[half:])
        return
    vectors = found["embeddings"]
    for chunk_id, vector in zip(found["ids"], () if vectors is None else vectors, strict=True):
        yield chunk_id, np.asarray(vector, np.float32)


def nearest(
    collection: Collection, vector: Vector, n: int, where: Any = None, about: bool = True
) -> list[tuple[str, float, str]]:
    """(chunk id, cosine similarity, kind), best first. Asked for more than is needed where recall would suffer.

    Without `about` the kinds stay empty: reading a hundred of them takes three times as long as the search itself.
    """
    if n < 1:
        return []
    asked = n if 2 * n <= EF_SEARCH else 2 * n
    found = collection.query(
        query_embeddings=vector[np.newaxis],
        n_results=asked,
        where=where,
        include=["distances", "metadatas"] if about else ["distances"],
    )
    ids, distances = found["ids"][0], (found["distances"] or [[]])[0]
    kinds = [str((each or {}).get("kind")) for each in (found["metadatas"] or [[]])[0]] if about else [""] * len(ids)
    rows = zip(ids, distances, kinds, strict=True)
    return [(chunk_id, 1.0 - distance, kind) for chunk_id, distance, kind in rows][:n]
