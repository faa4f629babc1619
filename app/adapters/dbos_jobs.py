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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOSClient, EnqueueOptions
from dbos._error import DBOSException
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.catalogue.database import is_full, make_private, vacuum
from app.adapters.shares import Shares
from domain import errors
from domain.errors import DiskFull, Unavailable
from domain.ports import ALONE, RunState, Share
from ingest.progress import Waiting

APPLICATION_VERSION = "3"
QUEUE = "ingest"
LARGE = "large"  # documents, in slices: a queue of their own, so that small ones don't wait for them
PICTURES = "pictures"  # of documents whose text is searchable: a queue of their own, so that text comes first
LARGE_PICTURES = "large-pictures"
HOUSEKEEPING = "housekeeping"
REINDEX = "reindex"
NAME = "exhibit"
CLIENT_CONNECTIONS, WORKER_CONNECTIONS = 4, 8  # to Postgres
LIVE = ["ENQUEUED", "PENDING", "DELAYED"]
SLICES_AT_ONCE = 8  # looked for at once, and of a longer run twice as many, and so on

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


def slice_id(document_id: str, attempt: int, number: int) -> str:
    """A slice of a large document, enqueued by the one before; the first by the run that found it to be large."""
    return f"large-{document_id}-{attempt}-{number}"


def pictures_id(document_id: str, attempt: int, number: int = 0) -> str:
    """The second half of a run, enqueued by the first; of a large document it is cut into slices too."""
    return f"pictures-{document_id}-{attempt}-{number}" if number else f"pictures-{document_id}-{attempt}"


def ids_of(document_id: str, attempt: int, most: int) -> list[str]:
    """The ids that the runs of an attempt may have, in the order in which they come about, half by half."""
    slices = [slice_id(document_id, attempt, number) for number in range(most)]
    pictures = [pictures_id(document_id, attempt, number) for number in range(most)]
    return [run_id(document_id, attempt), *slices, *pictures]


def reindex_run(reindex_id: str) -> str:
    return f"reindex-{reindex_id}"


class DbosJobs:
    """Needs no launched DBOS, so a process that only serves the API can use it."""

    def __init__(self, url: str, keep: timedelta = timedelta(days=1), version: str = APPLICATION_VERSION) -> None:
        prepare(url)
        self._url = url
        self._keep = keep  # how long finished runs are kept
        self._version = version
        self._shares = Shares()
        # A request does not wait for a server that is gone: it is answered with 503.
        self._client = DBOSClient(
            system_database_url=url,
            application_name=NAME,
            system_database_pool_size=CLIENT_CONNECTIONS,
            retry_connection_errors=False,
        )

    async def ingest(self, document_id: str, attempt: int, share: Share = ALONE) -> None:
        priority = self._shares.priority(share.flow, share.place)
        args = (document_id, attempt, share.flow)
        await self._enqueue("ingest", QUEUE, run_id(document_id, attempt), *args, priority=priority)

    async def describe(self, document_id: str, attempt: int) -> None:
        """A run of pictures without any that are still to be recognised."""
        args = (document_id, attempt, "", 0, Waiting(()).stored())
        await self._enqueue("pictures", PICTURES, pictures_id(document_id, attempt), *args)

    async def forget(self, document_ids: Sequence[str], collection_id: str) -> None:
        await self._enqueue("forget", HOUSEKEEPING, f"forget-{uuid.uuid4().hex}", list(document_ids), collection_id)

    async def drop(self, collection_id: str) -> None:
        await self._enqueue("drop", HOUSEKEEPING, f"drop-{collection_id}-{uuid.uuid4().hex}", collection_id)

    async def reindex(self, collection_id: str, reindex_id: str) -> None:
        await self._enqueue("reindex", REINDEX, reindex_run(reindex_id), collection_id, reindex_id)

    async def reindex_state(self, reindex_id: str) -> RunState:
        run = reindex_run(reindex_id)
        return (await self._states([run])).get(run, "unknown")

    async def cancel(self, document_id: str, attempt: int) -> None:
        with as_unavailable():
            for run, status in (await self._runs(document_id, attempt)).items():
                if status in LIVE:
                    await self._client.cancel_workflow_async(run)

    async def state(self, document_id: str, attempt: int) -> RunState:
        """`unknown`: never enqueued, or removed since. The state of the latest of its runs."""
        with as_unavailable():
            runs = await self._runs(document_id, attempt)
        states = [STATES.get(status, "unknown") for status in runs.values()]
        return "live" if "live" in states else states[-1] if states else "unknown"

    async def _runs(self, document_id: str, attempt: int) -> dict[str, str]:
        """The status of each, in the order in which they came about."""
        most, found = 0, dict[str, str]()
        while len(found) >= most:  # else there are no more than were looked for
            most = max(SLICES_AT_ONCE, 2 * most)
            ids = ids_of(document_id, attempt, most)
            rows = await self._client.list_workflows_async(workflow_ids=ids, load_input=False, load_output=False)
            statuses = {row.workflow_id: row.status for row in rows}
            found = {run: statuses[run] for run in ids if run in statuses}
        return found

    async def _states(self, runs: list[str]) -> dict[str, RunState]:
        with as_unavailable():
            found = await self._client.list_workflows_async(workflow_ids=runs, load_input=False, load_output=False)
        return {run.workflow_id: STATES.get(run.status, "unknown") for run in found}

    async def forgetting(self) -> frozenset[str]:
        """The documents whose erasing is queued or running."""
        with as_unavailable():
            found = await self._client.list_workflows_async(name="forget", status=LIVE, load_output=False)
        return frozenset(document_id for run in found if run.input for document_id in run.input["args"][0])

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
        with as_unavailable():
            old = await self._client.list_workflows_async(
                completed_before=before, limit=1000, load_input=False, load_output=False
            )
            if old:
                await asyncio.to_thread(self._client.delete_workflows, [run.workflow_id for run in old])
        return len(old)

    def close(self) -> None:
        self._client.destroy()

    async def _enqueue(
        self, workflow: str, queue: str, workflow_id: str, *args: object, priority: int | None = None
    ) -> None:
        options: EnqueueOptions = {
            "workflow_name": workflow,
            "queue_name": queue,
            "workflow_id": workflow_id,
            "app_version": self._version,
        }
        if priority is not None:
            options["priority"] = priority
        with as_unavailable():
            await self._client.enqueue_async(options, *args)


def prepare(url: str) -> None:
    """A file that only its owner reads: it holds names of documents. In SQLite's WAL mode, which the file keeps and
    DBOS doesn't set: a step takes 1.6 ms instead of 18.5."""
    if url.startswith("sqlite:///"):
        file = Path(url.removeprefix("sqlite:///"))
        make_private(file)
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()


@contextmanager
def as_unavailable() -> Iterator[None]:
    """DBOS doesn't translate SQLAlchemy's errors of a locked or full database."""
    try:
        yield
    except (SQLAlchemyError, DBOSException) as error:
        if is_full(error):
            raise DiskFull("The queue can't be used now: the disk is full.") from error
        raise Unavailable(f"The queue can't be used now ({type(error).__name__}).") from error
