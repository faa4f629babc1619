"""The client of the durable queue on DBOS: enqueues, cancels, reports states. `dbos_worker.py` runs the work.

What must stay the same over restarts, so that pending runs can be replayed: the workflow names, the names and order
of their steps (ingest/pipeline.py, ingest/reindex.py), the executor id, and APPLICATION_VERSION. The version is ours
and constant: by default DBOS derives it from the workflow's source, and any edit would strand what is queued. Raise it
only when old runs can't be replayed; `DbosWorker.start` then cancels them, and documents get a new attempt
(app/services/upkeep/reconcile.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOSClient
from dbos._error import DBOSException
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.catalogue.database import vacuum
from domain import errors
from domain.errors import Unavailable
from domain.ports import RunState

APPLICATION_VERSION = "2"
QUEUE = "ingest"
PICTURES = "pictures"  # of documents whose text is searchable: a queue of their own, so that text comes first
HOUSEKEEPING = "housekeeping"
REINDEX = "reindex"
NAME = "exhibit"
LIVE = ["ENQUEUED", "PENDING", "DELAYED"]

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


def run_id(document_id: str, attempt: int) -> str:
    """DBOS runs a workflow id only once, so each attempt has an id of its own."""
    return f"ingest-{document_id}-{attempt}"


def pictures_id(document_id: str, attempt: int) -> str:
    """The second half of a run, enqueued by the first."""
    return f"pictures-{document_id}-{attempt}"


def reindex_run(reindex_id: str) -> str:
    return f"reindex-{reindex_id}"


class DbosJobs:
    """Needs no launched DBOS, so a process that only serves the API can use it."""

    def __init__(self, url: str, keep: timedelta = timedelta(days=1), version: str = APPLICATION_VERSION) -> None:
        prepare(url)
        self._url = url
        self._keep = keep  # how long finished runs are kept
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
        with as_unavailable():
            await self._client.cancel_workflow_async(run_id(document_id, attempt))
            await self._client.cancel_workflow_async(pictures_id(document_id, attempt))

    async def state(self, document_id: str, attempt: int) -> RunState:
        """`unknown`: never enqueued, or removed since. The state of the second half, once it is enqueued."""
        halves = [run_id(document_id, attempt), pictures_id(document_id, attempt)]
        states = await self._states(halves)
        if "live" in states.values():
            return "live"
        return states.get(halves[1], states.get(halves[0], "unknown"))

    async def _states(self, runs: list[str]) -> dict[str, RunState]:
        with as_unavailable():
            found = await self._client.list_workflows_async(workflow_ids=runs, load_input=False, load_output=False)
        return {run.workflow_id: STATES.get(run.status, "unknown") for run in found}

    async def forgetting(self, document_id: str) -> bool:
        """Whether the erasing of this document is queued or running."""
        with as_unavailable():
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
                raise Unavailable(f"The queue can't be compacted now: {error}.", "the queue") from error

    async def _collect(self, keep: timedelta) -> int:
        before = (datetime.now(UTC) - keep).isoformat()
        with as_unavailable():
            old = await self._client.list_workflows_async(
                completed_before=before, limit=1000, load_input=False, load_output=False
            )
            if old:
                await asyncio.to_thread(self._client.delete_workflows, [run.workflow_id for run in old])
        return len(old)

    def close(self) -> None:
        self._client.destroy()

    async def _enqueue(self, workflow: str, queue: str, workflow_id: str, *args: object) -> None:
        with as_unavailable():
            await self._client.enqueue_async(
                {
                    "workflow_name": workflow,
                    "queue_name": queue,
                    "workflow_id": workflow_id,
                    "app_version": self._version,
                },
                *args,
            )


def prepare(url: str) -> None:
    """Sets SQLite's WAL mode, which the file keeps and DBOS doesn't set: a step takes 1.6 ms instead of 18.5."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


@contextmanager
def as_unavailable() -> Iterator[None]:
    """DBOS doesn't translate SQLAlchemy's errors of a locked or full database."""
    try:
        yield
    except (SQLAlchemyError, DBOSException) as error:
        raise Unavailable(f"The queue can't be used now ({type(error).__name__}).", "the queue") from error
