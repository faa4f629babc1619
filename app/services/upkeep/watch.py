"""Looks at each part again and again, so that an outage's end is noticed, and what an index lost is put back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from domain.documents import Part
from domain.errors import Unavailable
from domain.ports import IndexName, VectorUpkeep
from system.outages import Outages
from system.repeating import repeat
from system.threads import in_thread

EVERY_S = 10.0
SILENT_S = 8.0  # a part that says nothing for so long is gone

Look = Callable[[], object]  # raises Unavailable

log = logging.getLogger(__name__)


class Watch:
    """`returned`: called with each part whose outage has ended."""

    def __init__(
        self,
        outages: Outages,
        looks: Mapping[Part, Look],
        returned: Callable[[Part], None] = lambda part: None,
        silent_s: float = SILENT_S,
    ) -> None:
        self._outages = outages
        self._looks = looks
        self._returned = returned
        self._silent_s = silent_s
        self._looking: dict[Part, asyncio.Future[object]] = {}

    async def once(self) -> None:
        await asyncio.gather(*(self._one(part, look) for part, look in self._looks.items()))

    async def for_ever(self, every_s: float = EVERY_S) -> None:
        await repeat(self.once, every_s, log, "looking after outages")

    async def _one(self, part: Part, look: Look) -> None:
        """A look that hangs in its thread is waited for, not repeated: each would hold a thread."""
        looking = self._looking.get(part) or asyncio.ensure_future(in_thread(look))
        done, _ = await asyncio.wait([looking], timeout=self._silent_s)
        if not done:
            self._looking[part] = looking
            self._outages.failed(part, f"it has said nothing for {self._silent_s:g} s")
            return
        self._looking.pop(part, None)
        try:
            looking.result()
        except Unavailable as error:
            self._outages.noticed(error)
            return
        if self._outages.worked(part):
            self._returned(part)


class LostIndexes:
    """A look at the vector indexes, which also notices what has vanished since the last: a server that came back
    without its volume."""

    def __init__(self, vectors: VectorUpkeep, lost: Callable[[], None]) -> None:
        self._vectors = vectors
        self._lost = lost
        self._known: frozenset[IndexName] = frozenset()

    def __call__(self) -> None:
        """Raises Unavailable."""
        there = frozenset(self._vectors.indexes())
        if self._known - there:  # dropped on purpose, perhaps: comparing does no harm then
            self._lost()
        self._known = there
