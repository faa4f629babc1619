"""A filtered search never gives fewer than asked for while more match: real Chroma, Tantivy and SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answering.question.read import read
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.kept import KeptInBlobs
from domain.documents import Chunk, Collection, Document, Kind
from domain.evidence import Evidence
from domain.ports import IndexName, VectorRow, WordsRow
from domain.question import Question
from domain.searches import Query
from retrievers.filters import matches, narrowed, parse, possible
from retrievers.fused import Fused
from retrievers.hydrated import Joined
from retrievers.reranked import Candidate, Reranked
from retrievers.vector import FEW_DOCUMENTS, Seen, VectorRetriever
from retrievers.words import WordsRetriever

DOCUMENTS, CHUNKS = FEW_DOCUMENTS + 26, 6  # of each collection there are a third
KINDS: tuple[Kind, ...] = ("text", "table", "figure")
ENCODER = "m"
WORDS = "harbour lighthouse parcel ferry goat drone island postage".split()  # noqa: SIM905


async def backwards(question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
    return [float(n) for n, _ in enumerate(candidates)]


class Shelf:
    """Three collections whose documents have metadata, pages, kinds, words and vectors; a few were deleted."""

    def __init__(self, folder: Path) -> None:
        self.catalogue = SqlCatalogue(f"sqlite:///{folder}/catalogue.db")
        self.vectors, self.words = ChromaVectors(folder / "chroma"), TantivyWords(folder / "words")
        self.kept = KeptInBlobs(MemoryBlobs())
        self.random = np.random.default_rng(5)
        names = ("default", "second", "third")
        self.collections = [self.catalogue.collections.find("default")]
        self.collections += [self.catalogue.collections.create(name, {}) for name in names[1:]]
        self.all: list[Evidence] = []
        self.rows: dict[str, tuple[list[VectorRow], list[WordsRow]]] = {one.id: ([], []) for one in self.collections}
        for n in range(DOCUMENTS):
            self._put(n, self.collections[n % 3])
        for collection_id, (vectors, words) in self.rows.items():  # at once: a commit a document takes long
            self.vectors.add(IndexName(collection_id, "text", ENCODER), vectors)
            self.words.add(collection_id, words)
        text = VectorRetriever("text", ENCODER, self._look, self.vectors, self.kept)
        fused = Fused({"words": WordsRetriever(self.words), "text": text})
        self.joined = Joined(Reranked(fused, self.catalogue.chunks, backwards), self.catalogue.chunks)

    async def _look(self, query: Query) -> Seen | str:
        return Seen(np.ones(8, dtype=np.float32) / np.sqrt(np.float32(8)))

    def _put(self, n: int, collection: Collection) -> None:
        id = f"d{n:03}"
        metadata = {"year": 2015 + n % 10, "author": "abcde"[n % 5], "tags": ["odd"] if n % 2 else ["even", "two"]}
        now = datetime.now(UTC)
        document = Document(
            id, collection.id, collection.name, id, "text/plain", 1, id, "queued", now, metadata=metadata
        )
        self.catalogue.documents.record(document)
        self.catalogue.runs.update(id, 1, status="running", pages=CHUNKS)
        made = [
            Chunk(f"{id}.{i}", id, i, KINDS[(n + i) % 3], "text", WORDS[(n * i) % 8], page=i + 1) for i in range(CHUNKS)
        ]
        self.catalogue.chunks.replace(id, 1, made)
        self.catalogue.runs.publish(id, 1, "ready")
        self._index(collection, made)
        if n % 15 == 7:
            self.catalogue.erasure.delete(id)  # its vectors and words are still there
        else:
            published = self.catalogue.documents.find(id)
            self.all += [Evidence(chunk, published) for chunk in made]

    def _index(self, collection: Collection, chunks: list[Chunk]) -> None:
        vectors = self.random.normal(size=(len(chunks), 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        document_id, ids = chunks[0].document_id, [chunk.id for chunk in chunks]
        by_vector, by_words = self.rows[collection.id]
        by_vector += [VectorRow(one.id, document_id, one.kind, v) for one, v in zip(chunks, vectors, strict=True)]
        by_words += [WordsRow(one.id, document_id, one.kind, one.search_text) for one in chunks]
        self.kept.keep(document_id, "text", ENCODER, 0, ids, vectors)

    def close(self) -> None:
        self.vectors.close()
        self.words.close()
        self.catalogue.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("shelf"))
    yield made
    made.close()


conditions = st.one_of(
    st.lists(st.integers(0, DOCUMENTS + 5), max_size=80).map(lambda some: {"document": [f"d{n:03}" for n in some]}),
    st.tuples(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), st.integers(0, 8)).map(
        lambda p: {"page": dict([p])}
    ),
    st.tuples(st.sampled_from(["eq", "ne", "gt", "lte"]), st.integers(2014, 2026)).map(
        lambda p: {"metadata.year": dict([p])}
    ),
    st.lists(st.sampled_from("abcdex"), max_size=4).map(lambda some: {"metadata.author": {"in": some}}),
    st.sampled_from(
        [{"metadata.tags": {"eq": "odd"}}, {"metadata.nothing": {"ne": 1}}, {"metadata.nothing": {"eq": 1}}]
    ),
)
filters = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    where=st.none() | filters,
    kinds=st.frozensets(st.sampled_from(KINDS), max_size=2),
    chosen=st.sets(st.integers(0, 2), min_size=1),
    top_k=st.sampled_from([1, 8, 50, 200]),
    words=st.sampled_from([*WORDS, "nothing that is there"]),
)
async def test_as_many_are_found_as_match(
    shelf: Shelf, where: dict[str, Any] | None, kinds: frozenset[Kind], chosen: set[int], top_k: int, words: str
) -> None:
    collections = tuple(shelf.collections[n] for n in sorted(chosen))
    names = {collection.name for collection in collections}
    condition = parse(where) if where is not None else None
    matching = {
        one.id
        for one in shelf.all
        if one.document.collection in names
        and (not kinds or one.chunk.kind in kinds)
        and (condition is None or matches(condition, one.document, one.chunk.page))
    }
    documents = None
    if condition is not None:
        facts = shelf.catalogue.documents.facts([collection.id for collection in collections], narrowed(condition))
        documents = frozenset(one.id for one in facts if possible(condition, one))
    query = Query(read(words), collections=collections, kinds=kinds, documents=documents, where=where)
    found = [one.id for one in (await shelf.joined.search(query, top_k)).evidence]
    assert set(found) <= matching
    assert len(found) == len(set(found)) == min(top_k, len(matching))
