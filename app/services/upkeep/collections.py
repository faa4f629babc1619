"""Every collection of the catalogue, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from domain.documents import Collection
from domain.ports import Collections
from system.threads import in_thread


async def every_collection(collections: Collections) -> AsyncIterator[Collection]:
    cursor: str | None = None
    while True:
        page = await in_thread(collections.page, 100, cursor)
        for collection in page.items:
            yield collection
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
