"""The in-memory twin of the durable queue: runs each document as a task of the event loop, and forgets at exit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from domain.documents import Part
from domain.errors import unexpected
from domain.ports import ALONE, RunState, Share
from ingest.lanes import HURRIED_PICTURES, SLICE_S
from ingest.pipeline import Pipeline, Step, ingest, recognise_pictures
from ingest.progress import Waiting
from ingest.reindex import Reindexer, reindex
from system.outages import Outages
from system.patience import Patience, Pauses

T = TypeVar("T")
Key = tuple[str, int]
REINDEX = 0  # in place of an attempt, which are counted from 1
PAUSES = Pauses(first_s=0.01, longest_s=0.1)
log = logging.getLogger(__name__)


class MemoryJobs:
    """Works off what it is given at once, `parallel` documents at a time."""

    def __init__(
        self,
        pipeline: Pipeline,
        parallel: int = 2,
        keep: timedelta = timedelta(days=1),
        reindexer: Reindexer | None = None,
        slice_s: float = SLICE_S,
    ) -> None:
        self._pipeline = pipeline
        self._slice_s = slice_s
        self._reindexer = reindexer
        self._keep = keep
        self._room, self._room_for_large = asyncio.Semaphore(parallel), asyncio.Semaphore(parallel)
        self._room_for_pictures = {large: asyncio.Semaphore(parallel) for large in (True, False)}
        self._runs: dict[Key, asyncio.Task[None]] = {}
        self._ended: dict[Key, float] = {}
        self._one_reindexing = asyncio.Lock()
        self._one_chore = asyncio.Lock()
        self._chores: dict[asyncio.Task[None], tuple[str, ...]] = {}  # and the documents that are erased

    async def ingest(self, document_id: str, attempt: int, share: Share = ALONE) -> None:
        self._run((document_id, attempt), self._ingest, document_id, attempt)

    async def describe(self, document_id: str, attempt: int) -> None:
        self._run((document_id, attempt), self._describe, document_id, attempt)

    async def forget(self, document_ids: Sequence[str], collection_id: str) -> None:
        self._later(tuple(document_ids), "erase", self._pipeline.erase, document_ids, collection_id)

    async def drop(self, collection_id: str) -> None:
        self._later((), "drop", self._pipeline.drop, collection_id)

    async def reindex(self, collection_id: str, reindex_id: str) -> None:
        self._run((reindex_id, REINDEX), self._reindex, collection_id, reindex_id)

    async def reindex_state(self, reindex_id: str) -> RunState:
        return await self.state(reindex_id, REINDEX)

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

    async def forgetting(self) -> frozenset[str]:
        return frozenset(document_id for about in self._chores.values() for document_id in about)

    async def collect(self) -> int:
        return self._collect(self._keep)

    async def compact(self) -> None:
        self._collect(timedelta())

    def _collect(self, keep: timedelta) -> int:
        before = time.monotonic() - keep.total_seconds()
        old = [key for key, ended in self._ended.items() if ended <= before]
        for key in old:
            del self._runs[key], self._ended[key]
        return len(old)

    async def close(self) -> None:
        tasks = [*self._runs.values(), *self._chores]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ingest(self, document_id: str, attempt: int) -> None:
        patient = self._step_of(document_id, attempt)
        try:
            async with self._room:
                left = await ingest(self._pipeline, patient, document_id, attempt)
            while left.large:
                async with self._room_for_large:
                    left = await ingest(self._pipeline, patient, document_id, attempt, left.so_far, self._slice_s)
            waiting = left.pictures
            while waiting is not None:
                large = waiting.pages > HURRIED_PICTURES
                slice_s = self._slice_s if large else None
                async with self._room_for_pictures[large]:
                    waiting = await recognise_pictures(self._pipeline, patient, document_id, attempt, waiting, slice_s)
        except Exception as error:  # the job runner: whatever it was, the document must not stay `running`
            log.exception("a document's run failed", extra={"document": document_id, "attempt": attempt})
            await step("fail", self._pipeline.fail, document_id, attempt, unexpected(error))

    async def _reindex(self, collection_id: str, reindex_id: str) -> None:
        if self._reindexer is None:
            return
        try:
            async with self._one_reindexing:
                await reindex(self._reindexer, step, collection_id, reindex_id)
        except Exception as error:  # the job runner: the collection must not be on its way for ever
            log.exception("re-embedding a collection failed", extra={"collection": collection_id})
            await step("fail", self._reindexer.fail, collection_id, reindex_id, unexpected(error))

    async def _describe(self, document_id: str, attempt: int) -> None:
        await recognise_pictures(self._pipeline, self._step_of(document_id, attempt), document_id, attempt, Waiting(()))

    def _step_of(self, document_id: str, attempt: int) -> Step:
        patience, tell = Patience(Outages(), PAUSES), partial(self._pipeline.waits, document_id, attempt)

        async def patient(name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
            return await patience.until_done(tell, stage, *args)

        return patient

    def _run(self, key: Key, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Once; the same key again is the same run."""
        if key not in self._runs:
            self._runs[key] = asyncio.create_task(work(*args))
            self._runs[key].add_done_callback(lambda _: self._ended.update({key: time.monotonic()}))

    def _later(self, about: tuple[str, ...], name: str, chore: Callable[..., None], *args: Any) -> None:
        """Has it done behind the caller's back, in turn with the other chores."""

        async def in_thread(*args: Any) -> None:
            await asyncio.to_thread(chore, *args)

        async def done() -> None:
            async with self._one_chore:
                try:
                    await step(name, in_thread, *args)
                except Exception:  # the job runner: nobody awaits this; who wants it done asks again
                    log.exception("a chore failed", extra={"chore": name, "about": about})

        task = asyncio.create_task(done())
        self._chores[task] = about
        task.add_done_callback(self._chores.pop)


async def step(name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    return await Patience(Outages(), PAUSES).until_done(_nobody, stage, *args)


async def _nobody(part: Part | None) -> None:
    """No document waits."""
