"""What every queue keeps to: a run for each document and attempt, once, and none for what was cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from app.adapters.dbos_jobs import DbosJobs
from app.adapters.dbos_worker import POLLS, DbosWorker
from app.adapters.memory.jobs import MemoryJobs
from domain.errors import Unavailable, Unreadable
from domain.ports import Jobs
from ingest.pipeline import Pipeline
from ingest.reindex import ChunkRange, Reindexer
from system.patience import Pauses
from tests.waiting import HANG_S, becomes, until

PARALLEL = 2
NONE: frozenset[str] = frozenset()
BATCHES, SLICE_S = 5, 1.0  # of a large document; each of its batches takes a whole slice
PAUSES = Pauses(first_s=0.01, longest_s=0.1)
LONGER_THAN_THE_POLL_S = 0.6  # for what is not to happen: a slow machine only proves less by it


class Recorder:
    """Stands for the pipeline: notes its calls, and holds runs in their first stage until they are let go.

    DBOS runs it on an event loop of its own, so it shares no asyncio objects with the test.
    """

    describer = None

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.began: Counter[tuple[str, int]] = Counter()
        self.published: Counter[tuple[str, int]] = Counter()
        self.failed: dict[str, str] = {}
        self.erased: list[tuple[str, str]] = []
        self.dropped: list[str] = []
        self.stopped: list[str] = []
        self.active = self.most_active = 0
        self.errors: list[Exception] = []
        self.cannot_fail = False
        self.with_pictures = False
        self.described: Counter[tuple[str, int]] = Counter()
        self.show = threading.Event()
        self.show.set()
        self.large_may = threading.Event()
        self.large_may.set()
        self.found_large: list[str] = []
        self.parsed: list[str] = []
        self.told: list[tuple[str, int, str | None]] = []

    async def identify(self, document_id: str, attempt: int, hurried: bool) -> list[tuple[int, int, int]] | None:
        if hurried and document_id.startswith("large"):
            self.found_large.append(document_id)
            return None
        self.began[document_id, attempt] += 1
        if self.errors:
            raise self.errors.pop()
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            while not self.go.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.stopped.append(document_id)
            raise
        finally:
            self.active -= 1
        if document_id.startswith("large"):
            return [(n, n + 1, n + 1) for n in range(BATCHES)]
        return [(0, 1, 1)] if self.with_pictures else []

    async def waits(self, document_id: str, attempt: int, part: str | None) -> None:
        self.told.append((document_id, attempt, part))

    async def next_batch(self, document_id: str, attempt: int) -> int:
        return 1

    async def to_caption(self, document_id: str, attempt: int, first: int) -> int:
        return 0

    async def parse(self, document_id: str, attempt: int, *more: object) -> tuple[int, int, float, bool]:
        self.parsed.append(document_id)
        try:
            while document_id.startswith("large") and not self.large_may.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.stopped.append(document_id)
            raise
        return 0, int(self.with_pictures), SLICE_S, False

    async def describe(self, document_id: str, attempt: int, *more: object) -> tuple[float, bool]:
        self.described[document_id, attempt] += 1
        try:
            while not self.show.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.stopped.append(document_id)
            raise
        return 1.0, False

    async def split_pictures(self, document_id: str, attempt: int, *more: object) -> list[int]:
        return []

    @contextmanager
    def text_comes_first(self) -> Generator[None]:
        yield

    async def split(self, document_id: str, attempt: int, *more: object) -> list[int]:
        return []

    async def publish(self, document_id: str, attempt: int, batch: int, left: int) -> None:
        self.published[document_id, attempt] += 1

    async def fail(self, document_id: str, attempt: int, why: str) -> None:
        if self.cannot_fail:
            raise RuntimeError("the catalogue is gone")
        self.failed[document_id] = why

    def erase(self, document_ids: Sequence[str], collection_id: str) -> None:
        self.erased += [(document_id, collection_id) for document_id in document_ids]
        if self.errors:
            raise self.errors.pop()
        self.go.wait(HANG_S)

    def drop(self, collection_id: str) -> None:
        self.dropped.append(collection_id)
        if self.errors:
            raise self.errors.pop()


class Again:
    """Stands for the reindexer: collections of two parts, and held in the second until they are let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.looked: Counter[str] = Counter()
        self.embedded: list[tuple[str, int]] = []
        self.tidied: list[str] = []
        self.failed: dict[str, str] = {}
        self.errors: list[Exception] = []

    async def begin(self, collection_id: str, reindex_id: str) -> None:
        if self.errors:
            raise self.errors.pop()

    async def look(self, collection_id: str, reindex_id: str) -> list[tuple[object, ...]]:
        self.looked[collection_id] += 1
        return [("doc", 1, 1, 0, 0, 7, False), ("doc", 1, 1, 0, 7, 3, True)] if self.looked[collection_id] == 1 else []

    async def embed(self, collection_id: str, reindex_id: str, part: ChunkRange, done: int) -> int:
        while part.last and not self.go.is_set():
            await asyncio.sleep(0.01)
        self.embedded.append((collection_id, done))
        return part.chunks

    async def switch(self, collection_id: str, reindex_id: str) -> bool:
        return True

    async def tidy(self, collection_id: str) -> None:
        self.tidied.append(collection_id)

    async def fail(self, collection_id: str, reindex_id: str, why: str) -> None:
        self.failed[collection_id] = why


@pytest.fixture
def pipeline() -> Recorder:
    return Recorder()


@pytest.fixture
def again() -> Again:
    return Again()


@pytest.fixture
def keep() -> timedelta:
    """For how long finished runs are remembered; a test's own parameter overrides it."""
    return timedelta(days=1)


@pytest.fixture(params=["memory", "dbos"])
async def jobs(
    request: pytest.FixtureRequest, tmp_path: Path, pipeline: Recorder, keep: timedelta, again: Again
) -> AsyncIterator[Jobs]:
    stages, reindexer = cast(Pipeline, pipeline), cast(Reindexer, again)
    if request.param == "memory":
        in_memory = MemoryJobs(stages, PARALLEL, keep, reindexer, SLICE_S)
        yield in_memory
        pipeline.go.set()
        again.go.set()
        await in_memory.close()
        return
    url = f"sqlite:///{tmp_path}/queue.db" if request.param == "dbos" else request.getfixturevalue("postgres_database")
    worker = DbosWorker(
        url, "contract", stages, PARALLEL, reindexer=reindexer, slice_s=SLICE_S, pauses=PAUSES, polls=POLLS
    )
    queue = DbosJobs(url, keep)
    await worker.start()
    yield queue
    pipeline.go.set()
    again.go.set()
    await worker.stop()
    queue.close()


async def test_a_document_is_taken_in_once(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.published == {("doc", 1): 1}


async def test_the_same_attempt_enqueued_twice_is_one_run(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    await asyncio.gather(jobs.ingest("doc", 1), jobs.ingest("doc", 1))
    await until(lambda: bool(pipeline.began))
    await jobs.ingest("doc", 1)
    pipeline.go.set()
    await becomes("done", lambda: jobs.state("doc", 1))
    await jobs.ingest("doc", 1)  # also after it is done
    await asyncio.sleep(LONGER_THAN_THE_POLL_S)
    assert pipeline.began == {("doc", 1): 1}


async def test_pictures_are_read_after_the_text_by_a_run_that_stays_live(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.with_pictures = True
    pipeline.show.clear()
    await jobs.ingest("doc", 1)
    await until(lambda: pipeline.described == {("doc", 1): 1})
    assert pipeline.published == {("doc", 1): 1}
    assert await jobs.state("doc", 1) == "live"
    pipeline.show.set()
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.published == {("doc", 1): 2}


async def test_pictures_hold_up_no_text(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.with_pictures = True
    pipeline.show.clear()
    for number in range(PARALLEL + 2):
        await jobs.ingest(f"doc{number}", 1)
    await until(lambda: len(pipeline.published) == PARALLEL + 2)
    await until(lambda: len(pipeline.described) == PARALLEL)
    pipeline.show.set()
    await until(lambda: sum(pipeline.published.values()) == 2 * (PARALLEL + 2))


async def test_cancelled_while_its_pictures_are_read_it_stops_too(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.with_pictures = True
    pipeline.show.clear()
    await jobs.ingest("doc", 1)
    await until(lambda: bool(pipeline.described))
    await jobs.cancel("doc", 1)
    await until(lambda: pipeline.stopped == ["doc"])
    await becomes("cancelled", lambda: jobs.state("doc", 1))


async def test_small_documents_pass_large_ones_however_many_wait(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.large_may.clear()
    for number in range(PARALLEL + 3):
        await jobs.ingest(f"large{number}", 1)
    await until(lambda: len(pipeline.parsed) == PARALLEL)
    await jobs.ingest("small", 1)
    await becomes("done", lambda: jobs.state("small", 1))
    assert pipeline.published == {("small", 1): 1}
    assert await jobs.state("large0", 1) == "live"
    pipeline.large_may.set()
    await until(lambda: len(pipeline.published) == PARALLEL + 4)


async def test_large_documents_take_turns_slice_by_slice(jobs: Jobs, pipeline: Recorder) -> None:
    names = [f"large{number}" for number in range(PARALLEL + 2)]
    pipeline.large_may.clear()
    for name in names:
        await jobs.ingest(name, 1)
    await until(lambda: len(pipeline.parsed) == PARALLEL and len(pipeline.found_large) == len(names))
    assert {await jobs.state(name, 1) for name in names} == {"live"}
    await asyncio.sleep(LONGER_THAN_THE_POLL_S)  # until all wait among the large ones
    pipeline.large_may.set()
    await until(lambda: len(pipeline.published) == len(names))
    assert sorted(pipeline.parsed) == sorted(names * BATCHES)  # each slice went on where the one before ended
    last = max(pipeline.parsed.index(name) for name in names)
    assert Counter(pipeline.parsed[: last + 1]).most_common(1)[0][1] < BATCHES  # all began before one was done
    for name in names:
        await becomes("done", partial(jobs.state, name, 1))


async def test_a_cancelled_large_document_makes_room_for_the_next(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.large_may.clear()
    for number in range(PARALLEL + 1):
        await jobs.ingest(f"large{number}", 1)
    await until(lambda: len(pipeline.parsed) == PARALLEL)
    first = pipeline.parsed[0]
    await jobs.cancel(first, 1)
    await until(lambda: pipeline.stopped == [first])
    await becomes("cancelled", lambda: jobs.state(first, 1))
    await until(lambda: len(pipeline.parsed) == PARALLEL + 1)
    pipeline.large_may.set()
    await until(lambda: len(pipeline.published) == PARALLEL)


async def test_another_attempt_is_another_run(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    await jobs.ingest("doc", 2)
    await becomes("done", lambda: jobs.state("doc", 2))
    assert pipeline.published == {("doc", 1): 1, ("doc", 2): 1}


async def test_what_was_never_enqueued_is_unknown(jobs: Jobs) -> None:
    assert await jobs.state("doc", 1) == "unknown"
    await jobs.cancel("doc", 1)  # is no error
    assert await jobs.state("doc", 1) == "unknown"
    assert not await jobs.forgetting()


async def test_a_run_is_live_while_it_waits_and_while_it_works(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    for number in range(PARALLEL + 1):
        await jobs.ingest(f"doc{number}", 1)
    await until(lambda: len(pipeline.began) == PARALLEL)
    states = [await jobs.state(f"doc{number}", 1) for number in range(PARALLEL + 1)]
    assert states == ["live"] * (PARALLEL + 1)


async def test_no_more_run_at_once_than_are_allowed(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    for number in range(5):
        await jobs.ingest(f"doc{number}", 1)
    await until(lambda: len(pipeline.began) == PARALLEL)
    await asyncio.sleep(LONGER_THAN_THE_POLL_S)
    pipeline.go.set()
    await until(lambda: len(pipeline.published) == 5)
    assert pipeline.most_active == PARALLEL


async def test_cancelled_while_it_waits_it_never_runs(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    for name in ("one", "two", "waits"):
        await jobs.ingest(name, 1)
    await until(lambda: len(pipeline.began) == PARALLEL)
    [waits] = {"one", "two", "waits"} - {name for name, _ in pipeline.began}
    await jobs.cancel(waits, 1)
    await becomes("cancelled", lambda: jobs.state(waits, 1))
    pipeline.go.set()
    await until(lambda: len(pipeline.published) == 2)
    await asyncio.sleep(LONGER_THAN_THE_POLL_S)
    assert (waits, 1) not in pipeline.began
    assert pipeline.failed == {}


async def test_cancelled_while_it_works_it_stops(
    jobs: Jobs, pipeline: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.go.clear()
    await jobs.ingest("doc", 1)
    await until(lambda: bool(pipeline.began))
    await jobs.cancel("doc", 1)
    await until(lambda: pipeline.stopped == ["doc"])
    await becomes("cancelled", lambda: jobs.state("doc", 1))
    assert pipeline.published == {}
    assert pipeline.failed == {}
    assert "failed" not in caplog.text  # it was asked for


async def test_a_cancelled_run_makes_room_for_the_next(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    for name in ("one", "two", "three"):
        await jobs.ingest(name, 1)
    await until(lambda: len(pipeline.began) == PARALLEL)
    first = next(iter(pipeline.began))[0]
    await jobs.cancel(first, 1)
    await until(lambda: len(pipeline.began) == 3)


async def test_a_documents_own_fault_ends_as_failed_with_its_sentence(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unreadable("needs a password")]
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.failed == {"doc": "needs a password"}


async def test_a_fault_of_ours_ends_as_failed_without_its_details(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [RuntimeError("/etc/secret")]
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert "RuntimeError" in pipeline.failed["doc"]
    assert "secret" not in pipeline.failed["doc"]


async def test_what_is_unavailable_for_a_moment_is_tried_again(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unavailable("the database is locked")]
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.began == {("doc", 1): 2}
    assert pipeline.published == {("doc", 1): 1}


async def test_a_run_that_cannot_even_record_its_failure_is_broken(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors, pipeline.cannot_fail = [RuntimeError("odd")], True
    await jobs.ingest("doc", 1)
    await becomes("broken", lambda: jobs.state("doc", 1))


async def test_what_stays_unavailable_ends_as_failed_with_its_sentence(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unavailable("the disk is full") for _ in range(5)]
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.failed == {"doc": "the disk is full"}
    assert pipeline.began == {("doc", 1): 5}


async def test_what_is_gone_for_longer_is_waited_for_and_told(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unavailable("It is gone.", "the vector index") for _ in range(7)]
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert pipeline.told == [("doc", 1, "the vector index"), ("doc", 1, None)]
    assert (pipeline.began, pipeline.published) == ({("doc", 1): 8}, {("doc", 1): 1})
    assert pipeline.failed == {}


async def test_a_document_is_described_again_by_a_run_of_its_own(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.describe("doc", 2)
    await becomes("done", lambda: jobs.state("doc", 2))
    assert (pipeline.published, pipeline.began, pipeline.described) == ({("doc", 2): 1}, {}, {})


async def test_what_waits_can_be_cancelled(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unavailable("It is gone.", "the files") for _ in range(10_000)]
    await jobs.ingest("doc", 1)
    await until(lambda: bool(pipeline.told))
    await jobs.cancel("doc", 1)
    await becomes("cancelled", lambda: jobs.state("doc", 1))
    assert pipeline.published == {}


async def test_a_cancelled_attempt_never_runs_again_but_the_next_does(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    await jobs.ingest("doc", 1)
    await until(lambda: bool(pipeline.began))
    await jobs.cancel("doc", 1)
    await becomes("cancelled", lambda: jobs.state("doc", 1))
    pipeline.go.set()
    await jobs.ingest("doc", 1)
    await jobs.ingest("doc", 2)
    await becomes("done", lambda: jobs.state("doc", 2))
    assert await jobs.state("doc", 1) == "cancelled"
    assert pipeline.began == {("doc", 1): 1, ("doc", 2): 1}


async def test_cancelling_what_is_done_changes_nothing(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    await jobs.cancel("doc", 1)
    assert await jobs.state("doc", 1) == "done"


async def test_forgetting_erases_and_is_over_then(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.forget(["doc"], "collection")
    await until(lambda: pipeline.erased == [("doc", "collection")])
    await becomes(NONE, jobs.forgetting)


async def test_many_documents_are_forgotten_in_one_run(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    await jobs.forget(["one", "two"], "collection")
    await until(lambda: pipeline.erased == [("one", "collection"), ("two", "collection")])
    assert await jobs.forgetting() == {"one", "two"}
    pipeline.go.set()
    await becomes(NONE, jobs.forgetting)


async def test_a_document_can_be_forgotten_again(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.forget(["doc"], "collection")
    await becomes(NONE, jobs.forgetting)
    await jobs.forget(["doc"], "collection")
    await until(lambda: len(pipeline.erased) == 2)


async def test_a_document_is_being_forgotten_for_as_long_as_it_takes(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    await jobs.forget(["doc"], "collection")
    await jobs.forget(["doc"], "collection")
    await until(lambda: bool(pipeline.erased))
    assert await jobs.forgetting() == {"doc"}
    assert len(pipeline.erased) == 1  # one at a time
    pipeline.go.set()
    await becomes(NONE, jobs.forgetting)
    assert len(pipeline.erased) == 2


async def test_erasing_is_tried_again_when_something_is_unavailable(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [Unavailable("the index is locked")]
    await jobs.forget(["doc"], "collection")
    await becomes(NONE, jobs.forgetting)
    assert len(pipeline.erased) == 2


async def test_an_erasing_that_breaks_is_over_and_can_be_asked_for_again(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [RuntimeError("odd")]
    await jobs.forget(["doc"], "collection")
    await becomes(NONE, jobs.forgetting)
    await jobs.forget(["doc"], "collection")
    await becomes(NONE, jobs.forgetting)
    assert len(pipeline.erased) == 2


async def test_a_dropping_that_breaks_is_not_its_askers_trouble(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.errors = [RuntimeError("odd")]
    await jobs.drop("one")
    await jobs.drop("two")
    await until(lambda: pipeline.dropped == ["one", "two"])


async def test_a_collection_is_dropped(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.drop("collection")
    await until(lambda: pipeline.dropped == ["collection"])


async def test_collecting_leaves_what_is_live(jobs: Jobs, pipeline: Recorder) -> None:
    pipeline.go.clear()
    await jobs.ingest("doc", 1)
    await until(lambda: bool(pipeline.began))
    assert await jobs.collect() == 0
    assert await jobs.state("doc", 1) == "live"


async def test_collecting_leaves_what_has_just_finished(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.ingest("doc", 1)
    await becomes("done", lambda: jobs.state("doc", 1))
    assert await jobs.collect() == 0
    await jobs.ingest("doc", 1)
    assert await jobs.state("doc", 1) == "done"


@pytest.mark.parametrize("keep", [timedelta(0)])
async def test_what_finished_long_ago_is_collected_and_unknown_then(jobs: Jobs, pipeline: Recorder) -> None:
    await jobs.ingest("done", 1)
    await becomes("done", lambda: jobs.state("done", 1))
    pipeline.go.clear()
    await jobs.ingest("live", 1)
    await until(lambda: ("live", 1) in pipeline.began)
    await asyncio.sleep(0.05)
    assert await jobs.collect() == 1
    assert await jobs.state("done", 1) == "unknown"
    assert await jobs.state("live", 1) == "live"


async def test_a_collection_is_re_embedded_once_however_often_it_is_asked_for(jobs: Jobs, again: Again) -> None:
    again.go.clear()
    assert await jobs.reindex_state("r") == "unknown"
    await jobs.reindex("home", "r")
    await until(lambda: again.embedded == [("home", 0)])
    await jobs.reindex("home", "r")
    assert await jobs.reindex_state("r") == "live"
    again.go.set()
    await becomes("done", lambda: jobs.reindex_state("r"))
    assert (again.embedded, again.tidied, again.failed) == ([("home", 0), ("home", 7)], ["home"], {})


async def test_collections_are_re_embedded_one_after_the_other(jobs: Jobs, again: Again) -> None:
    again.go.clear()
    await jobs.reindex("home", "r1")
    await until(lambda: bool(again.embedded))
    await jobs.reindex("away", "r2")
    await asyncio.sleep(LONGER_THAN_THE_POLL_S)
    assert again.embedded == [("home", 0)]
    again.go.set()
    await becomes("done", lambda: jobs.reindex_state("r2"))
    assert again.tidied == ["home", "away"]


async def test_re_embedding_that_breaks_says_why(jobs: Jobs, again: Again) -> None:
    again.errors = [RuntimeError("/etc/secret")]
    await jobs.reindex("home", "r1")
    await becomes("done", lambda: jobs.reindex_state("r1"))
    assert "RuntimeError" in again.failed["home"]
    assert "secret" not in again.failed["home"]
    again.errors = [Unreadable("it is damaged")]
    await jobs.reindex("away", "r2")
    await becomes("done", lambda: jobs.reindex_state("r2"))
    assert again.failed["away"] == "it is damaged"
    assert again.tidied == []


@pytest.mark.parametrize("jobs", ["dbos-postgres"], indirect=True)
@pytest.mark.parametrize(
    "fact",
    [
        test_the_same_attempt_enqueued_twice_is_one_run,
        test_pictures_are_read_after_the_text_by_a_run_that_stays_live,
        test_a_cancelled_run_makes_room_for_the_next,
        test_what_is_gone_for_longer_is_waited_for_and_told,
        test_a_document_can_be_forgotten_again,
        test_collecting_leaves_what_has_just_finished,
    ],
)
async def test_so_it_is_in_postgres(
    jobs: Jobs, pipeline: Recorder, fact: Callable[[Jobs, Recorder], Coroutine[Any, Any, None]]
) -> None:
    """Those that the database has a part in: DBOS takes seconds to set its tables up there."""
    await fact(jobs, pipeline)
