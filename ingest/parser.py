"""The pipeline's parser: every file is opened, read and recognised in a sandboxed child process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from domain.documents import Box, Document, Problem
from domain.errors import Missing, NeedsPassword, Unreadable
from domain.limits import DocumentLimits
from domain.parsed import Identity, ParsedPage, PlacedWord
from domain.ports import Blobs
from ingest.chunk.cut import CountTokens, Cut, cut_pictures, cut_text
from ingest.libreoffice import installed
from ingest.originals import key
from ingest.parse import open_document, parse_pages
from ingest.parse.formats import CONVERT_S, FORMATS, PDF
from ingest.parse.ocr import recognise_figures, recognise_page, recognise_pixels
from ingest.parse.pdf_placed import words_of_pdf
from ingest.parse.printed import printed
from ingest.parse.render import render_page
from system.sandbox import Sandbox

RENDER_TIMEOUT_S = 30.0
RENDER_LONG_SIDE = 1600  # pixels
CUT_TIMEOUT_S = 300.0
PAGES_AT_ONCE = 8  # in one call, however many children there are: what is read of a page must not depend on them
PAGE_TIMEOUT_S = 30.0  # for one page of a batch that could not be read in one go
PATIENCE = 8  # pages of one document that may be lost one by one; then the rest of a broken batch is not tried
RECOGNISE_TIMEOUT_S = 120.0  # a dense page at full size takes 5–12 s on two old cores


class SandboxedParser:
    """`recognising`: where words in pictures are recognised, when that is not to hold up the rest.
    `hidden_text`: whether text that can't be seen on the page becomes chunks too, marked."""

    def __init__(
        self,
        sandbox: Sandbox,
        blobs: Blobs,
        recognising: Sandbox | None = None,
        hidden_text: bool = False,
        limits: DocumentLimits | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.blobs = blobs
        self.recognising = recognising or sandbox
        self.hidden_text = hidden_text
        self.limits = limits or DocumentLimits()
        self._lost: Counter[tuple[str, int]] = Counter()  # pages, by document and attempt

    def batch_pages(self, media_type: str) -> int:
        return FORMATS[media_type].parser.batch_pages

    async def open(self, document: Document) -> Identity:
        row = FORMATS[document.media_type]
        timeout_s = row.parser.open_timeout_s
        return await self.sandbox.run(open_document, self._file(document), row, timeout_s=timeout_s)

    async def pages(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]:
        """In parts, side by side in as many children as there are. Raises Unreadable for a document without pages, or
        of a single one."""
        firsts = range(first, last + 1, PAGES_AT_ONCE)
        parts = await asyncio.gather(*(self._part(document, one, min(one + PAGES_AT_ONCE - 1, last)) for one in firsts))
        return [page for part in parts for page in part]

    async def _part(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]:
        """Where a part fails as a whole, it is read page by page: a broken page costs only itself."""
        try:
            return await self._pages(document, first, last, FORMATS[document.media_type].parser.timeout_s)
        except NeedsPassword:
            raise
        except Unreadable:
            if document.pages is None or document.pages == 1:
                raise
        return [page for number in range(first, last + 1) for page in await self._page(document, number)]

    async def _page(self, document: Document, number: int) -> Sequence[ParsedPage]:
        run = (document.id, document.attempt)
        if self._lost[run] >= PATIENCE:
            return [_failed(number, "it was not tried, as too many pages before it could not be read")]
        try:
            return await self._pages(document, number, number, PAGE_TIMEOUT_S)
        except Unreadable as error:
            self._lost[run] += 1
            return [_failed(number, str(error))]

    async def _pages(self, document: Document, first: int, last: int, timeout_s: float) -> Sequence[ParsedPage]:
        row = FORMATS[document.media_type]
        args = (self._file(document), row, first, last, self.limits)
        return await self.sandbox.run(parse_pages, *args, timeout_s=timeout_s)

    async def recognise_page(self, document: Document, page: int) -> ParsedPage:
        return await self.recognising.run(
            recognise_page, self._file(document), document.media_type, page, timeout_s=RECOGNISE_TIMEOUT_S
        )

    async def recognise_pixels(self, pixels: bytes) -> tuple[str, float]:
        text, confidence, _ = await self.recognising.run(recognise_pixels, pixels, timeout_s=RECOGNISE_TIMEOUT_S)
        return text, confidence

    async def recognise_figures(
        self, document: Document, page: int, figures: Sequence[tuple[Box, bool]]
    ) -> Sequence[tuple[bytes, str, float]]:
        return await self.recognising.run(
            recognise_figures, self._file(document), page, tuple(figures), timeout_s=RECOGNISE_TIMEOUT_S
        )

    async def cut_text(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        args = (document, tuple(files), count, max_tokens, self.limits, self.hidden_text)
        return await self.sandbox.run(cut_text, *args, timeout_s=CUT_TIMEOUT_S)

    async def cut_pictures(
        self,
        document: Document,
        files: Sequence[Path],
        context: Path,
        batch: int,
        count: CountTokens,
        max_tokens: int,
    ) -> Cut:
        return await self.sandbox.run(
            cut_pictures, document, tuple(files), context, batch, count, max_tokens, timeout_s=CUT_TIMEOUT_S
        )

    async def render(self, document: Document, page: int, boxes: Sequence[Box], pdf: str | None = None) -> bytes:
        return await self.sandbox.run(
            render_page,
            self._file(document) if pdf is None else self.blobs.path(pdf),
            document.media_type if pdf is None else PDF,
            page,
            RENDER_LONG_SIDE,
            tuple(boxes),
            timeout_s=RENDER_TIMEOUT_S,
        )

    async def words(self, document: Document, page: int, pdf: str | None = None) -> Sequence[PlacedWord]:
        """The words of a page of a PDF, which `pdf` names where it is not the original."""
        file = self._file(document) if pdf is None else self.blobs.path(pdf)
        return await self.sandbox.run(words_of_pdf, file, page, timeout_s=RENDER_TIMEOUT_S)

    async def printed(self, document: Document) -> bytes:
        if installed() is None:
            raise Missing("Slides and sheets are drawn only where LibreOffice is installed.")
        printing = FORMATS[document.media_type].printing
        if printing is None:
            raise Missing("this document has no pages")
        return await self.sandbox.run(printed, self._file(document), printing, document.pages or 0, timeout_s=CONVERT_S)

    def _file(self, document: Document) -> Path:
        return self.blobs.path(key(document))


def _failed(number: int, why: str) -> ParsedPage:
    return ParsedPage(number, read_as="failed", problems=(Problem(why, number),))
