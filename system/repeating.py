"""Repeats background work for as long as the service runs, also after a round that failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from domain.errors import Unavailable
from system.outages import Outages


async def repeat(
    round: Callable[[], Awaitable[None]], every_s: float, log: logging.Logger, what: str, outages: Outages | None = None
) -> None:
    """Never returns. `what`: names the work in the log. With `outages`, a part that can't be reached has its one line
    there, instead of one for each round."""
    while True:
        try:
            await round()
        except Unavailable as error:
            if outages is None or not outages.noticed(error):
                log.warning("%s is not possible now", what, extra={"why": str(error)})
        except Exception:  # any error: nobody else does this work until the next start
            log.exception("%s failed", what)
        await asyncio.sleep(every_s)
