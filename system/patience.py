"""Waits for parts that can't be reached, for as long as it takes, with growing pauses.

an error of the stage           then
Unavailable, of a part          waits and tries again until the part is back; `tell` is told of which, and at its end
Unavailable, of none            tried a few times in a row: a lock, a process that is started again
any other                       raised at once
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.documents import Part
from domain.errors import Unavailable
from system.outages import Outages

T = TypeVar("T")
Tell = Callable[[Part | None], Coroutine[Any, Any, None]]  # None: it goes on; may raise Unavailable


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds: each twice the one before, up to the longest."""

    first_s: float = 0.5
    longest_s: float = 10.0
    tries: int = 5  # where no part is named

    def __iter__(self) -> Iterator[float]:
        pause_s = self.first_s
        while True:
            yield pause_s
            pause_s = min(2 * pause_s, self.longest_s)


class Patience:
    def __init__(self, outages: Outages, pauses: Pauses = Pauses()) -> None:
        self._outages = outages
        self._pauses = pauses

    async def until_done(self, tell: Tell, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        waits_for: Part | None = None
        unnamed = 0  # tries in a row that failed without a part
        for pause_s in self._pauses:
            try:
                result = await stage(*args)
                if waits_for is not None:
                    await tell(None)
                return result
            except Unavailable as error:
                unnamed = unnamed + 1 if error.part is None else 0
                if unnamed >= self._pauses.tries:
                    raise
                if error.part is not None:
                    waits_for = await self._told(tell, error, error.part, waits_for)
            await asyncio.sleep(pause_s)
        raise AssertionError("pauses never end")

    async def _told(self, tell: Tell, error: Unavailable, part: Part, before: Part | None) -> Part | None:
        """What has been told. The catalogue, which would keep it, may be what can't be reached."""
        self._outages.noticed(error)
        if part == before:
            return before
        try:
            await tell(part)
        except Unavailable as unkept:
            self._outages.noticed(unkept)
            return before
        return part
