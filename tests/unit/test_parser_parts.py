"""The pages of a batch are read side by side, and come back in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from app.adapters.memory.blobs import MemoryBlobs
from domain.documents import Document
from domain.errors import Unreadable
from domain.limits import DocumentLimits
from domain.parsed import ParsedPage
from ingest.parse.formats import Format
from ingest.parser import SandboxedParser
from system.sandbox import Sandbox

DOCUMENT = Document(
    "d", "c", "default", "d.pdf", "application/pdf", 1, "0" * 64, "running", datetime(2026, 1, 1, tzinfo=UTC), pages=40
)


class Children:
    """Of a sandbox: what comes later in a batch is read sooner; one page breaks whatever part it is in."""

    def __init__(self, breaks: int | None = None) -> None:
        self.breaks = breaks
        self.asked: list[tuple[int, int]] = []
        self.at_work = self.most_at_work = 0

    async def run(
        self,
        function: Callable[..., Any],
        path: Path,
        row: Format,
        first: int,
        last: int,
        limits: DocumentLimits,
        timeout_s: float,
    ) -> list[ParsedPage]:
        self.asked.append((first, last))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0.2 / first)
        self.at_work -= 1
        if self.breaks is not None and first <= self.breaks <= last:
            raise Unreadable("broken")
        return [ParsedPage(number) for number in range(first, last + 1)]


def parser(children: Children) -> SandboxedParser:
    blobs = MemoryBlobs()
    blobs.put(f"originals/{DOCUMENT.sha256}", b"x")
    return SandboxedParser(cast(Sandbox, children), blobs)


async def test_a_batch_is_read_side_by_side_and_stays_in_order() -> None:
    children = Children()
    read = await parser(children).pages(DOCUMENT, 17, 32)
    assert [page.number for page in read] == list(range(17, 33))
    assert sorted(children.asked) == [(17, 24), (25, 32)]
    assert children.most_at_work == 2


async def test_a_broken_page_has_only_its_own_part_read_page_by_page() -> None:
    children = Children(breaks=12)
    read = await parser(children).pages(DOCUMENT, 1, 16)
    assert [page.number for page in read] == list(range(1, 17))
    assert [page.number for page in read if page.read_as == "failed"] == [12]
    assert (1, 8) in children.asked
    assert (1, 1) not in children.asked
