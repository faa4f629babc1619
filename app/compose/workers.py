"""Wires background work: ingestion, the queue, re-embedding, index repair and verification."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from app.adapters.dbos_jobs import DbosJobs
from app.adapters.dbos_worker import DbosWorker
from app.compose.answering import language_model
from app.compose.encoders import Encoders, encoding_process
from app.compose.stores import OpenStores, sizes
from app.services.reindex import coming_encoders
from app.services.upkeep.compaction import Compact, Compacting, compact_words
from app.services.upkeep.late_descriptions import EVERY_S as DESCRIBE_LATE_EVERY_S
from app.services.upkeep.late_descriptions import LateDescriptions
from app.services.upkeep.lease import WorkerLease
from app.services.upkeep.reconcile import reconcile, reconcile_for_ever
from app.services.upkeep.repair import repair, repair_at_start_and_after, repair_indexes, sweep_at_start
from app.services.upkeep.verify import Repairing, Verify
from app.services.upkeep.watch import SILENT_S, Look, LostIndexes, Watch
from app.settings import LanguageModel, Settings
from domain.documents import Chunk, Part
from domain.errors import Unavailable
from domain.evidence import Space
from domain.ports import Blobs, Vectors
from ingest.describe import Describer
from ingest.embed import encoded, wants
from ingest.originals import Originals
from ingest.parser import SandboxedParser
from ingest.pipeline import Pipeline
from ingest.reindex import Reindexer
from ingest.stores import Models, Stores
from system.disk_reserve import DiskReserve
from system.outages import Outages
from system.repeating import repeat
from system.sandbox import Sandbox
from system.threads import in_thread

EMBEDDED = "embedded"  # the executor id of a data folder's only process: constant, so that its runs are recovered
KEEP_ROOM_EVERY_S = 60.0
FORGET_EVERY_S = 3600.0
MAX_DESCRIPTION_TOKENS = 320
PROBE = "watch/written-to-see-whether-that-works"
DRAIN_S = 8  # how long a worker that is told to end goes on with what it runs; the rest is handed over
SMALL_NICE, LARGE_NICE = 5, 15  # of the processes that read small and large documents

log = logging.getLogger(__name__)

Answers = Callable[[], Coroutine[Any, Any, bool]]


def closed_with(stack: AsyncExitStack, sandbox: Sandbox) -> Sandbox:
    stack.callback(sandbox.close)
    return sandbox


@dataclass(frozen=True, slots=True)
class Ingestion:
    pipeline: Pipeline
    originals: Originals
    models: Models


def executor_of(settings: Settings) -> str:
    """The id of this process for the queue, and for its lease."""
    if settings.embedded:
        return EMBEDDED
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}".lower()


def ingestion(
    stack: AsyncExitStack, settings: Settings, open_stores: OpenStores, encoders: Encoders, executor: str
) -> Ingestion:
    leased = settings.role != "api" and not settings.embedded
    stores = open_stores.fenced(executor) if leased else open_stores.stores
    # One child recognises words in pictures, on all cores: two take twice the memory (1 GB each) and are slower
    recognising = closed_with(stack, Sandbox(1, settings.parse_memory_mb))
    parser, patient = (
        SandboxedParser(
            closed_with(stack, Sandbox(settings.parse_workers, settings.parse_memory_mb, nice=nice)),
            stores.blobs,
            recognising,
            settings.hidden_text == "include",
            settings.limits,
        )
        for nice in (SMALL_NICE, LARGE_NICE)
    )
    originals = Originals(stores.catalogue.documents, stores.catalogue.erasure, stores.blobs)
    models = Models(encoders.text, encoders.image, encoding_process(stack, settings))
    pipeline = Pipeline(
        stores,
        originals,
        models,
        parser,
        describer(settings, stores.blobs, parser),
        parse_at_once=max(1, settings.parse_workers // 2),  # each document has two parts parsed at the same time
        patient=patient,
        limits=settings.limits,
    )
    return Ingestion(pipeline, originals, models)


def describer(settings: Settings, blobs: Blobs, parser: SandboxedParser) -> Describer | None:
    """None if nothing is to be described."""
    llm = settings.llm
    model = language_model(llm, MAX_DESCRIPTION_TOKENS)
    if model is None or llm.describes is False or (llm.describes is None and llm.images == 0):
        return None
    return Describer(model, blobs, parser.render, insists=llm.describes is True)


async def work(
    stack: AsyncExitStack,
    settings: Settings,
    open_stores: OpenStores,
    jobs: DbosJobs,
    ingestion: Ingestion,
    executor: str,
    outages: Outages,
) -> None:
    """Until the stack closes: runs queued work, keeps catalogue and queue consistent, repairs the indexes."""
    catalogue = open_stores.stores.catalogue
    worker = DbosWorker(
        settings.queue_url,
        executor,
        ingestion.pipeline,
        settings.parallel_documents,
        reindexer=_reindexer(open_stores.stores, ingestion.models),
        outages=outages,
        drain_s=0 if settings.embedded else DRAIN_S,
    )
    if not settings.embedded:
        lease = WorkerLease(catalogue.leases, executor, worker.recover, _end_this_process, outages)
        await lease.take()
        stack.callback(lease.hand_over)
        in_background(stack, lease.keep())
    await worker.start()
    stack.push_async_callback(worker.stop)
    await reconcile(catalogue, jobs)
    in_background(stack, reconcile_for_ever(catalogue, jobs, outages=outages))
    in_background(stack, worker.resume_for_ever())
    repairing = partial(repair, open_stores.stores, partial(wants, ingestion.models.text))
    in_background(stack, repair_at_start_and_after(open_stores.lost, repairing, outages))
    in_background(stack, _describing_late(settings, open_stores.stores, jobs, outages))
    if settings.embedded:  # no other process uses the folder
        in_background(stack, sweep_at_start(ingestion.originals.keys, ingestion.originals.sweep))


def _describing_late(settings: Settings, stores: Stores, jobs: DbosJobs, outages: Outages) -> Awaitable[None]:
    """Where descriptions were switched off since, documents merely stop waiting for them."""
    late = LateDescriptions(stores.catalogue, jobs, _model_answers(settings.llm))
    return repeat(late.once, DESCRIBE_LATE_EVERY_S, log, "describing what was taken in without the model", outages)


def _end_this_process() -> None:
    """As if its supervisor had asked for it, which then starts it anew."""
    signal.raise_signal(signal.SIGTERM)


def watched(stack: AsyncExitStack, settings: Settings, open_stores: OpenStores, outages: Outages) -> None:
    """Until the stack closes: notices outages and their end, and what the vector index lost."""

    def returned(part: Part) -> None:
        if part == "the vector index":
            open_stores.lost.set()

    looks = looks_at(settings, open_stores.stores, open_stores.lose, outages)
    in_background(stack, Watch(outages, looks, returned).for_ever())


def looks_at(settings: Settings, stores: Stores, lost: Callable[[], None], outages: Outages) -> dict[Part, Look]:
    """One at each part: an outage of a part that nobody looks at never ends."""
    return {
        "the catalogue": partial(stores.catalogue.collections.page, 1),
        "the vector index": LostIndexes(stores.vectors, lost),
        "the files": partial(_look_at_files, stores.blobs, outages),
        "the words index": stores.words.collections,
        "the language model": partial(_look_at_the_model, _model_answers(settings.llm, SILENT_S), outages),
    }


def _look_at_files(blobs: Blobs, outages: Outages) -> None:
    """Raises Unavailable. That a disk is full, only writing tells; a disk that is not, is not written to for that."""
    blobs.exists(PROBE)
    if "the files" in outages.now():
        blobs.put(PROBE, b"x")
        blobs.delete(PROBE)


def _look_at_the_model(answers: Answers, outages: Outages) -> None:
    """Raises Unavailable. It is asked only while it is out: else the next question tells."""
    if "the language model" in outages.now() and not asyncio.run(answers()):
        raise Unavailable("The language model does not answer.", "the language model")


def _model_answers(llm: LanguageModel, longest_s: float = math.inf) -> Answers:
    """Whether it does, in so many seconds; as good as that where there is none."""
    model = language_model(llm.model_copy(update={"timeout_s": min(llm.timeout_s, longest_s)}), MAX_DESCRIPTION_TOKENS)

    async def answers() -> bool:
        return model is None or await model.answers()

    return answers


def forgetting(stack: AsyncExitStack, settings: Settings, open_stores: OpenStores) -> None:
    """Until the stack closes: deletes old conversations and sessions that have ended. Any process may do so."""

    async def forget() -> None:
        now = datetime.now(UTC)
        if days := settings.conversations_days:
            await in_thread(open_stores.conversations.forget, now - timedelta(days=days))
        await in_thread(open_stores.sessions.forget, now)

    in_background(stack, repeat(forget, FORGET_EVERY_S, log, "deleting old conversations and ended sessions"))


def room_for_deletions(stack: AsyncExitStack, settings: Settings) -> Callable[[], bool]:
    """Keeps some room on the disk of the data folder; returns what gives it up."""
    if not settings.embedded:  # the catalogue is on another disk
        return lambda: False
    reserve = DiskReserve(settings.data_dir / "reserve")
    keep = partial(asyncio.to_thread, reserve.keep)
    in_background(stack, repeat(keep, KEEP_ROOM_EVERY_S, log, "keeping room for deletions"))
    return reserve.give_up


def _reindexer(stores: Stores, models: Models) -> Reindexer:
    return Reindexer(
        stores.catalogue,
        stores.blobs,
        models.text,
        models.encoders,
        models.bulk,
        stores.kept,
        stores.vectors,
        partial(repair_indexes, stores, partial(wants, models.text)),
    )


def in_background(stack: AsyncExitStack, running: Awaitable[None]) -> None:
    task = asyncio.ensure_future(running)
    task.add_done_callback(_log_failure)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


def _log_failure(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task failed", exc_info=error)


# ---------------------------------------------------------------- verification


def verification(settings: Settings, open_stores: OpenStores, jobs: DbosJobs, ingestion: Ingestion) -> Verify:
    repairing = Repairing(
        partial(wants, ingestion.models.text),
        partial(_encoded_again, ingestion.models, open_stores.stores.blobs),
        ingestion.pipeline.erase,
        ingestion.originals.sweep,
        partial(coming_encoders, open_stores.stores.catalogue.collections),
    )
    compacting = Compacting(_compacting(settings, open_stores, jobs), partial(sizes, settings))
    return Verify(open_stores.stores, repairing, compacting)


async def _encoded_again(
    models: Models, blobs: Blobs, space: Space, encoder: str, chunks: Sequence[Chunk]
) -> tuple[list[str], Vectors]:
    if models.encoders[space] != encoder:
        raise Unavailable(f"They are of {encoder}, which this service does not run.")
    return await encoded(models.bulk, blobs, space, chunks)


def _compacting(settings: Settings, open_stores: OpenStores, jobs: DbosJobs) -> dict[str, Compact]:
    stores = open_stores.stores

    async def vectors() -> str | None:
        ours = await asyncio.to_thread(stores.vectors.compact)
        return None if ours else open_stores.vectors.elsewhere

    async def catalogue() -> None:
        await asyncio.to_thread(open_stores.compact_catalogue)

    async def words_indexes() -> None:
        await asyncio.to_thread(compact_words, stores.catalogue.chunks, stores.words)
        if settings.embedded:
            await asyncio.to_thread(open_stores.words.sweep)

    return {"vectors": vectors, "words": words_indexes, "catalogue": catalogue, "queue": jobs.compact}
