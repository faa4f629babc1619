from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, closing

import numpy as np
import pytest

from app.adapters.encoders.batching import BatchedQueries
from domain.errors import ModelUnavailable, Unavailable
from domain.ports import Vectors
from tests.waiting import HANG_S, until


class Recorder:
    """Encodes a text as its length; the first batch may be held up."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        assert self.go.wait(HANG_S)
        if "bad" in texts:
            raise ModelUnavailable("no model")
        return np.array([[len(text)] for text in texts], np.float32)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def queries(recorder: Recorder) -> AsyncIterator[BatchedQueries]:
    with closing(BatchedQueries(recorder, largest=8)) as batched:
        yield batched
        recorder.go.set()


async def while_busy(recorder: Recorder, queries: BatchedQueries) -> asyncio.Task[object]:
    recorder.go.clear()
    first: asyncio.Task[object] = asyncio.ensure_future(queries.encode("first"))
    await until(lambda: bool(recorder.batches))
    return first


async def test_what_arrives_during_a_batch_is_encoded_together(recorder: Recorder, queries: BatchedQueries) -> None:
    await while_busy(recorder, queries)
    answers = asyncio.gather(*(queries.encode("x" * n) for n in (1, 2, 3, 3)))
    await asyncio.sleep(0.01)
    recorder.go.set()
    assert [vector[0] for vector in await answers] == [1, 2, 3, 3]
    assert recorder.batches[1:] == [["x", "xx", "xxx"]]  # and the same text once


async def test_no_batch_is_larger_than_the_largest(recorder: Recorder, queries: BatchedQueries) -> None:
    await asyncio.gather(*(queries.encode("x" * n) for n in range(1, 30)))
    assert max(map(len, recorder.batches)) <= 8


async def test_the_loop_goes_on_while_a_batch_runs(recorder: Recorder, queries: BatchedQueries) -> None:
    first = await while_busy(recorder, queries)
    await asyncio.sleep(0.02)
    assert not first.done()
    recorder.go.set()
    await first


async def test_a_repeated_question_is_not_encoded_again(recorder: Recorder, queries: BatchedQueries) -> None:
    assert await queries.encode("again") is not None
    vector = await queries.encode("again")
    assert recorder.batches == [["again"]]
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 0


async def test_an_error_reaches_every_caller_and_the_next_batch_runs(
    recorder: Recorder, queries: BatchedQueries
) -> None:
    await while_busy(recorder, queries)
    both = asyncio.gather(queries.encode("bad"), queries.encode("good"), return_exceptions=True)
    await asyncio.sleep(0.01)
    recorder.go.set()
    assert [type(each) for each in await both] == [ModelUnavailable, ModelUnavailable]
    assert (await queries.encode("good"))[0] == 4


async def test_a_caller_who_gives_up_breaks_no_other(recorder: Recorder, queries: BatchedQueries) -> None:
    first = await while_busy(recorder, queries)
    gone, stays = asyncio.ensure_future(queries.encode("gone")), asyncio.ensure_future(queries.encode("stays"))
    await asyncio.sleep(0.01)
    gone.cancel()
    first.cancel()
    await asyncio.sleep(0)
    recorder.go.set()
    assert (await stays)[0] == 5
    assert recorder.batches == [["first"], ["stays"]]


async def test_closed_it_answers_with_a_sentence() -> None:
    queries = BatchedQueries(Recorder())
    queries.close()
    queries.close()
    with pytest.raises(Unavailable, match="closed"):
        await queries.encode("late")


def test_several_event_loops_may_ask(recorder: Recorder) -> None:
    ask: Callable[[BatchedQueries], float] = lambda queries: asyncio.run(_ask(queries))  # noqa: E731
    held: AbstractContextManager[BatchedQueries] = closing(BatchedQueries(recorder))
    with held as queries:
        assert ask(queries) == ask(queries) == 4


async def _ask(queries: BatchedQueries) -> float:
    return float((await queries.encode("four"))[0])


async def test_what_is_coming_goes_along_with_what_is_asked_and_costs_no_batch_of_its_own(
    recorder: Recorder, queries: BatchedQueries
) -> None:
    for n in range(2, 9):
        queries.coming("x" * n)
    queries.coming("x" * 3)
    assert not recorder.batches
    assert (await queries.encode("x"))[0] == 1
    assert recorder.batches == [["x", "xx", "xxx", "xxxx"]]
    assert [(await queries.encode("x" * n))[0] for n in (3, 4, 2)] == [3, 4, 2]
    assert len(recorder.batches) == 1
    await queries.encode("x" * 7)
    assert recorder.batches[1:] == [["x" * 7, "x" * 5, "x" * 6, "x" * 8]]


async def test_what_is_known_or_a_whole_document_is_not_taken_along(
    recorder: Recorder, queries: BatchedQueries
) -> None:
    await queries.encode("known")
    queries.coming("known")
    queries.coming("x" * 3_000)
    await queries.encode("other")
    assert recorder.batches == [["known"], ["other"]]
