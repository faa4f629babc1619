"""The indexes held in memory: for tests and trials; they pass the same contract suites as Chroma and Tantivy."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from app.adapters.analyser import query_terms, tokens
from app.domain.ports import IndexName, Vector, VectorRow, Vectors, WordsRow
from app.domain.types import Kind

K1, B = 1.2, 0.75  # Robertson & Zaragoza 2009; Tantivy's values


class MemoryVectors:
    """Exact: every vector is compared."""

    def __init__(self) -> None:
        self._indexes: dict[IndexName, dict[str, VectorRow]] = {}
        self._lock = threading.Lock()

    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        with self._lock:
            self._indexes.setdefault(index, {}).update((row.chunk_id, row) for row in rows)

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        with self._lock:
            rows = [row for row in self._indexes.get(index, {}).values() if not kinds or row.kind in kinds]
        if not rows or k < 1:
            return ()
        scores = np.stack([row.vector for row in rows]) @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return tuple((rows[i].chunk_id, float(scores[i])) for i in best)

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        with self._lock:
            rows = self._indexes.get(index, {})
            found = [rows[chunk_id] for chunk_id in chunk_ids if chunk_id in rows]
        vectors = np.stack([row.vector for row in found]) if found else np.zeros((0, 0), np.float32)
        return [row.chunk_id for row in found], vectors

    def compact(self) -> bool:
        return True

    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None:
        with self._lock:
            for chunk_id in chunk_ids:
                self._indexes.get(index, {}).pop(chunk_id, None)

    def remove_document(self, index: IndexName, document_id: str) -> None:
        with self._lock:
            rows = self._indexes.get(index, {})
            doomed = [row.chunk_id for row in rows.values() if row.document_id == document_id]
            for chunk_id in doomed:
                del rows[chunk_id]

    def ids(self, index: IndexName) -> frozenset[str]:
        with self._lock:
            return frozenset(self._indexes.get(index, {}))

    def drop(self, collection_id: str) -> None:
        with self._lock:
            for index in [index for index in self._indexes if index.collection_id == collection_id]:
                del self._indexes[index]

    def drop_index(self, index: IndexName) -> None:
        with self._lock:
            self._indexes.pop(index, None)

    def indexes(self) -> tuple[IndexName, ...]:
        with self._lock:
            return tuple(self._indexes)

    def close(self) -> None:
        """Nothing is open."""


class MemoryWords:
    """BM25 over every row."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, tuple[WordsRow, Counter[str]]]] = {}
        self._lock = threading.Lock()

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        with self._lock:
            counted = {row.chunk_id: (row, Counter(tokens(row.text))) for row in rows}
            self._rows.setdefault(collection_id, {}).update(counted)

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
    ) -> tuple[tuple[str, float], ...]:
        with self._lock:
            rows = list(self._rows.get(collection_id, {}).values())
        weights = _idf(query_terms(text), [counts for _, counts in rows])
        mean = sum(counts.total() for _, counts in rows) / max(1, len(rows))
        scored = [
            (row.chunk_id, _bm25(counts, weights, mean))
            for row, counts in rows
            if (not kinds or row.kind in kinds) and (documents is None or row.document_id in documents)
        ]
        found = sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
        return tuple(found[: max(0, k)])

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None:
        with self._lock:
            for chunk_id in chunk_ids:
                self._rows.get(collection_id, {}).pop(chunk_id, None)

    def remove_document(self, collection_id: str, document_id: str) -> None:
        with self._lock:
            rows = self._rows.get(collection_id, {})
            for chunk_id in [row.chunk_id for row, _ in rows.values() if row.document_id == document_id]:
                del rows[chunk_id]

    def ids(self, collection_id: str) -> frozenset[str]:
        with self._lock:
            return frozenset(self._rows.get(collection_id, {}))

    def collections(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._rows)

    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        fresh = [row for some in rows(self.ids(collection_id)) for row in some]
        self.drop(collection_id)
        if fresh:
            self.add(collection_id, fresh)

    def drop(self, collection_id: str) -> None:
        with self._lock:
            self._rows.pop(collection_id, None)

    def close(self) -> None:
        """Nothing is open."""


def _idf(terms: Iterable[str], texts: Sequence[Counter[str]]) -> dict[str, float]:
    found = {term: sum(term in counts for counts in texts) for term in terms}
    return {term: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for term, n in found.items()}


def _bm25(counts: Counter[str], weights: dict[str, float], mean: float) -> float:
    norm = K1 * (1 - B + B * counts.total() / max(mean, 1e-9))
    return sum(weight * counts[term] * (K1 + 1) / (counts[term] + norm) for term, weight in weights.items())
