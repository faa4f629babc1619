"""Vector and words indexes, which only propose, and the vectors that are kept beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.documents import Chunk, Kind
from domain.evidence import Space

Vectors = NDArray[np.float32]  # (n, dimensions), each row of unit length
Vector = NDArray[np.float32]  # (dimensions,)


@dataclass(frozen=True, slots=True)
class IndexName:
    """One vector index: per collection, space and encoder."""

    collection_id: str
    space: Space
    encoder: str


@dataclass(frozen=True, slots=True)
class VectorRow:
    chunk_id: str
    document_id: str
    kind: Kind
    vector: Vector


class VectorSearch(Protocol):
    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        """(chunk id, cosine similarity), best first; fewer than k only when there are no more."""
        ...


class VectorUpkeep(Protocol):
    """Writing to the indexes, and looking at what they hold."""

    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        """Idempotent: a chunk id that is there already gets the new vector."""
        ...

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """The chunks among these that the index really holds a vector of, and the vectors."""
        ...

    def ids(self, index: IndexName) -> frozenset[str]: ...
    def indexes(self) -> tuple[IndexName, ...]: ...
    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None: ...
    def remove_documents(self, index: IndexName, document_ids: Sequence[str]) -> None: ...
    def drop(self, collection_id: str) -> None: ...
    def drop_index(self, index: IndexName) -> None:
        """Also one that can't be opened; it is made again by the next addition."""
        ...


class VectorIndex(VectorSearch, VectorUpkeep, Protocol):
    """All that a vector store does; whoever only searches, or only writes, takes that port."""

    def compact(self) -> bool:
        """Gives the space of what was removed back to the disk; searches go on. False: it is compacted elsewhere."""
        ...

    def close(self) -> None: ...


class KeptVectors(Protocol):
    """What was encoded, kept apart from the index: any index can be built again from it without a model."""

    def keep(
        self, document_id: str, space: Space, encoder: str, part: int, chunk_ids: Sequence[str], vectors: Vectors
    ) -> None:
        """A part that is kept again replaces the former."""
        ...

    def load(self, document_id: str, space: Space, encoder: str, part: int | None = None) -> tuple[list[str], Vectors]:
        """Chunk ids and their unit vectors, of one part or of all; nothing kept is no error."""
        ...

    def next_part(self, document_id: str, space: Space, encoder: str) -> int: ...
    def forget(self, document_id: str, space: Space, encoder: str) -> None:
        """Also what is damaged."""
        ...

    def keep_only(self, document_id: str, encoders: Mapping[Space, str]) -> None:
        """Forgets what is of any other encoder."""
        ...

    def folders(self, encoders: Mapping[Space, str]) -> frozenset[str]:
        """The names, under a document's `vectors/`, of what is kept of these encoders."""
        ...


@dataclass(frozen=True, slots=True)
class WordsRow:
    """A chunk's words, and where they stand: a chunk is also found by the words around it on its page."""

    chunk_id: str
    document_id: str
    kind: Kind
    text: str
    page: int | None = None
    ordinal: int = 0  # in reading order


def words_row(chunk: Chunk) -> WordsRow:
    return WordsRow(chunk.id, chunk.document_id, chunk.kind, chunk.search_text, chunk.page, chunk.ordinal)


class WordsSearch(Protocol):
    """BM25, one index per collection, so that idf is its own."""

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        """(chunk id, score), best first; any text is a plain bag of words, never query syntax.

        The score is BM25 of the chunk and of what stands around it, as a share of the most that these words could
        score in this collection: so questions, and collections, can be compared. The words of `hints` count less.
        """
        ...


class WordsUpkeep(Protocol):
    """Writing to the indexes, and looking at what they hold."""

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        """Idempotent by chunk id; durable when it returns."""
        ...

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None: ...
    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None: ...
    def ids(self, collection_id: str) -> frozenset[str]: ...
    def collections(self) -> frozenset[str]: ...
    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        """Fills a new index with what `rows` makes of the ids in the present one, then replaces that. Searches go on
        meanwhile, changes wait."""
        ...

    def drop(self, collection_id: str) -> None: ...


class WordsIndex(WordsSearch, WordsUpkeep, Protocol):
    """All that a words index does; whoever only searches, or only writes, takes that port."""

    def close(self) -> None: ...
