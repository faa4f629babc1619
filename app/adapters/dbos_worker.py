"""Runs the work of the DBOS queue: each workflow wraps a function of `ingest/`, and each of its steps is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar

from dbos import DBOS, DBOSConfig, StepOptions

from app.adapters.catalogue.postgres import REACHING
from app.adapters.dbos_jobs import (
    APPLICATION_VERSION,
    HOUSEKEEPING,
    LARGE,
    LARGE_PICTURES,
    LIVE,
    NAME,
    PICTURES,
    QUEUE,
    REINDEX,
    WORKER_CONNECTIONS,
    as_unavailable,
    pictures_id,
    prepare,
    slice_id,
)
from app.adapters.dbos_quiet import NOISY, Quiet
from app.adapters.shares import Shares
from domain.documents import Part
from domain.errors import unexpected
from ingest.lanes import HURRIED_PICTURES, SLICE_S
from ingest.pipeline import Pipeline, Step, ingest, recognise_pictures
from ingest.progress import Left, SoFar, Waiting
from ingest.reindex import Reindexer, reindex
from system.outages import Outages
from system.patience import Patience, Pauses, Tell
from system.repeating import repeat

MAX_RECOVERIES = 40  # then a document that kills the process is given up; DBOS's default is 100
LOOK_EVERY_S = 20.0


@dataclass(frozen=True, slots=True)
class Polls:
    """How often the queues are looked at, in seconds."""

    documents_s: float
    chores_s: float


PAUSES = Pauses()
POLLS = Polls(0.25, 0.5)
# Every look costs a server two transactions, for each queue of each worker: an idle worker made 55 a second.
POLLS_OF_POSTGRES = Polls(2.0, 10.0)
ON_POSTGRES: DBOSConfig = {
    # A connection that was lost is noticed by the statement, which DBOS repeats: looking first doubles what polls cost
    "db_engine_kwargs": {"pool_pre_ping": False, "connect_args": {"application_name": NAME, **REACHING}},
    "sys_db_pool_size": WORKER_CONNECTIONS,
    "notification_listener_polling_interval_sec": 10.0,
}

T = TypeVar("T")
Stage = Callable[..., Coroutine[Any, Any, T]]
log = logging.getLogger(__name__)


class DbosWorker:
    """One live worker per process: DBOS is a global singleton."""

    def __init__(
        self,
        url: str,
        executor_id: str,
        pipeline: Pipeline,
        parallel: int,
        version: str = APPLICATION_VERSION,
        reindexer: Reindexer | None = None,
        slice_s: float = SLICE_S,
        outages: Outages | None = None,
        pauses: Pauses = PAUSES,
        drain_s: int = 0,
        polls: Polls | None = None,
    ) -> None:
        """Without a `reindexer` it takes no re-embedding from the queue. `drain_s`: how long runs may go on at the end
        before they are left to others."""
        self._url = url
        self._slice_s = slice_s
        self._shares = Shares()
        self._reindexer = reindexer
        self._version = version
        self._executor_id = executor_id
        self._pipeline = pipeline
        self._parallel = parallel
        self._outages = outages or Outages()
        self._patience = Patience(self._outages, pauses)
        self._drain_s = drain_s
        self._on_postgres = not url.startswith("sqlite")
        self._polls = polls or (POLLS_OF_POSTGRES if self._on_postgres else POLLS)
        self._active: set[str] = set()  # ids of the runs in this process
        self._idle: frozenset[str] = (
            frozenset()
        )  # those that the queue takes for running here and that were not, last time

    async def start(self) -> None:
        """Recovers the runs that this executor had when it ended, and starts to take from the queue."""
        prepare(self._url)
        quiet = Quiet(self._outages)
        for noisy in NOISY:
            logging.getLogger(noisy).addFilter(quiet)
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self._url,
                "application_version": self._version,
                "executor_id": self._executor_id,
                "log_level": "WARNING",
                **(ON_POSTGRES if self._on_postgres else {}),
            }
        )
        DBOS.workflow(name="ingest", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._ingest_workflow()))
        DBOS.workflow(name="large", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._large_workflow()))
        DBOS.workflow(name="pictures", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._pictures_workflow()))
        DBOS.workflow(name="forget", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._forget_workflow()))
        DBOS.workflow(name="drop", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._drop_workflow()))
        if self._reindexer is not None:
            again = self._reindex_workflow(self._reindexer)
            DBOS.workflow(name="reindex", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(again))
        await asyncio.to_thread(DBOS.launch)
        for name in (QUEUE, LARGE, PICTURES, LARGE_PICTURES):
            await DBOS.register_queue_async(
                name, worker_concurrency=self._parallel, polling_interval_sec=self._polls.documents_s
            )
        for name in (HOUSEKEEPING, *(() if self._reindexer is None else (REINDEX,))):
            await DBOS.register_queue_async(name, worker_concurrency=1, polling_interval_sec=self._polls.chores_s)
        await self._cancel_older()

    async def recover(self, executor_ids: Sequence[str]) -> None:
        """Takes over the runs of executors that have ended."""
        with as_unavailable():
            await asyncio.to_thread(DBOS._recover_pending_workflows, list(executor_ids))

    async def resume_for_ever(self, every_s: float = LOOK_EVERY_S) -> None:
        """Resumes, again and again, runs of this process that ended without recording it."""
        await asyncio.sleep(every_s)
        await repeat(self.resume_idle, every_s, log, "resuming interrupted runs", self._outages)

    async def resume_idle(self) -> None:
        """If the end of a run can't be recorded, as on a full disk, it counts as running until the next start. A run
        found so twice in a row is enqueued again; its finished steps are not repeated."""
        with as_unavailable():
            pending = await DBOS.list_workflows_async(
                status="PENDING", executor_id=self._executor_id, load_input=False, load_output=False
            )
            idle = {run.workflow_id: run for run in pending if run.workflow_id not in self._active}
            for broken_off in self._idle & idle.keys():
                log.warning("an interrupted run is resumed: %s", broken_off)
                await DBOS.resume_workflow_async(broken_off, queue_name=idle[broken_off].queue_name)
            self._idle = frozenset(idle)

    def _tracked(self, workflow: Stage[None]) -> Stage[None]:
        @wraps(workflow)
        async def tracked(*args: Any) -> None:
            run = str(DBOS.workflow_id)
            self._active.add(run)
            try:
                await workflow(*args)
            finally:
                self._active.discard(run)

        return tracked

    async def stop(self) -> None:
        """Takes nothing more from the queue. Runs that don't end in time are cut off; whoever goes on with them repeats
        no more than the step that they were in."""
        drain_s = self._drain_s if self._active else 0
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=drain_s)

    async def _cancel_older(self) -> None:
        """No executor would take up runs of another version. Reconciling asks again for all but dropped indexes."""
        with as_unavailable():
            live = await DBOS.list_workflows_async(status=LIVE, load_input=False, load_output=False)
            for run in live:
                if _number(run.app_version) < _number(self._version):
                    log.info("cancelling a run of an older version", extra={"run": run.workflow_id})
                    if run.name == "drop":
                        await DBOS.fork_workflow_async(
                            run.workflow_id, 1, application_version=self._version, queue_name=HOUSEKEEPING
                        )
                    await DBOS.cancel_workflow_async(run.workflow_id)

    def _ingest_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def ingest_workflow(document_id: str, attempt: int, flow: str = "") -> None:
            try:
                left = await ingest(pipeline, self._document_step(document_id, attempt), document_id, attempt)
                await self._leave(document_id, attempt, flow, left, 0)
            except Exception as error:  # the job runner: after any error the document must not stay `running`
                await self._failed(document_id, attempt, error)

        return ingest_workflow

    def _large_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def large_workflow(
            document_id: str, attempt: int, flow: str, number: int, stored: Sequence[Any] | None
        ) -> None:
            try:
                step = self._document_step(document_id, attempt)
                so_far = None if stored is None else SoFar.restored(stored)
                left = await ingest(pipeline, step, document_id, attempt, so_far, self._slice_s)
                await self._leave(document_id, attempt, flow, left, number + 1)
            except Exception as error:  # the job runner, as above
                await self._failed(document_id, attempt, error)

        return large_workflow

    async def _leave(self, document_id: str, attempt: int, flow: str, left: Left, number: int) -> None:
        if left.large:
            stored = left.so_far.stored() if left.so_far is not None else None
            name = slice_id(document_id, attempt, number)
            await self._enqueue("large", LARGE, name, flow, document_id, attempt, flow, number, stored)
        elif left.pictures is not None:
            await self._leave_pictures(document_id, attempt, flow, left.pictures, 0)

    async def _leave_pictures(self, document_id: str, attempt: int, flow: str, waiting: Waiting, number: int) -> None:
        queue = PICTURES if waiting.pages <= HURRIED_PICTURES else LARGE_PICTURES
        name = pictures_id(document_id, attempt, number)
        await self._enqueue("pictures", queue, name, flow, document_id, attempt, flow, number, waiting.stored())

    async def _enqueue(self, workflow: str, queue: str, workflow_id: str, flow: str, *args: object) -> None:
        """Recorded like a step, so a replayed run does not enqueue twice."""
        await DBOS.enqueue_workflow_with_options_async(
            {
                "workflow_name": workflow,
                "queue_name": queue,
                "workflow_id": workflow_id,
                "app_version": self._version,
                "priority": self._shares.priority(f"{queue} {flow}", takes_s=self._slice_s),
            },
            *args,
        )

    def _pictures_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def pictures_workflow(
            document_id: str, attempt: int, flow: str, number: int, stored: Sequence[Any]
        ) -> None:
            waiting = Waiting.restored(stored)
            slice_s = self._slice_s if waiting.pages > HURRIED_PICTURES else None
            try:
                step = self._document_step(document_id, attempt)
                left = await recognise_pictures(pipeline, step, document_id, attempt, waiting, slice_s)
                if left is not None:
                    await self._leave_pictures(document_id, attempt, flow, left, number + 1)
            except Exception as error:  # the job runner, as above
                await self._failed(document_id, attempt, error)

        return pictures_workflow

    def _forget_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def forget_workflow(document_ids: Sequence[str], collection_id: str) -> None:
            await self._step("erase", _in_thread(pipeline.erase), document_ids, collection_id)

        return forget_workflow

    def _drop_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def drop_workflow(collection_id: str) -> None:
            await self._step("drop", _in_thread(pipeline.drop), collection_id)

        return drop_workflow

    def _reindex_workflow(self, reindexer: Reindexer) -> Stage[None]:
        async def reindex_workflow(collection_id: str, reindex_id: str) -> None:
            try:
                await reindex(reindexer, self._step, collection_id, reindex_id)
            except Exception as error:  # the job runner: after any error the re-embedding must end
                log.error("re-embedding a collection failed", exc_info=error, extra={"collection": collection_id})
                await self._step("fail", reindexer.fail, collection_id, reindex_id, unexpected(error))

        return reindex_workflow

    def _document_step(self, document_id: str, attempt: int) -> Step:
        return partial(self._recorded, partial(self._pipeline.waits, document_id, attempt))

    async def _step(self, name: str, stage: Stage[T], *args: Any) -> T:
        return await self._recorded(_nobody, name, stage, *args)

    async def _recorded(self, tell: Tell, name: str, stage: Stage[T], *args: Any) -> T:
        """Preemptible: cancelling the workflow cancels the step, which kills the child process working for it."""
        options = StepOptions(name=name, preemptible=True)
        return await DBOS.run_step_async(options, self._patience.until_done, tell, stage, *args)

    async def _failed(self, document_id: str, attempt: int, error: Exception) -> None:
        log.error("a document's run failed", exc_info=error, extra={"document": document_id, "attempt": attempt})
        await self._step("fail", self._pipeline.fail, document_id, attempt, unexpected(error))


async def _listen(queue: str, at_once: int, every_s: float) -> None:
    await DBOS.register_queue_async(queue, worker_concurrency=at_once, polling_interval_sec=every_s)


def _number(version: str | None) -> int:
    return int(version) if version is not None and version.isdecimal() else 0


async def _nobody(part: Part | None) -> None:
    """No document waits."""


def _in_thread(function: Callable[..., T]) -> Stage[T]:
    async def called(*args: Any) -> T:
        return await asyncio.to_thread(function, *args)

    return called
