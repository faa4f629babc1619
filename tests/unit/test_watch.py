"""Outages end when a look succeeds, what an index lost is noticed, and what DBOS says of an outage is told once."""

from __future__ import annotations

import logging
import threading
from typing import get_args

import numpy as np
import pytest

from app.adapters.dbos_quiet import Quiet
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.vectors.kept import KeptInBlobs
from app.compose.workers import looks_at
from app.services.upkeep.watch import Look, LostIndexes, Watch
from app.settings import LanguageModel, Settings
from domain.documents import Part
from domain.errors import ModelUnavailable, Unavailable
from domain.ports import IndexName, VectorRow
from ingest.stores import Stores
from system.outages import Outages
from tests.catalogues import fresh_catalogue
from tests.contract.openai_server import OpenAIServer, said
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


def looks(outages: Outages, llm: LanguageModel) -> dict[Part, Look]:
    blobs = MemoryBlobs()
    stores = Stores(fresh_catalogue(), blobs, KeptInBlobs(blobs), MemoryVectors(), MemoryWords())
    return looks_at(Settings(_env_file=None, llm=llm), stores, lambda: None, outages)  # type: ignore[call-arg]


async def test_an_outage_of_any_part_ends() -> None:
    outages = Outages()
    for part in get_args(Part):
        outages.failed(part, "it was away")
    await Watch(outages, looks(outages, LanguageModel())).once()
    assert outages.now() == {}


async def test_an_outage_of_the_language_model_is_over_once_its_server_answers() -> None:
    outages, states = Outages(), list[list[Part]]()
    with OpenAIServer(said()) as server:
        with OpenAIServer(said()) as closed:
            gone = closed.url
        outages.noticed(ModelUnavailable("no language model answers"))
        for url in (gone, server.url, server.url):
            await Watch(outages, looks(outages, LanguageModel(url=url))).once()
            states.append(list(outages.now()))
    assert (states, server.lists_asked) == ([["the language model"], [], []], 1)  # while it is there, it is not asked


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
