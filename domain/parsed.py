"""What a parser reads of a file: its pages, and the blocks on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.documents import Box, Place, Problem, ReadAs

BlockKind = Literal["heading", "text", "list", "table", "figure", "image"]
Standing = Literal["", "running", "hidden"]  # in the text; a header, footer or page number; not to be seen on the page


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with its box, so that a chunk of half a block has the regions of that half."""

    text: str
    box: Box
    turns: int = 0  # quarter turns clockwise that its letters lie by
    starts: tuple[float, ...] = ()  # of its words after the first, as shares of its length, where they are known


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word that can be seen on a page, and where."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Block:
    """One thing on a page, in reading order."""

    kind: BlockKind
    text: str = ""
    page: int | None = None
    box: Box | None = None
    lines: tuple[Line, ...] = ()  # text blocks of paged documents
    level: int = 0  # headings: 1 is the highest
    cells: tuple[tuple[str, ...], ...] = ()  # tables: rows of cells, header first
    boxes: tuple[tuple[Box | None, ...], ...] = ()  # around the words of each cell, where they are known
    stretches: tuple[tuple[tuple[Box, ...], ...], ...] = ()  # of a line in each cell, without the white between them
    row_pages: tuple[int, ...] = ()  # the page of each row, of a table that goes on over pages
    caption: str = ""  # figures and tables
    caption_lines: tuple[Line, ...] = ()
    image: str | None = None  # blob key of the crop, once stored
    pixels: bytes | None = None  # the crop as PNG or JPEG, until it is stored
    place: Place | None = None
    confidence: float | None = None  # recognised text only
    standing: Standing = ""


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """A page of a paged document, or the whole of one without pages (number None)."""

    number: int | None
    blocks: tuple[Block, ...] = ()
    read_as: ReadAs = "text"
    confidence: float | None = None
    needs_ocr: bool = False  # no usable text: `describe` reads the rendered page
    problems: tuple[Problem, ...] = ()
    hidden: int = 0  # blocks with words in characters that can't be seen, which were taken out


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file turned out to be, from its content."""

    media_type: str
    pages: int | None  # None: this kind of document has no pages
    title: str | None = None
    problems: tuple[Problem, ...] = ()
