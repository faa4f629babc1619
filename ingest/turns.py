"""The order in which documents get the parser."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """Lets a number of callers in at once; of those that wait, the one with the least left to do comes first.

    Alternating between two documents would parse both late and leave the encoder idle until then.
    To be used from one event loop.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def taken(self) -> bool:
        return self._free == 0

    @asynccontextmanager
    async def turn(self, left: float) -> AsyncGenerator[None]:
        """`left`: how much the caller has still to do, or anything else by which the least comes first."""
        if self._free:
            self._free -= 1
        else:
            called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (left, next(self._order), called))
            try:
                await called
            except asyncio.CancelledError:
                if called.done() and not called.cancelled():  # called at this very moment: the turn is given on
                    self._give_on()
                raise
        try:
            yield
        finally:
            self._give_on()

    def _give_on(self) -> None:
        while self._waiting:
            _, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._free += 1
