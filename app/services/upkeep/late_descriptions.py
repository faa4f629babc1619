"""Has documents described that were taken in while the language model could not be reached, once it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from domain.errors import Conflict, Gone, Missing
from domain.ports import Catalogue, Queueing

EVERY_S = 30.0
AT_ONCE, LOOKED_AT = 20, 1_000  # documents of one round
FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3600.0  # until a document that ended without descriptions again is tried again


class LateDescriptions:
    """Safe to use in several processes at once: each document is begun once. They stay findable."""

    def __init__(
        self,
        catalogue: Catalogue,
        jobs: Queueing,
        answers: Callable[[], Awaitable[bool]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalogue = catalogue
        self._jobs = jobs
        self._answers = answers
        self._now = now
        self._tried: dict[str, tuple[float, float]] = {}  # when a document may be tried again, and the pause after that

    async def once(self) -> None:
        waiting = await asyncio.to_thread(self._catalogue.documents.undescribed, LOOKED_AT)
        self._tried = {one.id: self._tried[one.id] for one in waiting if one.id in self._tried}
        due = [one for one in waiting if self._tried.get(one.id, (0.0, 0.0))[0] <= self._now()][:AT_ONCE]
        if not due or not await self._answers():
            return
        for document in due:
            _, pause_s = self._tried.get(document.id, (0.0, FIRST_PAUSE_S))
            self._tried[document.id] = (self._now() + pause_s, min(2 * pause_s, LONGEST_PAUSE_S))
            with suppress(Conflict, Missing, Gone):  # another process was faster; it was deleted
                begun = await asyncio.to_thread(self._catalogue.runs.describe_again, document.id, document.attempt)
                await self._jobs.describe(begun.id, begun.attempt)
