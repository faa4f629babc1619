"""A server that, told to end, first says so at /readyz and goes on answering, so that a balancer passes it over."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

import uvicorn


class DrainingServer(uvicorn.Server):
    """`ending` is called when the server is told to end, `drain_s` before it takes no more connections. Told twice, it
    ends at once."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None], drain_s: float) -> None:
        super().__init__(config)
        self._ending = ending
        self._drain_s = drain_s
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn raises the signal anew when it has ended, which ends the process before its stores are closed: so
        SIGTERM is kept from it."""
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif self._told or not self._drain_s:
            self.should_exit = True
        else:
            self._drain()
        self._told = True

    def _drain(self) -> None:
        """The handler of a signal runs in the thread of the event loop, between two of its steps."""
        self._ending()
        asyncio.get_event_loop().call_later(self._drain_s, self._end)

    def _end(self) -> None:
        self.should_exit = True
