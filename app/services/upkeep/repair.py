"""Repairs indexes at start: vectors from the kept vectors, words from the catalogue's chunks; no model is needed.

A process killed while Chroma writes its index loses vectors silently: `ids` still lists them, queries no longer return
them. So at start a sample of each collection's chunks is looked up in its indexes.

a sampled chunk                              then
is listed, and a query returns it            nothing: most starts end here
is not listed                                gap: all chunks are compared, and missing rows are added
is listed, but no query returns it           gap; damaged, if so for more than `TOLERATED` of the sample
the index can't be opened or queried         damaged: this one index is dropped and rebuilt

Documents come and go meanwhile. Adding a row twice does no harm, rows of a document deleted meanwhile are removed
again, and documents being taken in are repaired too, as their index may have been dropped.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

from app.services.upkeep.collections import every_collection
from app.services.upkeep.shelves import (
    R,
    Shelf,
    ShouldHold,
    VectorsShelf,
    Wants,
    WordsShelf,
    is_there,
    put_back,
    usable,
)
from domain.documents import Chunk, Collection, Document
from domain.errors import Missing, Unavailable
from domain.evidence import Space
from domain.ports import Catalogue, Chunks, Collections, Documents, IndexName
from ingest.stores import Stores
from system.outages import Outages
from system.threads import in_thread

SAMPLE = 200  # chunks of a collection, and as many of the ids that each of its indexes lists
TOLERATED = 0.05  # the graph search may miss a stored vector; a lost segment loses most of them
AGAIN_S, TRIES = 20.0, 15
FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 120.0

State = Literal["whole", "gaps", "damaged"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repaired:
    """Rows added, indexes rebuilt, and chunks without a kept vector."""

    vectors: int = 0
    words: int = 0
    rebuilt: int = 0
    unkept: int = 0

    def __add__(self, other: Repaired) -> Repaired:
        return Repaired(
            self.vectors + other.vectors,
            self.words + other.words,
            self.rebuilt + other.rebuilt,
            self.unkept + other.unkept,
        )

    def __bool__(self) -> bool:
        return bool(self.vectors or self.words or self.rebuilt)


async def repair_at_start(
    repairing: Callable[[], Awaitable[Repaired]], again_s: float = AGAIN_S, outages: Outages | None = None
) -> None:
    """Logs what was repaired; nothing if all was complete. Tries again, as an index's server may start later."""
    for _ in range(TRIES):
        try:
            repaired = await repairing()
        except Unavailable as error:
            if outages is None or not outages.noticed(error):
                log.warning("the indexes could not be compared with what is kept", extra={"why": str(error)})
            await asyncio.sleep(again_s)
            continue
        except Exception:  # any error: without another try the index would stay incomplete until the next start
            log.exception("index repair failed")
            await asyncio.sleep(again_s)
            continue
        if repaired:
            counts = {"vectors": repaired.vectors, "words": repaired.words, "rebuilt": repaired.rebuilt}
            log.warning("the indexes had lost something, and it was put back", extra=counts)
        if repaired.unkept:
            log.warning("some chunks have no kept vector to be found by", extra={"chunks": repaired.unkept})
        return


async def repair_at_start_and_after(
    lost: asyncio.Event, repairing: Callable[[], Awaitable[Repaired]], outages: Outages | None = None
) -> None:
    """At start, and whenever `lost` is set (an index may have lost something), with longer pauses if that repeats."""
    pause_s = FIRST_PAUSE_S
    while True:
        await repair_at_start(repairing, outages=outages)
        await lost.wait()
        lost.clear()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LAST_PAUSE_S)


async def sweep_at_start(originals: Callable[[], Sequence[str]], sweep: Callable[[str], bool]) -> None:
    """Removes originals without a document: the process was killed between writing the bytes and the row. One by one,
    because uploads wait meanwhile."""
    swept = 0
    for original in await in_thread(originals):
        swept += await in_thread(sweep, original)
    if swept:
        log.warning("originals that no document wants were removed", extra={"count": swept})


async def repair(stores: Stores, wants: Wants) -> Repaired:
    """Every collection, in the spaces and with the encoders of its stamp."""
    repaired = Repaired()
    async for collection in every_collection(stores.catalogue.collections):
        shelves: list[Shelf[Any]] = [WordsShelf(stores.words, collection.id)]
        for space, encoder in sorted(collection.encoders.items()):
            shelves.append(_vectors_shelf(stores, wants, collection, cast(Space, space), encoder))
        repaired += await _repair_collection(stores.catalogue, collection, shelves)
    await _drop_orphans(stores)
    return repaired


async def repair_indexes(
    stores: Stores, wants: Wants, collection: Collection, encoders: Mapping[Space, str]
) -> Repaired:
    """One collection's vectors of these encoders, which may differ from its stamp."""
    shelves = [_vectors_shelf(stores, wants, collection, space, encoder) for space, encoder in encoders.items()]
    return await _repair_collection(stores.catalogue, collection, shelves)


def _vectors_shelf(stores: Stores, wants: Wants, collection: Collection, space: Space, encoder: str) -> VectorsShelf:
    return VectorsShelf(stores.vectors, stores.kept, IndexName(collection.id, space, encoder), partial(wants, space))


async def _drop_orphans(stores: Stores) -> None:
    """Drops indexes of collections that no longer exist: the process was killed before their removal was enqueued. The
    indexes are listed first, so that a collection created meanwhile keeps its own."""
    indexed = {index.collection_id for index in await in_thread(stores.vectors.indexes)}
    living = {collection.id async for collection in every_collection(stores.catalogue.collections)}
    for orphan in indexed - living:
        log.info("dropping the indexes of a collection that was deleted", extra={"collection": orphan})
        await in_thread(stores.vectors.drop, orphan)
        await in_thread(stores.words.drop, orphan)


def state_of(sampled: Set[str], held: Set[str], given: Set[str]) -> State:
    """`held`: ids that the index lists; `given`: ids that its queries return."""
    lost = (sampled & held) - given
    if len(lost) > TOLERATED * len(sampled):
        return "damaged"
    return "gaps" if lost or sampled - held else "whole"


# ---------------------------------------------------------------- a collection


async def _repair_collection(catalogue: Catalogue, collection: Collection, shelves: Sequence[Shelf[Any]]) -> Repaired:
    sample = await in_thread(_sample, catalogue, collection)
    looks = [await _sampled(catalogue.chunks, collection, shelf, sample) for shelf in shelves]
    if all(look.state == "whole" for look in looks):
        return Repaired(unkept=sum(look.unkept for look in looks))
    dropped = [look for look in looks if look.state == "damaged"]
    for look in dropped:
        await in_thread(look.shelf.drop)
    repaired = Repaired(rebuilt=len(dropped))
    for document in await in_thread(_documents, catalogue.documents, collection):
        repaired += await in_thread(_gather, catalogue.chunks, looks, document)
        for look in looks:
            await _add_waiting(catalogue.documents, look, look.shelf.at_once)
    for look in looks:
        await _add_waiting(catalogue.documents, look, 1)
    await in_thread(_drop_if_deleted, catalogue.collections, collection, shelves)
    return repaired


def _documents(documents: Documents, collection: Collection) -> list[Document]:
    """Documents being indexed, as their first parts may be lost too, then the findable ones: a document published
    between the two queries is in the second result."""
    coming = [
        document
        for document in documents.unfinished()
        if document.collection_id == collection.id and document.stage in ("index", "publish")
    ]
    findable = documents.findable([collection.id])
    return list({document.id: document for document in (*coming, *findable)}.values())


def _sample(catalogue: Catalogue, collection: Collection) -> list[Chunk]:
    """Consecutive chunks from a random place in each of some documents."""
    documents = _documents(catalogue.documents, collection)
    chosen = random.sample(documents, min(SAMPLE, len(documents)))
    sample: list[Chunk] = []
    for document in chosen:
        each = -(-SAMPLE // len(chosen))
        [first] = random.sample(range(max(1, sum(document.chunks.values()) - each + 1)), 1)
        chunks = catalogue.chunks.of_document(document.id, first - 1, each)
        sample.extend(chunks if not document.findable else _visible(document, chunks))
    return sample


def _visible(document: Document, chunks: Sequence[Chunk]) -> list[Chunk]:
    """While a document's pictures are still being read: only published chunks, as others may not be indexed yet."""
    return [chunk for chunk in chunks if chunk.batch < document.published]


def _drop_if_deleted(collections: Collections, collection: Collection, shelves: Sequence[Shelf[Any]]) -> None:
    """The indexes of a collection that was deleted meanwhile: adding rows may have created them again."""
    try:
        if collections.find(collection.name).id == collection.id:
            return
    except Missing:
        pass
    for shelf in shelves:
        shelf.drop()


# ---------------------------------------------------------------- looking at an index


@dataclass(slots=True)
class _Sampled:
    """The state of one index according to a sample, and the rows that wait to be added to it."""

    shelf: Shelf[Any]
    state: State
    held: Set[str]
    unkept: int
    waiting: list[Any]


async def _sampled(chunks: Chunks, collection: Collection, shelf: Shelf[Any], sample: Sequence[Chunk]) -> _Sampled:
    look = await usable(shelf, partial(_look, chunks, collection, shelf, sample))
    return look or _Sampled(shelf, "damaged", frozenset(), 0, [])


def _look(chunks: Chunks, collection: Collection, shelf: Shelf[Any], sample: Sequence[Chunk]) -> _Sampled:
    held = shelf.ids()
    named = random.sample(list(held), min(SAMPLE, len(held)))
    also = [evidence.chunk for evidence in chunks.evidence(named, [collection.id])]
    rows, unkept = _rows(shelf, list({chunk.id: chunk for chunk in (*sample, *also)}.values()))
    given = {row.chunk_id for row in rows if row.chunk_id in held and shelf.gives(row)}
    sampled = {row.chunk_id for row in rows}
    state = state_of(sampled, held, given)
    return _Sampled(shelf, state, frozenset() if state == "damaged" else held - (sampled - given), unkept, [])


def _rows(shelf: ShouldHold[R], chunks: Sequence[Chunk]) -> tuple[list[R], int]:
    """The chunks' rows for this index, and how many chunks should have a row and have none."""
    of_document: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        of_document.setdefault(chunk.document_id, []).append(chunk)
    rows = [row for document_id, group in of_document.items() for row in shelf.rows(document_id, group)]
    made = {row.chunk_id for row in rows}
    return rows, sum(chunk.id not in made and shelf.wants(chunk) for chunk in chunks)


# ---------------------------------------------------------------- putting back


def _gather(chunks: Chunks, looks: Sequence[_Sampled], document: Document) -> Repaired:
    """Adds a document's missing rows to the waiting rows of each index."""
    found = chunks.of_document(document.id)
    repaired = Repaired()
    for look in looks:
        missing = [chunk for chunk in found if chunk.id not in look.held]
        look.waiting.extend(_rows(look.shelf, missing)[0])
        rows, unkept = _rows(look.shelf, _visible(document, missing))  # others may just not have been added yet
        repaired += replace(Repaired(unkept=unkept), **{look.shelf.part: len(rows)})
    return repaired


async def _add_waiting(documents: Documents, look: _Sampled, at_least: int) -> None:
    while len(look.waiting) >= at_least:
        rows, look.waiting = look.waiting[: look.shelf.at_once], look.waiting[look.shelf.at_once :]
        await in_thread(put_back, look.shelf, rows, partial(is_there, documents))
