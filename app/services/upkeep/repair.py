"""Puts back what an index has lost: vectors from the kept ones, words from the catalogue's chunks; no model is asked.

A kill in the middle of Chroma's index write loses vectors without a word: `ids` still names them, queries no longer
give them. So at start a sample of every collection is compared with what its indexes name, and each is asked for it.

a sampled chunk                              then
is named, and a query gives it               nothing: most starts end here
is not named                                 gap: everything is compared, and what is missing is added
is named, but no query gives it              gap; damaged, if it goes for more than `TOLERATED` of the sample
the index can't be opened or queried         damaged: this one index is dropped and filled again

Documents come and go meanwhile. Rows are added again without harm, a deleted document's are removed again, and
documents on their way in are filled in with the rest, as an index may have been dropped under them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, cast

from app.services.upkeep.collections import every_collection
from domain.errors import Gone, Missing, Unavailable, Unreadable
from domain.ports import Catalogue, IndexName, KeptVectors, VectorIndex, VectorRow, WordsIndex, WordsRow, words_row
from domain.types import Chunk, Collection, Document, Space
from system.threads import in_thread

SAMPLE = 200  # chunks of a collection, and as many of the ids that each of its indexes names
TOLERATED = 0.05  # the graph search may miss a vector that is there; a lost segment takes most of them
NEAREST = 10
SAME = 0.999  # cosine of a vector with itself, kept in half precision
VECTORS_AT_ONCE = 50  # a write of Chroma's holds the GIL: 50 for about 57 ms
WORDS_AT_ONCE = 500  # a commit takes 8–46 ms, however few
AGAIN_S, TRIES = 60.0, 5
FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 600.0

R = TypeVar("R", VectorRow, WordsRow)
State = Literal["whole", "gaps", "damaged"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mended:
    """Rows put back, indexes dropped and filled again, and chunks that no kept vector was found for."""

    vectors: int = 0
    words: int = 0
    rebuilt: int = 0
    unkept: int = 0

    def __add__(self, other: Mended) -> Mended:
        return Mended(
            self.vectors + other.vectors,
            self.words + other.words,
            self.rebuilt + other.rebuilt,
            self.unkept + other.unkept,
        )

    def __bool__(self) -> bool:
        return bool(self.vectors or self.words or self.rebuilt)


async def mend_at_start(mending: Callable[[], Awaitable[Mended]], again_s: float = AGAIN_S) -> None:
    """Says what was mended, in a sentence, and nothing where all was whole. An index's server may come up later."""
    for _ in range(TRIES):
        try:
            mended = await mending()
        except Unavailable as error:
            log.warning("could not compare the indexes with what is kept", extra={"why": str(error)})
            await asyncio.sleep(again_s)
            continue
        except Exception:  # whatever it was: an index that lost something would stay so until the next start
            log.exception("comparing the indexes with what is kept broke")
            await asyncio.sleep(again_s)
            continue
        if mended:
            counts = {"vectors": mended.vectors, "words": mended.words, "rebuilt": mended.rebuilt}
            log.warning("the indexes had lost something, and it was put back", extra=counts)
        if mended.unkept:
            log.warning("some chunks have no kept vector to be found by", extra={"chunks": mended.unkept})
        return


async def mend_at_start_and_after(lost: asyncio.Event, mending: Callable[[], Awaitable[Mended]]) -> None:
    """At start, and again whenever `lost` is set: an index's process has died. Ever more seldom, should that go on."""
    pause_s = FIRST_PAUSE_S
    while True:
        await mend_at_start(mending)
        await lost.wait()
        lost.clear()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LAST_PAUSE_S)


async def sweep_at_start(originals: Callable[[], Sequence[str]], sweep: Callable[[str], bool]) -> None:
    """Removes the originals that a kill between the bytes and their row has left, one by one: takers wait for each."""
    swept = 0
    for original in await in_thread(originals):
        swept += await in_thread(sweep, original)
    if swept:
        log.warning("originals that no document wants were removed", extra={"count": swept})


async def mend(
    catalogue: Catalogue,
    kept: KeptVectors,
    vectors: VectorIndex,
    words: WordsIndex,
    sees: Callable[[str], bool] = lambda text: True,
) -> Mended:
    """Every collection, in the spaces that its stamp names. `sees` tells which texts the text encoder encodes."""
    mended = Mended()
    async for collection in every_collection(catalogue.collections):
        shelves: list[_Shelf[Any]] = [_Words(words, collection.id)]
        for space, encoder in sorted(collection.encoders.items()):
            shelves.append(_Vectors(vectors, kept, IndexName(collection.id, cast(Space, space), encoder), sees))
        mended += await _mend_collection(catalogue, collection, shelves)
    await _drop_orphans(catalogue, vectors, words)
    return mended


async def mend_indexes(
    catalogue: Catalogue,
    kept: KeptVectors,
    vectors: VectorIndex,
    sees: Callable[[str], bool],
    collection: Collection,
    encoders: Mapping[Space, str],
) -> Mended:
    """One collection's vectors of these encoders, which need not be those of its stamp."""
    names = [IndexName(collection.id, space, encoder) for space, encoder in encoders.items()]
    return await _mend_collection(catalogue, collection, [_Vectors(vectors, kept, name, sees) for name in names])


async def _drop_orphans(catalogue: Catalogue, vectors: VectorIndex, words: WordsIndex) -> None:
    """A kill can fall between a collection's deletion and the queueing of its indexes' removal. The indexes are
    listed first: a collection that is made meanwhile is no orphan."""
    indexed = {index.collection_id for index in await in_thread(vectors.indexes)}
    orphans = indexed - {collection.id async for collection in every_collection(catalogue.collections)}
    for orphan in orphans:
        log.info("dropping the indexes of a collection that was deleted", extra={"collection": orphan})
        await in_thread(vectors.drop, orphan)
        await in_thread(words.drop, orphan)


def compare(sampled: Set[str], held: Set[str], given: Set[str]) -> State:
    """Of the sampled chunks, what an index names (`held`) and what its queries give."""
    lost = (sampled & held) - given
    if len(lost) > TOLERATED * len(sampled):
        return "damaged"
    return "gaps" if lost or sampled - held else "whole"


# ---------------------------------------------------------------- a collection


async def _mend_collection(catalogue: Catalogue, collection: Collection, shelves: Sequence[_Shelf[Any]]) -> Mended:
    sample = await in_thread(_sample, catalogue, collection)
    looks = [await _look(catalogue, collection, shelf, sample) for shelf in shelves]
    if all(look.state == "whole" for look in looks):
        return Mended(unkept=sum(look.unkept for look in looks))
    dropped = [look for look in looks if look.state == "damaged"]
    for look in dropped:
        await in_thread(look.shelf.drop)
    mended = Mended(rebuilt=len(dropped))
    for document in await in_thread(_documents, catalogue, collection):
        mended += await in_thread(_gather, catalogue, looks, document)
        for look in looks:
            await _hand_over(catalogue, look, look.shelf.at_once)
    for look in looks:
        await _hand_over(catalogue, look, 1)
    await in_thread(_leave_nothing_of_the_deleted, catalogue, collection, shelves)
    return mended


def _documents(catalogue: Catalogue, collection: Collection) -> list[Document]:
    """Those being indexed, as their first parts may be lost too; then the findable: what is published in between the
    two questions is in the second answer."""
    coming = [
        document
        for document in catalogue.documents.unfinished()
        if document.collection_id == collection.id and document.stage in ("index", "publish")
    ]
    findable = catalogue.documents.findable([collection.id])
    return list({document.id: document for document in (*coming, *findable)}.values())


def _sample(catalogue: Catalogue, collection: Collection) -> list[Chunk]:
    """A run of chunks from somewhere in each of some documents."""
    documents = _documents(catalogue, collection)
    chosen = random.sample(documents, min(SAMPLE, len(documents)))
    sample: list[Chunk] = []
    for document in chosen:
        each = -(-SAMPLE // len(chosen))
        [first] = random.sample(range(max(1, sum(document.chunks.values()) - each + 1)), 1)
        chunks = catalogue.chunks.of_document(document.id, first - 1, each)
        sample.extend(chunks if not document.findable else _visible(document, chunks))
    return sample


def _visible(document: Document, chunks: Sequence[Chunk]) -> list[Chunk]:
    """Of one whose pictures are still being read, those that are published: others may not have been indexed yet."""
    return [chunk for chunk in chunks if chunk.batch < document.published]


def _leave_nothing_of_the_deleted(catalogue: Catalogue, collection: Collection, shelves: Sequence[_Shelf[Any]]) -> None:
    """A collection that was deleted meanwhile may have been made again by an addition."""
    try:
        if catalogue.collections.find(collection.name).id == collection.id:
            return
    except Missing:
        pass
    for shelf in shelves:
        shelf.drop()


# ---------------------------------------------------------------- looking at an index


@dataclass(slots=True)
class _Look:
    """What was seen of one index, and the rows that wait to be added to it."""

    shelf: _Shelf[Any]
    state: State
    held: Set[str]
    unkept: int
    waiting: list[Any]


async def _look(catalogue: Catalogue, collection: Collection, shelf: _Shelf[Any], sample: Sequence[Chunk]) -> _Look:
    """Twice, before an index is called damaged: it may have been its server, or the disk, for a moment."""
    try:
        return await in_thread(_look_once, catalogue, collection, shelf, sample)
    except Unavailable:
        await in_thread(shelf.reachable)
    try:
        return await in_thread(_look_once, catalogue, collection, shelf, sample)
    except Unavailable as error:
        log.warning("an index can't be used, so it is made again", extra={"index": shelf.name, "why": str(error)})
        return _Look(shelf, "damaged", frozenset(), 0, [])


def _look_once(catalogue: Catalogue, collection: Collection, shelf: _Shelf[Any], sample: Sequence[Chunk]) -> _Look:
    held = shelf.ids()
    named = random.sample(list(held), min(SAMPLE, len(held)))
    also = [evidence.chunk for evidence in catalogue.chunks.evidence(named, [collection.id])]
    rows, unkept = _rows(shelf, list({chunk.id: chunk for chunk in (*sample, *also)}.values()))
    given = {row.chunk_id for row in rows if row.chunk_id in held and shelf.gives(row)}
    sampled = {row.chunk_id for row in rows}
    state = compare(sampled, held, given)
    return _Look(shelf, state, frozenset() if state == "damaged" else held - (sampled - given), unkept, [])


def _rows(shelf: _Shelf[R], chunks: Sequence[Chunk]) -> tuple[list[R], int]:
    """Their rows for this index, and how many should have one and have none."""
    of_document: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        of_document.setdefault(chunk.document_id, []).append(chunk)
    rows = [row for document_id, group in of_document.items() for row in shelf.rows(document_id, group)]
    made = {row.chunk_id for row in rows}
    return rows, sum(chunk.id not in made and shelf.wants(chunk) for chunk in chunks)


# ---------------------------------------------------------------- putting back


def _gather(catalogue: Catalogue, looks: Sequence[_Look], document: Document) -> Mended:
    """Adds to each index's waiting rows what it lacks of a document."""
    chunks = catalogue.chunks.of_document(document.id)
    mended = Mended()
    for look in looks:
        missing = [chunk for chunk in chunks if chunk.id not in look.held]
        look.waiting.extend(_rows(look.shelf, missing)[0])
        rows, unkept = _rows(look.shelf, _visible(document, missing))  # others may just not have been added yet
        mended += look.shelf.count(len(rows)) + Mended(unkept=unkept)
    return mended


async def _hand_over(catalogue: Catalogue, look: _Look, at_least: int) -> None:
    while len(look.waiting) >= at_least:
        rows, look.waiting = look.waiting[: look.shelf.at_once], look.waiting[look.shelf.at_once :]
        await in_thread(_add, catalogue, look.shelf, rows)


def _add(catalogue: Catalogue, shelf: _Shelf[R], rows: Sequence[R]) -> None:
    """What is deleted after this look at the catalogue is erased after it too; what was before is removed here."""
    shelf.add(rows)
    for document_id in {row.document_id for row in rows}:
        try:
            catalogue.documents.find(document_id)
        except (Gone, Missing):
            shelf.remove_document(document_id)


# ---------------------------------------------------------------- the two kinds of index, seen alike


class _Shelf(Protocol, Generic[R]):
    """One index of one collection. All but `rows` and `wants` may raise Unavailable."""

    at_once: int

    @property
    def name(self) -> str: ...
    def ids(self) -> frozenset[str]: ...
    def rows(self, document_id: str, chunks: Sequence[Chunk]) -> list[R]: ...
    def wants(self, chunk: Chunk) -> bool: ...
    def gives(self, row: R) -> bool: ...
    def reachable(self) -> None: ...
    def add(self, rows: Sequence[R]) -> None: ...
    def remove_document(self, document_id: str) -> None: ...
    def drop(self) -> None: ...
    def count(self, rows: int) -> Mended: ...


class _Words:
    at_once = WORDS_AT_ONCE

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
        """A text may hold no word at all, so only the search itself counts: a damaged index fails at it."""
        self._words.search(self._collection, row.text, NEAREST, documents=frozenset({row.document_id}))
        return True

    def reachable(self) -> None:
        """It is a folder of ours."""

    def add(self, rows: Sequence[WordsRow]) -> None:
        self._words.add(self._collection, rows)

    def remove_document(self, document_id: str) -> None:
        self._words.remove_document(self._collection, document_id)

    def drop(self) -> None:
        self._words.drop(self._collection)

    def count(self, rows: int) -> Mended:
        return Mended(words=rows)


class _Vectors:
    at_once = VECTORS_AT_ONCE

    def __init__(self, vectors: VectorIndex, kept: KeptVectors, index: IndexName, sees: Callable[[str], bool]) -> None:
        self._vectors, self._kept, self._index, self._sees = vectors, kept, index, sees

    @property
    def name(self) -> str:
        return f"{self._index.space} of {self._index.collection_id}"

    def ids(self) -> frozenset[str]:
        return self._vectors.ids(self._index)

    def rows(self, document_id: str, chunks: Sequence[Chunk]) -> list[VectorRow]:
        kinds = {chunk.id: chunk.kind for chunk in chunks}
        if not kinds:
            return []
        try:
            ids, vectors = self._kept.load(document_id, self._index.space, self._index.encoder)
        except (Unreadable, Missing):  # damaged; or deleted between the listing and the reading
            return []
        kept = zip(ids, vectors, strict=True)
        return [VectorRow(id, document_id, kinds[id], vector) for id, vector in kept if id in kinds]

    def wants(self, chunk: Chunk) -> bool:
        return chunk.image is not None if self._index.space == "image" else self._sees(chunk.search_text)

    def gives(self, row: VectorRow) -> bool:
        """So do as many others that are the same: a page in many documents."""
        found = self._vectors.search(self._index, row.vector, NEAREST)
        same = [chunk_id for chunk_id, score in found if score >= SAME]
        return row.chunk_id in same or len(same) == NEAREST

    def reachable(self) -> None:
        self._vectors.indexes()

    def add(self, rows: Sequence[VectorRow]) -> None:
        self._vectors.add(self._index, rows)

    def remove_document(self, document_id: str) -> None:
        self._vectors.remove_document(self._index, document_id)

    def drop(self) -> None:
        self._vectors.drop_index(self._index)

    def count(self, rows: int) -> Mended:
        return Mended(vectors=rows)
