"""Recognises the words in pictures: on pages without text, in figures, and in picture files.

The text of documents comes first: while some is on its way in, pictures wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Protocol

from domain.documents import Box, Document, Problem
from domain.errors import Unreadable
from domain.parsed import Block, ParsedPage
from domain.ports import Blobs
from ingest.chunk.regions import cell_lines
from ingest.parse.formats import PDF
from ingest.parse.tables import unruled
from ingest.turns import Turns

TEXT_FIRST_S = 5.0  # while the text of documents is on its way in, one picture in so long is read all the same
LONGEST_TITLE = 100  # characters of a picture's first words

StoreCrop = Callable[[Document, Block], Awaitable[Block]]


class Recogniser(Protocol):
    """Recognises words where it can do no harm. Raises Unreadable, never hangs."""

    async def recognise_page(self, document: Document, page: int) -> ParsedPage: ...
    async def recognise_pixels(self, pixels: bytes) -> tuple[str, float]: ...
    async def recognise_figures(
        self, document: Document, page: int, figures: Sequence[tuple[Box, bool]]
    ) -> Sequence[tuple[bytes, str, float]]:
        """Figures of a page that were found but not drawn: crop, words and how sure of them; read only where asked."""
        ...


class Pictures:
    """`store_crop` stores the pixels of a block, and returns it with their key."""

    def __init__(self, recogniser: Recogniser, blobs: Blobs, store_crop: StoreCrop) -> None:
        self._recogniser = recogniser
        self._blobs = blobs
        self._store_crop = store_crop
        self._texts_under_way = 0
        self.turns = Turns(1)

    @contextmanager
    def text_comes_first(self) -> Generator[None]:
        """While the text of a document is on its way in, pictures wait."""
        self._texts_under_way += 1
        try:
            yield
        finally:
            self._texts_under_way -= 1

    async def recognise(self, document: Document, page: ParsedPage, later_s: float = 0.0) -> ParsedPage:
        """The page with the words of its pictures; a page without text becomes one with its words. Of the pictures that
        wait, the one that arrived first is read first; those of a large document are taken to arrive `later_s`."""
        if page.needs_ocr and page.number is not None:
            page = await self._page(document, page, page.number, later_s)
        else:
            blocks = [await self._figure(block, later_s) for block in page.blocks]
            page = replace(page, blocks=tuple(blocks))
        return await self._drawn(document, page, later_s)

    async def _page(self, document: Document, page: ParsedPage, number: int, later_s: float) -> ParsedPage:
        """The words of a page without text, beside the pictures already found on it."""
        try:
            async with self._turn(later_s):
                read = await self._recogniser.recognise_page(document, number)
        except Unreadable as error:
            problem = Problem(str(error), number)
            return replace(page, needs_ocr=False, read_as="failed", problems=(*page.problems, problem))
        pictures = tuple(block for block in page.blocks if is_picture(block) or block.standing)
        return replace(read, blocks=_beside(read.blocks, pictures), problems=(*page.problems, *read.problems))

    async def _figure(self, block: Block, later_s: float) -> Block:
        if not is_picture(block) or block.image is None or block.text:
            return block
        try:
            async with self._turn(later_s):
                pixels = await asyncio.to_thread(self._blobs.read, block.image)
                text, confidence = await self._recogniser.recognise_pixels(pixels)
        except Unreadable:  # its words are lost, the picture and its caption are not
            return block
        return replace(block, text=text, confidence=confidence)

    async def _drawn(self, document: Document, page: ParsedPage, later_s: float) -> ParsedPage:
        """Figures that were only found get their crops, and their words where the file doesn't have them."""
        if page.number is None or document.media_type != PDF:
            return page
        undrawn = [block for block in page.blocks if block.kind == "figure" and block.box and not block.image]
        if not undrawn:
            return page
        wanted = [(block.box, page.read_as == "text" and not block.text) for block in undrawn if block.box]
        try:
            async with self._turn(later_s):
                read = await self._recogniser.recognise_figures(document, page.number, wanted)
        except Unreadable as error:
            return replace(page, problems=(*page.problems, Problem(str(error), page.number)))
        drawn = {id(block): made for block, made in zip(undrawn, read, strict=True)}
        blocks = [await self._with_crop(document, block, drawn.get(id(block))) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _with_crop(self, document: Document, block: Block, made: tuple[bytes, str, float] | None) -> Block:
        if made is None:
            return block
        pixels, words, score = made
        read = replace(block, text=words, confidence=score) if words and not block.text else block
        return await self._store_crop(document, replace(read, pixels=pixels))

    @asynccontextmanager
    async def _turn(self, later_s: float) -> AsyncGenerator[None]:
        """Pictures are read one at a time, on all cores. Side by side they slow the reading of texts by a seventh."""
        async with self.turns.turn(time.monotonic() + later_s):
            until = time.monotonic() + TEXT_FIRST_S
            while self._texts_under_way and time.monotonic() < until:
                await asyncio.sleep(0.1)
            yield


def is_picture(block: Block) -> bool:
    return block.kind in ("figure", "image")


def pictures_on(page: ParsedPage) -> int:
    return sum(map(is_picture, page.blocks))


def _beside(read: Sequence[Block], pictures: Sequence[Block]) -> tuple[Block, ...]:
    """The words that were recognised, and the pictures of the page. A picture file and its words are one thing; a table
    in it can be found and cited by its rows besides."""
    if [block.kind for block in pictures] != ["image"]:
        return (*read, *pictures)
    [picture] = pictures
    words = "\n".join(unruled(block.text) for block in read if block.text)
    lines = tuple(line for block in read for line in block.lines or cell_lines(block))
    first = next((block for block in read if block.kind != "table"), None)
    tables = [_under(block, first) for block in read if block.kind == "table"]
    return (replace(picture, text=words, lines=lines), *tables)


def _under(table: Block, first: Block | None) -> Block:
    """Gives a table in a picture the picture's first words as caption: they say whose invoice it is."""
    if table.caption or first is None:
        return table
    return replace(table, caption=first.text[:LONGEST_TITLE], caption_lines=first.lines)
