"""Blocking calls of background loops, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[..., T], *args: Any) -> T:
    """When cancelled, it still waits for the call: what the call uses may be closed next."""
    running = asyncio.ensure_future(asyncio.to_thread(partial(call, *args)))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
