"""One interface for words and vector indexes: what an index of a collection holds, and what it should hold.

Indexes only propose, so they can be repaired at any time: words from the catalogue's chunks, vectors from the kept
vectors. `repair.py` compares a sample at start, `verify.py` everything on request; both use these classes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Generic, Literal, Protocol, TypeVar

from domain.documents import Chunk
from domain.errors import Gone, Missing, Unavailable, Unreadable
from domain.evidence import Space
from domain.ports import (
    Documents,
    IndexName,
    KeptVectors,
    Vector,
    VectorIndex,
    VectorRow,
    WordsIndex,
    WordsRow,
    words_row,
)
from system.threads import in_thread

VECTORS_AT_ONCE = 50  # a write of Chroma's holds the GIL: 50 for about 57 ms
WORDS_AT_ONCE = 500  # a commit takes 8–46 ms, however few
NEAREST = 10
SAME = 0.999  # cosine of a vector with itself, kept in half precision

R = TypeVar("R", VectorRow, WordsRow)
T = TypeVar("T")
Wants = Callable[[Space, Chunk], bool]  # whether a chunk is encoded in a space at all

log = logging.getLogger(__name__)


class ShouldHold(Protocol, Generic[R]):
    """What an index of a collection should hold, and whether a query finds it."""

    def rows(self, document_id: str, chunks: Sequence[Chunk]) -> list[R]:
        """The rows that the index should hold for these chunks, as far as no model is needed for them."""
        ...

    def wants(self, chunk: Chunk) -> bool: ...
    def gives(self, row: R) -> bool:
        """Whether a query returns the row: a damaged index may list ids that its queries no longer return. Raises
        Unavailable."""
        ...


class Shelf(ShouldHold[R], Protocol):
    """One index of one collection. All verbs of its own may raise Unavailable."""

    at_once: int
    part: Literal["words", "vectors"]

    @property
    def name(self) -> str: ...
    def ids(self) -> frozenset[str]: ...
    def reachable(self) -> None: ...
    def add(self, rows: Sequence[R]) -> None: ...
    def remove(self, chunk_ids: Sequence[str]) -> None: ...
    def remove_document(self, document_id: str) -> None: ...
    def drop(self) -> None: ...


class WordsShelf:
    at_once = WORDS_AT_ONCE
    part: Literal["words", "vectors"] = "words"

    def __init__(self, words: WordsIndex, collection_id: str) -> None:
        self._words, self._collection = words, collection_id

    @property
    def name(self) -> str:
        return f"words of {self._collection}"

    def ids(self) -> frozenset[str]:
        return self._words.ids(self._collection)

    def rows(self, document_id: str, chunks: Sequence[Chunk]) -> list[WordsRow]:
        return [words_row(chunk) for chunk in chunks]

    def wants(self, chunk: Chunk) -> bool:
        return True

    def gives(self, row: WordsRow) -> bool:
        """Always, unless the search fails, as in a damaged index: a text may hold no word to be found by."""
        self._words.search(self._collection, row.text, NEAREST, documents=frozenset({row.document_id}))
        return True

    def reachable(self) -> None:
        """Always: it is a local folder."""

    def add(self, rows: Sequence[WordsRow]) -> None:
        self._words.add(self._collection, rows)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        self._words.remove(self._collection, chunk_ids)

    def remove_document(self, document_id: str) -> None:
        self._words.remove_documents(self._collection, [document_id])

    def drop(self) -> None:
        self._words.drop(self._collection)


class VectorsShelf:
    at_once = VECTORS_AT_ONCE
    part: Literal["words", "vectors"] = "vectors"

    def __init__(
        self, vectors: VectorIndex, kept: KeptVectors, index: IndexName, wants: Callable[[Chunk], bool]
    ) -> None:
        self._vectors, self._kept, self.index, self._wants = vectors, kept, index, wants

    @property
    def name(self) -> str:
        return f"{self.index.space} of {self.index.collection_id}"

    def ids(self) -> frozenset[str]:
        return self._vectors.ids(self.index)

    def rows(self, document_id: str, chunks: Sequence[Chunk]) -> list[VectorRow]:
        kinds = {chunk.id: chunk.kind for chunk in chunks}
        if not kinds:
            return []
        try:
            kept = self.kept(document_id)
        except (Unreadable, Missing):  # damaged; or deleted between the listing and the reading
            return []
        return [VectorRow(id, document_id, kinds[id], vector) for id, vector in kept.items() if id in kinds]

    def kept(self, document_id: str) -> dict[str, Vector]:
        """Raises Unreadable, Missing."""
        return dict(zip(*self._kept.load(document_id, self.index.space, self.index.encoder), strict=True))

    def stored(self, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors that the index really holds for these ids."""
        return dict(zip(*self._vectors.stored(self.index, chunk_ids), strict=True)) if chunk_ids else {}

    def wants(self, chunk: Chunk) -> bool:
        return self._wants(chunk)

    def gives(self, row: VectorRow) -> bool:
        """Also true if all neighbours have the same vector: a page may be in many documents."""
        found = self._vectors.search(self.index, row.vector, NEAREST)
        same = [chunk_id for chunk_id, score in found if score >= SAME]
        return row.chunk_id in same or len(same) == NEAREST

    def reachable(self) -> None:
        self._vectors.indexes()

    def add(self, rows: Sequence[VectorRow]) -> None:
        self._vectors.add(self.index, rows)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        self._vectors.remove(self.index, chunk_ids)

    def remove_document(self, document_id: str) -> None:
        self._vectors.remove_documents(self.index, [document_id])

    def drop(self) -> None:
        self._vectors.drop_index(self.index)


async def usable(shelf: Shelf[R], look: Callable[[], T]) -> T | None:
    """The result of `look`; None if the index is damaged. Tried twice, as its server or the disk may fail for a moment.
    Raises Unavailable if its server doesn't answer: that is no damage."""
    why = ""
    for _ in range(2):
        try:
            return await in_thread(look)
        except Unavailable as error:
            await in_thread(shelf.reachable)
            why = str(error)
    log.warning("an index can't be used", extra={"index": shelf.name, "why": why})
    return None


def put_back(shelf: Shelf[R], rows: Sequence[R], stands: Callable[[str], bool]) -> None:
    """`stands`: whether a document still exists. Rows of one deleted before that check are removed here; one deleted
    after it is erased after it too."""
    for start in range(0, len(rows), shelf.at_once):
        shelf.add(rows[start : start + shelf.at_once])
    for document_id in dict.fromkeys(row.document_id for row in rows):
        if not stands(document_id):
            shelf.remove_document(document_id)


def is_there(documents: Documents, document_id: str) -> bool:
    try:
        documents.find(document_id)
    except (Gone, Missing):
        return False
    return True
