"""A worker's lease: renewed while it lives, and the work of those whose lease has expired taken over.

the lease of this worker      then
is renewed                    once that has gone well for as long as a lease lasts, expired leases are claimed
can't be renewed              it may be the catalogue that is gone, for all: nobody is taken over for a while after that
was claimed by another        this worker was taken for dead: it ends, and whoever started it starts it anew
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from domain.errors import Unavailable
from domain.ports import Leases
from system.outages import Outages
from system.repeating import repeat

LEASE_S = 20.0
EVERY_S = 5.0  # so a dead worker's work is taken over within 26 s

log = logging.getLogger(__name__)


class WorkerLease:
    def __init__(
        self,
        leases: Leases,
        worker_id: str,
        recover: Callable[[Sequence[str]], Awaitable[None]],
        end: Callable[[], None],
        outages: Outages,
        lasts_s: float = LEASE_S,
        every_s: float = EVERY_S,
    ) -> None:
        self._leases = leases
        self._worker_id = worker_id
        self._recover = recover
        self._end = end
        self._outages = outages
        self._lasts_s = lasts_s
        self._every_s = every_s
        self._renewed = 0  # times in a row

    async def take(self) -> None:
        """Before any work is done."""
        await asyncio.to_thread(self._leases.hold, self._worker_id, self._lasts_s)

    async def keep(self) -> None:
        await repeat(self.once, self._every_s, log, "renewing the worker's lease", self._outages)

    async def once(self) -> None:
        renewed, self._renewed = self._renewed, 0
        if not await asyncio.to_thread(self._leases.renew, self._worker_id, self._lasts_s):
            log.error("another worker has taken over what this one did: it ends", extra={"worker": self._worker_id})
            self._end()
            return
        self._renewed = renewed + 1
        if self._renewed * self._every_s > self._lasts_s:
            await self._take_over()

    async def _take_over(self) -> None:
        dead = await asyncio.to_thread(self._leases.claim, self._worker_id)
        if not dead:
            return
        log.warning("the work of workers that ended is taken over", extra={"workers": list(dead)})
        await self._recover(dead)
        for worker in dead:
            await asyncio.to_thread(self._leases.release, worker)

    def hand_over(self) -> None:
        """At the end: others may take over at once what is left. Without the catalogue they do so later."""
        with suppress(Unavailable):
            self._leases.renew(self._worker_id, 0.0)
