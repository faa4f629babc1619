"""What runs beside the service for as long as it lives goes on after whatever broke one round of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.adapters.dbos_jobs import DbosJobs
from app.adapters.memory.catalogue import MemoryCatalogue
from app.services.upkeep.reconcile import keep_lease, tend_for_ever
from app.services.upkeep.repair import Mended, mend_at_start
from domain.errors import Unavailable
from domain.types import Document
from tests.waiting import until

BREAKS = [ZeroDivisionError("a foreign error"), Unavailable("The database is locked.")]


class Breaking(MemoryCatalogue):
    """Its first two rounds break."""

    def __init__(self) -> None:
        super().__init__()
        self.breaks, self.rounds = list(BREAKS), 0

    def unfinished(self) -> tuple[Document, ...]:
        self._round()
        return super().unfinished()

    def hold_lease(self, worker_id: str, seconds: float) -> None:
        self._round()
        super().hold_lease(worker_id, seconds)

    def _round(self) -> None:
        self.rounds += 1
        if self.breaks:
            raise self.breaks.pop(0)


class NothingQueued:
    async def collect(self) -> int:
        return 0


async def until_it_went_on(loop: Coroutine[Any, Any, None], catalogue: Breaking) -> None:
    """A third round comes only if the first two ended no more than themselves."""
    task = asyncio.create_task(loop)
    await until(lambda: catalogue.rounds > 2 or task.done())
    assert not task.done()
    task.cancel()


async def test_tending_goes_on_after_a_foreign_error() -> None:
    catalogue = Breaking()
    await until_it_went_on(tend_for_ever(catalogue, NothingQueued(), every_s=0.01), catalogue)  # type: ignore[arg-type]


async def test_a_lease_is_kept_after_a_foreign_error() -> None:
    catalogue = Breaking()

    async def recover(workers: Sequence[str]) -> None:
        raise AssertionError("nobody's lease expired")

    await until_it_went_on(keep_lease(catalogue, "w", recover, every_s=0.01), catalogue)


async def test_mending_is_tried_again_after_a_foreign_error() -> None:
    breaks = list(BREAKS)

    async def mending() -> Mended:
        if breaks:
            raise breaks.pop()
        return Mended()

    await mend_at_start(mending, again_s=0)
    assert breaks == []


@pytest.fixture
def spoilt(tmp_path: Path) -> Iterator[DbosJobs]:
    """A queue whose database has no tables: no worker ever made them."""
    with closing(DbosJobs(f"sqlite:///{tmp_path}/queue.sqlite")) as jobs:
        yield jobs


async def test_whatever_the_queues_database_raises_is_unavailable(spoilt: DbosJobs) -> None:
    asked = (
        lambda: spoilt.ingest("d", 1),
        lambda: spoilt.forget("d", "c"),
        lambda: spoilt.drop("c"),
        lambda: spoilt.cancel("d", 1),
        lambda: spoilt.state("d", 1),
        lambda: spoilt.forgetting("d"),
        lambda: spoilt.collect(),
    )
    for call in asked:
        with pytest.raises(Unavailable, match="The queue can't be used now"):
            await call()
