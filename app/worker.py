"""The worker's entry point: processes the queue, answers no requests."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from app.compose import running
from app.settings import Settings

EVERY_S = 10.0


async def work(settings: Settings, alive: Path | None = None) -> None:
    """Runs until SIGTERM or SIGINT. `alive`: a file that the event loop touches, for health checks."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    async with running(settings):
        print("Exhibit's worker takes from the queue.", flush=True)
        while not stop.is_set():
            if alive is not None:
                alive.touch()
            await _wait(stop, EVERY_S)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
