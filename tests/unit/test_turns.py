"""Documents that wait for the same parser."""

from __future__ import annotations

import asyncio

from ingest.turns import Turns
from tests.waiting import until


async def waits(turns: Turns, left: float, order: list[float], held: asyncio.Event) -> None:
    async with turns.turn(left):
        order.append(left)
        await held.wait()


async def test_of_those_that_wait_the_one_with_the_least_left_comes_first() -> None:
    turns, order, held = Turns(1), list[float](), asyncio.Event()
    tasks = [asyncio.create_task(waits(turns, left, order, held)) for left in (90, 80, 5, 80.5)]
    await until(lambda: order == [90])
    held.set()
    await asyncio.gather(*tasks)
    assert order == [90, 5, 80, 80.5]


async def test_as_many_as_allowed_go_at_once() -> None:
    turns, order, held = Turns(2), list[float](), asyncio.Event()
    tasks = [asyncio.create_task(waits(turns, left, order, held)) for left in (1, 2, 3)]
    await until(lambda: order == [1, 2])
    held.set()
    await asyncio.gather(*tasks)
    assert order == [1, 2, 3]


async def test_one_that_is_cancelled_while_it_waits_or_at_its_turn_holds_up_nobody() -> None:
    turns, order, held = Turns(1), list[float](), asyncio.Event()
    first, second, third, last = (asyncio.create_task(waits(turns, left, order, held)) for left in (1, 2, 3, 4))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.sleep(0.01)
    held.set()
    await first  # and the third is called, but has not run yet
    third.cancel()
    await last
    assert order[0] == 1
    assert order[-1] == 4
    async with turns.turn(5):
        pass
