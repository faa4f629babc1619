"""The in-memory twin of the durable queue: runs each document as a task of the event loop, and forgets at exit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app.domain.errors import Unavailable
from app.domain.ports import RunState
from ingest.pipeline import Pipeline, ingest

T = TypeVar("T")
Key = tuple[str, int]
log = logging.getLogger(__name__)


class MemoryJobs:
    """Works off what it is given at once, `parallel` documents at a time."""

    def __init__(self, pipeline: Pipeline, parallel: int = 2) -> None:
        self._pipeline = pipeline
        self._room = asyncio.Semaphore(parallel)
        self._runs: dict[Key, asyncio.Task[None]] = {}
        self._erasing: dict[str, asyncio.Task[None]] = {}

    async def ingest(self, document_id: str, attempt: int) -> None:
        key = (document_id, attempt)
        if key not in self._runs:
            self._runs[key] = asyncio.create_task(self._ingest(document_id, attempt))

    async def forget(self, document_id: str, collection_id: str) -> None:
        erasing = asyncio.to_thread(self._pipeline.erase, document_id, collection_id)
        self._erasing[document_id] = asyncio.create_task(erasing)

    async def drop(self, collection_id: str) -> None:
        await asyncio.to_thread(self._pipeline.drop, collection_id)

    async def cancel(self, document_id: str, attempt: int) -> None:
        if run := self._runs.get((document_id, attempt)):
            run.cancel()

    async def state(self, document_id: str, attempt: int) -> RunState:
        run = self._runs.get((document_id, attempt))
        if run is None:
            return "unknown"
        if not run.done():
            return "live"
        if run.cancelled():
            return "cancelled"
        return "broken" if run.exception() else "done"

    async def forgetting(self, document_id: str) -> bool:
        erasing = self._erasing.get(document_id)
        return erasing is not None and not erasing.done()

    async def collect(self) -> int:
        done = [key for key, run in self._runs.items() if run.done()]
        for key in done:
            del self._runs[key]
        return len(done)

    async def close(self) -> None:
        tasks = [*self._runs.values(), *self._erasing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ingest(self, document_id: str, attempt: int) -> None:
        async with self._room:
            try:
                await ingest(self._pipeline, step, document_id, attempt)
            except Exception as error:  # the job runner: whatever it was, the document must not stay `running`
                log.exception("a document's run broke", extra={"document": document_id})
                why = f"Something went wrong inside Exhibit ({type(error).__name__}); the log has the details."
                await self._pipeline.fail(document_id, attempt, why)


async def step(name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any, tries: int = 3) -> T:
    """Runs a stage; an outside that is unavailable for a moment is tried again."""
    for again in range(tries - 1):
        try:
            return await stage(*args)
        except Unavailable:
            await asyncio.sleep(0.01 * 2**again)
    return await stage(*args)
