"""The durable queue on DBOS: `DbosJobs` enqueues and cancels, `DbosWorker` works the queue off.

What must stay the same over restarts, so that pending runs can be replayed: the workflow names, the names and order
of their steps (ingest/pipeline.py, ingest/reindex.py), the executor id, and APPLICATION_VERSION. The version is ours
and constant: by default DBOS derives it from the workflow's source, and any edit would strand what is queued. Raise it
only when old runs can't be replayed; `DbosWorker.start` then cancels them, and documents get a new attempt
(app/services/upkeep/reconcile.py).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from dbos import DBOS, DBOSClient, StepOptions
from dbos._error import DBOSAwaitedWorkflowCancelledError, DBOSException, DBOSMaxStepRetriesExceeded
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.catalogue.database import vacuum
from domain import errors
from domain.errors import Unavailable, unexpected
from domain.ports import RunState
from ingest.pipeline import Numbers, Pipeline, ingest, read_pictures
from ingest.reindex import Reindexer, reindex

APPLICATION_VERSION = "2"
MAX_RECOVERIES = 40  # a document that takes the process down with it stops here; DBOS's default is 100
QUEUE = "ingest"
PICTURES = "pictures"  # of documents whose text is in: a queue of their own, so that texts come first
HOUSEKEEPING = "housekeeping"
REINDEX = "reindex"
LOOK_EVERY_S = 20.0
NAME = "exhibit"
LIVE = ["ENQUEUED", "PENDING", "DELAYED"]

# A full disk, a locked database, an index that refuses: tried again with back-off (.5, 1, 2, 4 s), then told.
RETRIES = StepOptions(
    retries_allowed=True,
    interval_seconds=0.5,
    backoff_rate=2.0,
    max_attempts=5,
    should_retry=lambda error: isinstance(error, Unavailable),
    preemptible=True,  # cancelling the workflow cancels the step, and so kills the child that works for it
)

STATES: dict[str, RunState] = {
    **dict.fromkeys(LIVE, "live"),
    "SUCCESS": "done",
    "CANCELLED": "cancelled",
    "ERROR": "broken",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "broken",
}

# A step's error is recorded as a pickle, which names the class's module; runs of earlier versions name the former one.
# DBOS always unpickles these with its own serializer, so the module itself has to be found under its former name.
sys.modules.setdefault("app.domain.errors", errors)

T = TypeVar("T")
Stage = Callable[..., Coroutine[Any, Any, T]]
log = logging.getLogger(__name__)


def run_id(document_id: str, attempt: int) -> str:
    """A workflow id runs once and never again, so each attempt has its own."""
    return f"ingest-{document_id}-{attempt}"


def pictures_id(document_id: str, attempt: int) -> str:
    """A run has two halves: this one is enqueued by the other."""
    return f"pictures-{document_id}-{attempt}"


def reindex_run(reindex_id: str) -> str:
    return f"reindex-{reindex_id}"


class DbosJobs:
    """The queue as services see it. Needs no launched DBOS: an API-only process can hold one."""

    def __init__(self, url: str, keep: timedelta = timedelta(days=1), version: str = APPLICATION_VERSION) -> None:
        prepare(url)
        self._url = url
        self._keep = keep  # what has finished, for so long
        self._version = version
        self._client = DBOSClient(system_database_url=url, application_name=NAME)

    async def ingest(self, document_id: str, attempt: int) -> None:
        await self._enqueue("ingest", QUEUE, run_id(document_id, attempt), document_id, attempt)

    async def forget(self, document_id: str, collection_id: str) -> None:
        await self._enqueue(
            "forget", HOUSEKEEPING, f"forget-{document_id}-{uuid.uuid4().hex}", document_id, collection_id
        )

    async def drop(self, collection_id: str) -> None:
        await self._enqueue("drop", HOUSEKEEPING, f"drop-{collection_id}-{uuid.uuid4().hex}", collection_id)

    async def reindex(self, collection_id: str, reindex_id: str) -> None:
        await self._enqueue("reindex", REINDEX, reindex_run(reindex_id), collection_id, reindex_id)

    async def reindex_state(self, reindex_id: str) -> RunState:
        run = reindex_run(reindex_id)
        return (await self._states([run])).get(run, "unknown")

    async def cancel(self, document_id: str, attempt: int) -> None:
        with _as_unavailable():
            await self._client.cancel_workflow_async(run_id(document_id, attempt))
            await self._client.cancel_workflow_async(pictures_id(document_id, attempt))

    async def state(self, document_id: str, attempt: int) -> RunState:
        """`unknown`: never enqueued, or collected since. Of the second half, once there is one."""
        halves = [run_id(document_id, attempt), pictures_id(document_id, attempt)]
        states = await self._states(halves)
        if "live" in states.values():
            return "live"
        return states.get(halves[1], states.get(halves[0], "unknown"))

    async def _states(self, runs: list[str]) -> dict[str, RunState]:
        with _as_unavailable():
            found = await self._client.list_workflows_async(workflow_ids=runs, load_input=False, load_output=False)
        return {run.workflow_id: STATES.get(run.status, "unknown") for run in found}

    async def forgetting(self, document_id: str) -> bool:
        """Whether an erasing of this document is queued or running."""
        with _as_unavailable():
            found = await self._client.list_workflows_async(
                workflow_id_prefix=f"forget-{document_id}-", status=LIVE, load_input=False, load_output=False, limit=1
            )
        return bool(found)

    async def collect(self) -> int:
        """Removes finished runs older than `keep`: DBOS has no retention of its own. Returns how many."""
        return await self._collect(self._keep)

    async def compact(self) -> None:
        while await self._collect(timedelta()):
            pass
        if self._url.startswith("sqlite:///"):
            try:
                await asyncio.to_thread(vacuum, Path(self._url.removeprefix("sqlite:///")))
            except sqlite3.Error as error:
                raise Unavailable(f"The queue can't be compacted now: {error}.") from error

    async def _collect(self, keep: timedelta) -> int:
        before = (datetime.now(UTC) - keep).isoformat()
        with _as_unavailable():
            old = await self._client.list_workflows_async(
                completed_before=before, limit=1000, load_input=False, load_output=False
            )
            if old:
                await asyncio.to_thread(self._client.delete_workflows, [run.workflow_id for run in old])
        return len(old)

    def close(self) -> None:
        self._client.destroy()

    async def _enqueue(self, workflow: str, queue: str, workflow_id: str, *args: object) -> None:
        with _as_unavailable():
            await self._client.enqueue_async(
                {
                    "workflow_name": workflow,
                    "queue_name": queue,
                    "workflow_id": workflow_id,
                    "app_version": self._version,
                },
                *args,
            )


class DbosWorker:
    """Works the queue off. One live worker per process: DBOS is a global singleton."""

    def __init__(
        self,
        url: str,
        executor_id: str,
        pipeline: Pipeline,
        parallel: int,
        version: str = APPLICATION_VERSION,
        reindexer: Reindexer | None = None,
    ) -> None:
        """Without a `reindexer` it leaves collections that are to be re-embedded to others."""
        self._url = url
        self._reindexer = reindexer
        self._version = version
        self._executor_id = executor_id
        self._pipeline = pipeline
        self._parallel = parallel
        self._active: set[str] = set()  # runs that are under way in this process
        self._idle: frozenset[str] = (
            frozenset()
        )  # those that the queue takes for running here and that were not, last time

    async def start(self) -> None:
        """Recovers what this executor was doing when it ended, and begins to take from the queue."""
        prepare(self._url)
        logging.getLogger("dbos").addFilter(_cancelling_is_no_error)
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self._url,
                "application_version": self._version,
                "executor_id": self._executor_id,
                "log_level": "WARNING",
            }
        )
        DBOS.workflow(name="ingest", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._ingest_workflow()))
        DBOS.workflow(name="pictures", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._pictures_workflow()))
        DBOS.workflow(name="forget", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._forget_workflow()))
        DBOS.workflow(name="drop", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(self._drop_workflow()))
        if self._reindexer is not None:
            again = self._reindex_workflow(self._reindexer)
            DBOS.workflow(name="reindex", max_recovery_attempts=MAX_RECOVERIES)(self._tracked(again))
        await asyncio.to_thread(DBOS.launch)
        await DBOS.register_queue_async(QUEUE, worker_concurrency=self._parallel, polling_interval_sec=0.25)
        await DBOS.register_queue_async(PICTURES, worker_concurrency=self._parallel, polling_interval_sec=0.25)
        await DBOS.register_queue_async(HOUSEKEEPING, worker_concurrency=1, polling_interval_sec=0.5)
        if self._reindexer is not None:
            await DBOS.register_queue_async(REINDEX, worker_concurrency=1, polling_interval_sec=0.5)
        await self._cancel_older()

    async def recover(self, executor_ids: Sequence[str]) -> None:
        """Takes over the runs of executors that are no more."""
        with _as_unavailable():
            await asyncio.to_thread(DBOS._recover_pending_workflows, list(executor_ids))

    async def look_after(self, every_s: float = LOOK_EVERY_S) -> None:
        """Takes up again, for ever, what broke off here without being able to say so."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.resume_idle()
            except Unavailable as error:
                log.warning("could not look for runs that broke off", extra={"why": str(error)})
            except Exception:  # whatever it was: nobody else does this until the next start
                log.exception("looking for runs that broke off broke")

    async def resume_idle(self) -> None:
        """A run ends without a word where its end can't be recorded, as on a full disk: it would count as running until
        the next start. What is found so twice is queued again; done steps are not repeated."""
        with _as_unavailable():
            pending = await DBOS.list_workflows_async(
                status="PENDING", executor_id=self._executor_id, load_input=False, load_output=False
            )
            idle = {run.workflow_id: run for run in pending if run.workflow_id not in self._active}
            for broken_off in self._idle & idle.keys():
                log.warning("a run had broken off, and is taken up again: %s", broken_off)
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
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def _cancel_older(self) -> None:
        """No executor would ever take up runs of another version. `tend` asks again for all but dropped indexes."""
        with _as_unavailable():
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

        async def ingest_workflow(document_id: str, attempt: int) -> None:
            try:
                waiting = await ingest(pipeline, recorded_step, document_id, attempt)
                if waiting:
                    await self._enqueue_pictures(document_id, attempt, waiting)
            except Exception as error:  # the job runner: whatever it was, the document must not stay `running`
                await _failed(pipeline, document_id, attempt, error)

        return ingest_workflow

    async def _enqueue_pictures(self, document_id: str, attempt: int, waiting: Sequence[Numbers]) -> None:
        """Recorded like a step: a replayed run does not enqueue twice."""
        await DBOS.enqueue_workflow_with_options_async(
            {
                "workflow_name": "pictures",
                "queue_name": PICTURES,
                "workflow_id": pictures_id(document_id, attempt),
                "app_version": self._version,
            },
            document_id,
            attempt,
            waiting,
        )

    def _pictures_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def pictures_workflow(document_id: str, attempt: int, waiting: Sequence[Numbers]) -> None:
            try:
                await read_pictures(pipeline, recorded_step, document_id, attempt, waiting)
            except Exception as error:  # the job runner, as above
                await _failed(pipeline, document_id, attempt, error)

        return pictures_workflow

    def _forget_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def forget_workflow(document_id: str, collection_id: str) -> None:
            await recorded_step("erase", _in_thread(pipeline.erase), document_id, collection_id)

        return forget_workflow

    def _drop_workflow(self) -> Stage[None]:
        pipeline = self._pipeline

        async def drop_workflow(collection_id: str) -> None:
            await recorded_step("drop", _in_thread(pipeline.drop), collection_id)

        return drop_workflow

    def _reindex_workflow(self, reindexer: Reindexer) -> Stage[None]:
        async def reindex_workflow(collection_id: str, reindex_id: str) -> None:
            try:
                await reindex(reindexer, recorded_step, collection_id, reindex_id)
            except Exception as error:  # the job runner: the collection must not be on its way for ever
                log.error("re-embedding a collection broke", exc_info=error, extra={"collection": collection_id})
                await recorded_step("fail", reindexer.fail, collection_id, reindex_id, unexpected(error))

        return reindex_workflow


def _cancelling_is_no_error(record: logging.LogRecord) -> bool:
    """DBOS reports each cancelled run with a traceback."""
    return record.exc_info is None or not isinstance(record.exc_info[1], DBOSAwaitedWorkflowCancelledError)


async def _failed(pipeline: Pipeline, document_id: str, attempt: int, error: Exception) -> None:
    log.error("a document's run broke", exc_info=error, extra={"document": document_id, "attempt": attempt})
    await recorded_step("fail", pipeline.fail, document_id, attempt, unexpected(error))


def _number(version: str | None) -> int:
    return int(version) if version is not None and version.isdecimal() else 0


async def recorded_step(name: str, stage: Stage[T], *args: Any) -> T:
    try:
        return await DBOS.run_step_async(StepOptions(**{**RETRIES, "name": name}), stage, *args)
    except DBOSMaxStepRetriesExceeded as exhausted:
        if exhausted.errors:
            raise exhausted.errors[-1] from exhausted  # what it was, not that it was tried often
        raise Unavailable(f"The step {name} was tried {RETRIES['max_attempts']} times in vain.") from exhausted


def prepare(url: str) -> None:
    """SQLite in WAL mode: a step takes 1.6 ms instead of 18.5. DBOS doesn't set it; the file remembers it."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """DBOS translates nothing: a locked or full database comes through as SQLAlchemy's error."""
    try:
        yield
    except (SQLAlchemyError, DBOSException) as error:
        raise Unavailable(f"The queue can't be used now ({type(error).__name__}).") from error


def _in_thread(function: Callable[..., T]) -> Stage[T]:
    async def called(*args: Any) -> T:
        return await asyncio.to_thread(function, *args)

    return called
