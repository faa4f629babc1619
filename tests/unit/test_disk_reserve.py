"""Deletions go on when the disk is full: with room that is kept for them, or with a sentence that says what helps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.services.library import Library
from domain.documents import Document
from domain.errors import DiskFull, Gone, Unavailable
from domain.ports import Jobs
from system.disk_reserve import PLENTY, DiskReserve


class FullQueue:
    def __getattr__(self, verb: str) -> Any:
        async def refuse(*_: object) -> None:
            raise Unavailable("The queue can't be used now: the disk is full.")

        return refuse


@pytest.fixture
def catalogue(tmp_path: Path) -> SqlCatalogue:
    catalogue = SqlCatalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")
    home = catalogue.collections.find("default").id
    for name in ("a", "b"):
        catalogue.documents.record(Document(name, home, "default", name, "t", 1, name, "queued", datetime.now(UTC)))
    return catalogue


def library(catalogue: SqlCatalogue, give_room: Callable[[], bool]) -> Library:
    nothing = cast(Any, None)
    return Library(catalogue.collections, catalogue.documents, catalogue.runs, catalogue.erasure,
                   cast(Jobs, FullQueue()), nothing, nothing, give_room)  # fmt: skip


class FullDisk:
    """Deletions fail as they do on a full disk, until there is room."""

    def __init__(self, catalogue: SqlCatalogue, reserve: bool) -> None:
        self.room, self.reserve = False, reserve
        self._delete = catalogue.erasure.delete
        self.collections, self.documents, self.runs = catalogue.collections, catalogue.documents, catalogue.runs
        self.erasure = self

    def delete(self, document_id: str) -> tuple[Document, ...]:
        if not self.room:
            raise DiskFull("The catalogue doesn't answer now: the disk is full.")
        return self._delete(document_id)

    def give_room(self) -> bool:
        self.room = given = self.reserve
        return given


async def test_on_a_full_disk_a_deletion_takes_the_room_that_is_kept(catalogue: SqlCatalogue) -> None:
    disk = FullDisk(catalogue, reserve=True)
    await library(cast(SqlCatalogue, disk), disk.give_room).delete("a")
    with pytest.raises(Gone):
        catalogue.documents.find("a")


async def test_a_deleted_collection_is_gone_though_the_queue_can_not_be_told(catalogue: SqlCatalogue) -> None:
    catalogue.collections.create("other", {})
    await library(catalogue, lambda: False).delete_collection("other")
    assert [one.name for one in catalogue.collections.page(9).items] == ["default"]


async def test_without_room_it_is_said_what_helps(catalogue: SqlCatalogue) -> None:
    disk = FullDisk(catalogue, reserve=False)
    with pytest.raises(DiskFull, match=r"free some megabytes .* and delete again"):
        await library(cast(SqlCatalogue, disk), disk.give_room).delete("a")
    assert catalogue.documents.find("a").status == "queued"


def test_a_full_database_is_a_full_disk(catalogue: SqlCatalogue) -> None:
    engine: Engine = catalogue.database._writing_engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match="the disk is full"):
        catalogue.collections.create("large", {"a": "x" * 1_000_000})


def test_room_is_kept_given_up_once_and_kept_again(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path / "reserve", size=4096)
    assert reserve.give_up() is False
    for _ in range(2):
        reserve.keep()
        reserve.keep()
        assert (tmp_path / "reserve").stat().st_size == 4096
        assert (tmp_path / "reserve").stat().st_mode & 0o777 == 0o600
        assert reserve.give_up() is True
        assert not (tmp_path / "reserve").exists()


def test_on_a_disk_that_is_nearly_full_no_room_is_taken(tmp_path: Path) -> None:
    DiskReserve(tmp_path / "reserve", size=2**60 // PLENTY).keep()
    assert not (tmp_path / "reserve").exists()
