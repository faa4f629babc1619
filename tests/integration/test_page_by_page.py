"""A page that hangs, crashes or swells costs itself; the other pages of its document are read."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.adapters.memory.blobs import MemoryBlobs
from domain.documents import Document
from domain.errors import NeedsPassword, Unreadable
from domain.limits import DocumentLimits
from domain.parsed import ParsedPage
from ingest import parser as module
from ingest.originals import key
from ingest.parse.formats import FORMATS, Format, Parser
from ingest.parser import SandboxedParser
from system.sandbox import Sandbox
from tests.waiting import HANG_S, for_ever

T = TypeVar("T")

PDF = "application/pdf"
DOCUMENT = Document("d", "c", "default", "a.pdf", PDF, 1, "ab", "running", datetime.now(UTC), pages=12)


def parse(path: Path, first: int, last: int) -> list[ParsedPage]:
    """Reads the pages, but those that the file names: 'hang 3' or 'crash 4 5'."""
    ill, *numbers = path.read_text().split()
    if set(range(first, last + 1)) & {int(number) for number in numbers}:
        if ill == "hang":
            for_ever()
        elif ill == "password":
            raise NeedsPassword("it needs a password")
        ctypes.string_at(0)
    return [ParsedPage(number) for number in range(first, last + 1)]


class Patient(Sandbox):
    """Only calls that hang are cut off: a slow machine may take as long as it likes over the others."""

    async def run(
        self, function: Callable[..., T], *args: Any, timeout_s: float, processor_s: float | None = None
    ) -> T:
        path, _, first, last, _ = args
        hangs = path.read_text() == "hang 3" and first <= 3 <= last
        return await super().run(function, *args, timeout_s=timeout_s if hangs else HANG_S, processor_s=processor_s)


@pytest.fixture
def parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxedParser]:
    parser = Parser(__name__, "", "parse", batch_pages=12, timeout_s=1.5)
    monkeypatch.setitem(FORMATS, PDF, replace(FORMATS[PDF], parser=parser))
    monkeypatch.setattr(module, "PAGE_TIMEOUT_S", 1.0)
    monkeypatch.setattr(module, "parse_pages", _parse_pages)
    sandbox = Patient(1)
    yield SandboxedParser(sandbox, MemoryBlobs())
    sandbox.close()


def _parse_pages(path: Path, row: Format, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    return parse(path, first, last)


async def read(parser: SandboxedParser, ill: str, document: Document = DOCUMENT) -> Sequence[ParsedPage]:
    parser.blobs.put(key(document), ill.encode())
    return await parser.pages(document, 1, document.pages or 1)


@pytest.mark.parametrize(("ill", "why"), [("hang 3", "longer than 1 s"), ("crash 3", "crashed the parser (SIGSEGV)")])
async def test_one_page_costs_itself_and_is_named(parser: SandboxedParser, ill: str, why: str) -> None:
    pages = await read(parser, ill)
    assert [page.number for page in pages] == list(range(1, 13))
    assert [page.number for page in pages if page.read_as == "failed"] == [3]
    [problem] = [problem for page in pages for problem in page.problems]
    assert problem.page == 3
    assert why in problem.message


async def test_where_too_many_are_lost_the_rest_is_not_tried(
    parser: SandboxedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1)
    pages = await read(parser, "crash 1 7")
    untried = [page.number for page in pages for problem in page.problems if "not tried" in problem.message]
    assert untried == list(range(2, 9))  # what is read in another call, in one go, is whole


async def test_what_has_one_page_or_none_fails_with_its_reason(parser: SandboxedParser) -> None:
    with pytest.raises(Unreadable, match="crashed"):
        await read(parser, "crash 1", replace(DOCUMENT, pages=1))


async def test_a_password_is_no_page_s_fault(parser: SandboxedParser) -> None:
    with pytest.raises(NeedsPassword):
        await read(parser, "password 3")
