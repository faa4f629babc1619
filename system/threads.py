"""What the services' background loops share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, TypeVar

from domain.ports import Catalogue
from domain.types import Collection

T = TypeVar("T")


async def every_collection(catalogue: Catalogue) -> AsyncIterator[Collection]:
    cursor: str | None = None
    while True:
        page = await in_thread(catalogue.collections, 100, cursor)
        for collection in page.items:
            yield collection
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


async def in_thread(call: Callable[..., T], *args: Any) -> T:
    """Cancelled, it still waits for the call: what it uses is closed next."""
    running = asyncio.ensure_future(asyncio.to_thread(partial(call, *args)))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
