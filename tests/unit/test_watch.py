"""Outages end when a look succeeds, what an index lost is noticed, and what DBOS says of an outage is told once."""

from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

from app.adapters.dbos_quiet import Quiet
from app.adapters.memory.indexes import MemoryVectors
from app.services.upkeep.watch import LostIndexes, Watch
from domain.documents import Part
from domain.errors import Unavailable
from domain.ports import IndexName, VectorRow
from system.outages import Outages
from tests.waiting import HANG_S

HOME, AWAY = IndexName("home", "text", "m"), IndexName("away", "text", "m")


def row() -> VectorRow:
    return VectorRow("d.1", "d", "text", np.ones(2, np.float32))


async def test_an_outage_is_over_once_a_look_succeeds() -> None:
    outages, returned, gone = Outages(), list[Part](), [True]

    def look() -> None:
        if gone[0]:
            raise Unavailable("Gone.", "the vector index")

    watch = Watch(outages, {"the vector index": look}, returned.append)
    await watch.once()
    assert list(outages.now()) == ["the vector index"]
    gone[0] = False
    await watch.once()
    await watch.once()
    assert (dict(outages.now()), returned) == ({}, ["the vector index"])


async def test_a_part_that_says_nothing_is_gone_and_holds_one_thread() -> None:
    outages, began, says = Outages(), [0], threading.Event()

    def look() -> None:
        began[0] += 1
        says.wait(HANG_S)

    watch = Watch(outages, {"the catalogue": look}, silent_s=0.05)
    await watch.once()
    await watch.once()
    assert (list(outages.now()), began) == (["the catalogue"], [1])
    says.set()
    while outages.now():
        await watch.once()


def test_an_index_that_vanished_is_noticed_and_a_new_one_is_not() -> None:
    vectors, lost = MemoryVectors(), list[int]()
    look = LostIndexes(vectors, lambda: lost.append(1))
    vectors.add(HOME, [row()])
    look()
    vectors.add(AWAY, [row()])
    look()
    assert lost == []
    vectors.drop_index(HOME)
    look()
    look()
    assert lost == [1]


@pytest.mark.parametrize(
    "said",
    [
        "Exception finding work: (psycopg.OperationalError) connection failed",
        "Database connection failed: x",
        'Notification listener error: connection failed: connection to server at "127.0.0.1", port 5432 failed',
    ],
)
def test_what_dbos_says_of_an_outage_is_told_once(said: str, caplog: pytest.LogCaptureFixture) -> None:
    outages = Outages()
    quiet = Quiet(outages)
    record = logging.LogRecord("dbos", logging.WARNING, "", 1, said, None, None)
    assert not any(quiet.filter(record) for _ in range(50))
    assert list(outages.now()) == ["the catalogue"]
    assert len(caplog.records) == 1


def test_what_dbos_says_else_is_heard() -> None:
    quiet = Quiet(Outages())
    assert quiet.filter(logging.LogRecord("dbos", logging.WARNING, "", 1, "Error executing workflow x: y", None, None))
    assert not quiet.filter(
        logging.LogRecord("dbos", logging.WARNING, "", 1, "Asyncio task cancelled for workflow or step x", None, None)
    )
