"""Runs that a newer version can't replay are not left lying: documents are taken in anew."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from app.adapters.dbos_jobs import DbosJobs
from app.adapters.dbos_worker import DbosWorker
from ingest.pipeline import Pipeline
from tests.waiting import until


class Recorder:
    """Stands for the pipeline: its first version holds every run, its second publishes."""

    describer = None

    def __init__(self, holds: bool) -> None:
        self.holds = holds
        self.began: list[tuple[str, int]] = []
        self.published: list[tuple[str, int]] = []
        self.erased: list[str] = []
        self.dropped: list[str] = []

    async def identify(self, document_id: str, attempt: int, hurried: bool) -> list[tuple[int, int, int]]:
        self.began.append((document_id, attempt))
        while self.holds:
            await asyncio.sleep(0.01)
        return []

    @contextmanager
    def text_comes_first(self) -> Generator[None]:
        yield

    async def waits(self, document_id: str, attempt: int, part: str | None) -> None:
        pass

    async def split(self, document_id: str, attempt: int, *more: object) -> list[int]:
        return []

    async def publish(self, document_id: str, attempt: int, batch: int, left: int) -> None:
        self.published.append((document_id, attempt))

    def erase(self, document_ids: Sequence[str], collection_id: str) -> None:
        self.erased += document_ids

    def drop(self, collection_id: str) -> None:
        self.dropped.append(collection_id)


async def killed_in_the_middle(url: str) -> None:
    """Leaves a run that worked and one that waited."""
    old = Recorder(holds=True)
    worker = DbosWorker(url, "embedded", cast(Pipeline, old), parallel=1, version="1")
    await worker.start()
    with closing(DbosJobs(url, version="1")) as jobs:
        await jobs.ingest("works", 1)
        await until(lambda: old.began == [("works", 1)])
        await jobs.ingest("waits", 1)
    await worker.stop()


async def deleting_without_a_worker(url: str) -> None:
    with closing(DbosJobs(url, version="1")) as jobs:
        await jobs.drop("collection")
        await jobs.forget(["document"], "collection")


async def taken_in_by(version: str, url: str) -> Recorder:
    new = Recorder(holds=False)
    worker = DbosWorker(url, "embedded", cast(Pipeline, new), parallel=1, version=version)
    await worker.start()
    with closing(DbosJobs(url, version=version)) as jobs:
        for name in ("works", "waits"):
            if await jobs.state(name, 1) == "cancelled":
                await jobs.ingest(name, 2)
        if not await jobs.forgetting():
            await jobs.forget(["document"], "collection")
        await until(lambda: bool(len(new.published) == 2 and new.dropped and new.erased))
    await worker.stop()
    return new


@pytest.mark.parametrize(("version", "attempt"), [("1", 1), ("2", 2)])
def test_the_next_version_takes_in_what_the_former_left(tmp_path: Path, version: str, attempt: int) -> None:
    url = f"sqlite:///{tmp_path}/queue.db"
    asyncio.run(killed_in_the_middle(url))
    asyncio.run(deleting_without_a_worker(url))
    new = asyncio.run(taken_in_by(version, url))
    assert sorted(new.began) == sorted(new.published) == [("waits", attempt), ("works", attempt)]
    assert (new.dropped, new.erased) == (["collection"], ["document"])
