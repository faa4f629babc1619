"""How tests wait: for a condition, and for ever if need be. No test depends on how fast a machine is.

The one limit only catches what hangs. `EXHIBIT_TEST_HANG_S` raises it, and pytest's own limit with it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")

HANG_S = float(os.environ.get("EXHIBIT_TEST_HANG_S", "600"))
TEST_HANG_S = 4 * HANG_S  # of a whole test, which may wait several times
GROWING_S = (2.0, 10.0, 50.0, HANG_S)  # where a limit itself is tested: one of them is long enough for the machine
LOOK_EVERY_S = 0.02


def wait_until(true: Callable[[], object], now: Callable[[], object] = lambda: "") -> None:
    """`now` tells what there was instead."""
    end = time.monotonic() + HANG_S
    while not true():
        assert time.monotonic() < end, f"it did not come about in {HANG_S:g} s {now()}"
        time.sleep(LOOK_EVERY_S)


async def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + HANG_S
    while not true():
        assert time.monotonic() < end, f"it did not come about in {HANG_S:g} s"
        await asyncio.sleep(LOOK_EVERY_S)


async def becomes(value: T, ask: Callable[[], Awaitable[T]]) -> None:
    end = time.monotonic() + HANG_S
    while (now := await ask()) != value:
        assert time.monotonic() < end, f"still {now!r}, not {value!r}"
        await asyncio.sleep(LOOK_EVERY_S)


def for_ever() -> NoReturn:
    """For what is to hang until it is ended from outside."""
    while True:
        time.sleep(3600)
