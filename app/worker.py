"""The worker's entry point: processes the queue, answers no requests."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path

from app.compose import running
from app.settings import Settings

ALIVE = Path(tempfile.gettempdir()) / "exhibit-worker.alive"  # touched by the event loop, for health checks
EVERY_S = 10.0


async def work(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    async with running(settings):
        print("Exhibit's worker takes from the queue.", flush=True)
        while not stop.is_set():
            ALIVE.touch()
            await _wait(stop, EVERY_S)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
