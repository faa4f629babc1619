"""Keeps catalogue and queue consistent: they are two databases, and a crash can fall between two writes.

what the catalogue says      what the queue says    then
queued or running            live                   nothing: a worker has it
queued or running            unknown                enqueue it: the crash fell between row and queue
queued or running            broken                 failed, with a sentence
queued or running            cancelled or done      a new attempt: the run's end was not recorded
deleted, rows still there    no erasing queued      enqueue the erasing
to be re-embedded            live                   nothing
to be re-embedded            unknown                enqueue it
to be re-embedded            broken                 failed, with a sentence
to be re-embedded            cancelled or done      begun again: vectors that are kept are not encoded again
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial

from app.services.upkeep.collections import every_collection
from domain.documents import Collection, Document, Problem, Reindexing
from domain.errors import Conflict
from domain.ports import Catalogue, Jobs, Queueing, Reindexes, Runs
from system.outages import Outages
from system.repeating import repeat

EVERY_S = 60.0
ERASED_AT_ONCE = 100  # documents
BROKE_OFF = "Re-embedding it broke off in a way that could not be recorded; `exhibit reindex` goes on with it."
GAVE_UP = "Reading it broke off in a way that could not be recorded, so Exhibit gave up on it; `retry` tries once more."

log = logging.getLogger(__name__)


async def reconcile(catalogue: Catalogue, jobs: Jobs) -> None:
    """One round. Safe to run in several processes at once: attempts are compared and set."""
    for document in await asyncio.to_thread(catalogue.documents.unfinished):
        await _reconcile_document(catalogue.runs, jobs, document)
    known = await jobs.forgetting()
    deleted = await asyncio.to_thread(catalogue.erasure.deleted)
    await forget_all(jobs, [document for document in deleted if document.id not in known])
    async for collection in every_collection(catalogue.collections):
        if collection.reindex is not None and collection.reindex.live:
            await _reconcile_reindexing(catalogue.reindexes, jobs, collection, collection.reindex)
    await jobs.collect()


async def forget_all(jobs: Queueing, documents: Iterable[Document]) -> None:
    """Enqueues the erasing of deleted documents, as many in one run as are erased in seconds."""
    by_collection: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        by_collection[document.collection_id].append(document.id)
    for collection_id, ids in by_collection.items():
        for start in range(0, len(ids), ERASED_AT_ONCE):
            await jobs.forget(ids[start : start + ERASED_AT_ONCE], collection_id)


async def _reconcile_document(runs: Runs, jobs: Jobs, document: Document) -> None:
    state = await jobs.state(document.id, document.attempt)
    if state == "unknown":
        log.info("a document that the queue did not know is enqueued", extra={"document": document.id})
        await jobs.ingest(document.id, document.attempt)
    elif state == "broken":
        await asyncio.to_thread(
            lambda: runs.update(
                document.id, document.attempt, status="failed", problems=[*document.problems, Problem(GAVE_UP)]
            )
        )
    elif state in ("cancelled", "done"):
        with suppress(Conflict):  # it has finished, or another process was faster
            again = await asyncio.to_thread(runs.reattempt, document.id, document.attempt)
            await jobs.ingest(again.id, again.attempt)


async def _reconcile_reindexing(reindexes: Reindexes, jobs: Jobs, collection: Collection, reindex: Reindexing) -> None:
    state = await jobs.reindex_state(reindex.id)
    if state == "unknown":
        await jobs.reindex(collection.id, reindex.id)
    elif state != "live":
        ended = await asyncio.to_thread(
            lambda: reindexes.update(collection.id, reindex.id, state="failed", problem=BROKE_OFF)
        )
        if ended and state != "broken":
            await begin_reindex(reindexes, jobs, collection.id, reindex.encoders)


async def begin_reindex(
    reindexes: Reindexes, jobs: Queueing, collection_id: str, encoders: Mapping[str, str]
) -> Collection:
    """Records the re-embedding, and enqueues it if it is new; returns the collection as recorded. Raises Missing."""
    begun = await asyncio.to_thread(reindexes.begin, collection_id, encoders, uuid.uuid4().hex)
    if begun.reindex is not None and begun.reindex.live:
        await jobs.reindex(begun.id, begun.reindex.id)
    return begun


async def reconcile_for_ever(
    catalogue: Catalogue, jobs: Jobs, every_s: float = EVERY_S, outages: Outages | None = None
) -> None:
    """A round that fails is followed by the next: the database may be unlocked by then."""
    await repeat(partial(reconcile, catalogue, jobs), every_s, log, "queue reconciliation", outages)
