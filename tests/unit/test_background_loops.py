"""What runs beside the service for as long as it lives goes on after whatever broke one round of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.documents import SqlDocuments
from app.adapters.dbos_jobs import DbosJobs
from app.services.upkeep.reconcile import reconcile_for_ever
from app.services.upkeep.repair import Repaired, repair_at_start
from domain.documents import Document
from domain.errors import Unavailable
from tests.catalogues import fresh_catalogue
from tests.waiting import until

BREAKS = [ZeroDivisionError("a foreign error"), Unavailable("The database is locked.")]


class Breaking:
    """The first two rounds break."""

    def __init__(self) -> None:
        self.breaks, self.rounds = list(BREAKS), 0

    def __call__(self) -> None:
        self.rounds += 1
        if self.breaks:
            raise self.breaks.pop(0)


class BreakingDocuments(SqlDocuments):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.round = Breaking()

    def unfinished(self) -> tuple[Document, ...]:
        self.round()
        return super().unfinished()


class NothingQueued:
    async def collect(self) -> int:
        return 0


async def until_it_went_on(loop: Coroutine[Any, Any, None], round: Breaking) -> None:
    """A third round comes only if the first two ended no more than themselves."""
    task = asyncio.create_task(loop)
    await until(lambda: round.rounds > 2 or task.done())
    assert not task.done()
    task.cancel()


async def test_reconciling_goes_on_after_a_foreign_error() -> None:
    catalogue = fresh_catalogue()
    catalogue.documents = documents = BreakingDocuments(catalogue.database)
    reconciling = reconcile_for_ever(catalogue, NothingQueued(), every_s=0.01)  # type: ignore[arg-type]
    await until_it_went_on(reconciling, documents.round)


async def test_repairing_is_tried_again_after_a_foreign_error() -> None:
    breaks = list(BREAKS)

    async def repairing() -> Repaired:
        if breaks:
            raise breaks.pop()
        return Repaired()

    await repair_at_start(repairing, again_s=0)
    assert breaks == []


@pytest.fixture
def spoilt(tmp_path: Path) -> Iterator[DbosJobs]:
    """A queue whose database has no tables: no worker ever made them."""
    with closing(DbosJobs(f"sqlite:///{tmp_path}/queue.sqlite")) as jobs:
        yield jobs


async def test_whatever_the_queues_database_raises_is_unavailable(spoilt: DbosJobs) -> None:
    asked = (
        lambda: spoilt.ingest("d", 1),
        lambda: spoilt.forget(["d"], "c"),
        lambda: spoilt.drop("c"),
        lambda: spoilt.cancel("d", 1),
        lambda: spoilt.state("d", 1),
        lambda: spoilt.forgetting(),
        lambda: spoilt.collect(),
    )
    for call in asked:
        with pytest.raises(Unavailable, match="The queue can't be used now"):
            await call()
