"""What every store of traces keeps to: the SQL one and its twin in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.traces import SqlTraces
from app.adapters.memory.traces import MemoryTraces
from domain.errors import Missing
from domain.ports import Traces
from domain.searches import Dropped, Hit, Outcome, Shown, Trace, TraceStep, Understood, Vote

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Traces]]:
    database = Database(f"sqlite:///{tmp_path}/catalogue.db")
    opened: list[Traces] = []

    def opening(now: datetime = NOON, most: int = 3, days: int = 7) -> Traces:
        if request.param == "memory":
            opened.append(MemoryTraces(most, days, lambda: now))
        else:
            opened.append(SqlTraces(database, most, days, lambda: now))
        return opened[-1]

    yield opening
    for one in opened:
        one.close()
    database.close()


def trace(id: str, at: datetime = NOON) -> Trace:
    query = Understood(
        "and then?", "what then", "it leans", "zh", True, ("a", "b"), ("text",), {"page": {"gte": 3}}, 4, 8
    )
    hit = Hit("d.1", 0.5, {"words": 1})
    return Trace(
        id,
        at,
        "caller",
        query,
        (Vote("words", True, "", 1, 0.5), Vote("image", False, "why")),
        (TraceStep("words", 0.5, (hit,)), TraceStep("fuse", 0.1, (hit,), {"weights": {"words": 0.6}})),
        (Shown("d.1", 0.5, {"words": 1}),),
        (Dropped("e.1", "its document was deleted"),),
        {"retrieve": 1.5},
        Outcome("grounded", 0.9, "m", ("d.1",), ("images_left_out",)),
    )


def test_a_trace_comes_back_as_it_was(make: Callable[..., Traces]) -> None:
    traces = make()
    traces.keep([trace("a")])
    assert traces.find("a") == trace("a")


def test_kept_again_it_replaces_the_former(make: Callable[..., Traces]) -> None:
    traces = make()
    traces.keep([trace("a")])
    traces.keep([trace("a", NOON - timedelta(hours=1))])
    assert traces.find("a").at == NOON - timedelta(hours=1)


def test_the_oldest_beyond_the_number_are_forgotten(make: Callable[..., Traces]) -> None:
    traces = make()
    traces.keep([trace(str(n), NOON + timedelta(seconds=n)) for n in range(5)])
    with pytest.raises(Missing):
        traces.find("1")
    assert [traces.find(one).id for one in "234"] == ["2", "3", "4"]


def test_after_some_days_they_are_forgotten(make: Callable[..., Traces]) -> None:
    traces = make()
    traces.keep([trace("old", NOON - timedelta(days=8)), trace("new")])
    traces.keep([trace("newer")])
    with pytest.raises(Missing):
        traces.find("old")
    assert traces.find("new").id == "new"


def test_none_are_kept_where_none_are_wanted(make: Callable[..., Traces]) -> None:
    traces = make(most=0)
    traces.keep([trace("a")])
    with pytest.raises(Missing):
        traces.find("a")


def test_they_outlive_the_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    first = Database(url)
    SqlTraces(first, now=lambda: NOON).keep([trace("a")])
    first.close()
    second = Database(url)
    assert SqlTraces(second, now=lambda: NOON).find("a") == trace("a")
    second.close()
