"""The indexes held in memory: for tests and trials; they pass the same contract suites as Chroma and Tantivy."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from app.adapters.lexical.page_context import Analysed, analysed, surroundings
from domain.documents import Kind
from domain.ports import IndexName, Vector, VectorRow, Vectors, WordsRow
from language.analyser import query_terms

K1, B = 1.2, 0.75  # Robertson & Zaragoza 2009; Tantivy's values
AROUND, HINT = 0.8, 0.4  # as in Tantivy's adapter


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

    def remove_documents(self, index: IndexName, document_ids: Sequence[str]) -> None:
        with self._lock:
            rows = self._indexes.get(index, {})
            doomed = [row.chunk_id for row in rows.values() if row.document_id in document_ids]
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
    """BM25 over every row, and over what stands around it."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, tuple[WordsRow, Analysed]]] = {}
        self._lock = threading.Lock()

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        with self._lock:
            self._rows.setdefault(collection_id, {}).update((row.chunk_id, (row, analysed(row))) for row in rows)

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        with self._lock:
            rows = list(self._rows.get(collection_id, {}).values())
        weights = dict.fromkeys(query_terms(hints) if hints else (), HINT) | dict.fromkeys(query_terms(text), 1.0)
        own = _scores(weights, {row.chunk_id: Counter(chunk.words) for row, chunk in rows})
        around = _scores(weights, {each: Counter(words) for each, words in surroundings(c for _, c in rows).items()})
        most = _most(weights, [frozenset(chunk.words) for _, chunk in rows])
        scored = [
            (row.chunk_id, (own[row.chunk_id] + AROUND * around[row.chunk_id]) / most)
            for row, _ in rows
            if own[row.chunk_id] > 0
            and (not kinds or row.kind in kinds)
            and (documents is None or row.document_id in documents)
        ]
        return tuple(sorted(scored, key=lambda pair: (-pair[1], pair[0]))[: max(0, k)])

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None:
        with self._lock:
            for chunk_id in chunk_ids:
                self._rows.get(collection_id, {}).pop(chunk_id, None)

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        with self._lock:
            rows = self._rows.get(collection_id, {})
            for chunk_id in [row.chunk_id for row, _ in rows.values() if row.document_id in document_ids]:
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


def _scores(weights: Mapping[str, float], texts: Mapping[str, Counter[str]]) -> dict[str, float]:
    """BM25 of each text."""
    idf = _idf(weights, [frozenset(counts) for counts in texts.values()])
    mean = sum(counts.total() for counts in texts.values()) / max(1, len(texts))
    return {
        name: sum(weight * idf[term] * _saturated(counts, term, mean) for term, weight in weights.items())
        for name, counts in texts.items()
    }


def _saturated(counts: Counter[str], term: str, mean: float) -> float:
    return counts[term] * (K1 + 1) / (counts[term] + K1 * (1 - B + B * counts.total() / max(mean, 1e-9)))


def _most(weights: Mapping[str, float], texts: Sequence[frozenset[str]]) -> float:
    idf = _idf(weights, texts)
    known = [term for term in weights if any(term in text for text in texts)]
    return sum(weights[term] * idf[term] for term in known) * (K1 + 1)


def _idf(terms: Iterable[str], texts: Sequence[frozenset[str]]) -> dict[str, float]:
    often = {term: sum(term in text for text in texts) for term in terms}
    return {term: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for term, n in often.items()}
