"""Reads OpenDocument text, sheets and slides straight from their markup."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from domain.documents import Problem
from domain.errors import NeedsPassword, Unreadable
from domain.limits import DocumentLimits, only_first, variable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.grid import Row, blocks_of
from ingest.parse.outline import Outline
from ingest.parse.packages import package, xml
from ingest.parse.tables import table_block

TEXT, SHEETS, SLIDES = (
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)
NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, WORDS, TABLE, DRAW, PRESENTATION = (
    NAMESPACE % name for name in ("office", "text", "table", "drawing", "presentation")
)
LINK = "{http://www.w3.org/1999/xlink}href"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
UNSEEN = frozenset(
    {
        *(WORDS + name for name in ("tracked-changes", "sequence-decls", "table-of-content", "index-body")),
        *(OFFICE + name for name in ("annotation", "forms", "scripts")),
        PRESENTATION + "settings",
    }
)
MAX_ROWS = 50_000
LOOSE_COLUMNS = 702  # of a table in a text
MAX_REPEATS = 1000  # of one filled row or cell; empty ones repeat to the sheet's edge
MAX_PICTURE = 64 << 20


def open_text(path: Path) -> Identity:
    return _identity(path, TEXT, paged=False)


def open_sheets(path: Path) -> Identity:
    return _identity(path, SHEETS, paged=True)


def open_slides(path: Path) -> Identity:
    return _identity(path, SLIDES, paged=True)


def parse_text(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    with package(path) as archive:
        reader = _Reader(archive, limits.nesting)
        reader.walk(_body(archive), 0)
        return [ParsedPage(None, tuple(reader.finished()), problems=reader.problems())]


def parse_slides(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    with package(path) as archive:
        pages = _pages(_body(archive))[first - 1 : last]
        return [_slide(archive, page, number, limits) for number, page in enumerate(pages, first)]


def parse_sheets(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    with package(path) as archive:
        tables = _pages(_body(archive))[first - 1 : last]
        return [_sheet(table, number, limits) for number, table in enumerate(tables, first)]


def _identity(path: Path, media_type: str, paged: bool) -> Identity:
    with package(path) as archive:
        pages = len(_pages(_body(archive))) if paged else None
        if pages == 0:
            raise Unreadable("there is nothing in it")
        meta = xml(archive, "meta.xml")
        words = "" if meta is None else " ".join((meta.findtext(f".//{TITLE}") or "").split())
        return Identity(media_type, pages, title=words[:200] or None)


def _body(archive: zipfile.ZipFile) -> Any:
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist() and b":encryption-data" in archive.read(manifest):
        raise NeedsPassword("needs a password")
    content = xml(archive, "content.xml")
    body = None if content is None else content.find(f"{OFFICE}body")
    if body is None:
        raise Unreadable("the file is damaged: it has no content")
    return body


def _pages(body: Any) -> list[Any]:
    """The sheets, or the slides."""
    return [child for part in body for child in part if child.tag in (f"{TABLE}table", f"{DRAW}page")]


# ---------------------------------------------------------------- text and slides


@dataclass(slots=True)
class _Reader:
    archive: zipfile.ZipFile
    nesting: int
    page: int | None = None
    outline: Outline = field(default_factory=Outline)
    blocks: list[Block] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    lost: int = 0
    too_deep: bool = False

    def finished(self) -> list[Block]:
        self._end_list()
        return self.blocks

    def problems(self) -> tuple[Problem, ...]:
        what = "a picture is" if self.lost == 1 else f"{self.lost} pictures are"
        lost = (Problem(f"{what} in a format that can't be read, or not in the file", self.page),) if self.lost else ()
        deep = f"what lies more than {self.nesting} elements deep was left out; {variable('nesting')} is the limit"
        return (*lost, Problem(deep, self.page)) if self.too_deep else lost

    def walk(self, element: Any, depth: int, listed: int = 0) -> None:
        for child in element:
            tag = child.tag
            self.too_deep = self.too_deep or depth > self.nesting
            if not isinstance(tag, str) or tag in UNSEEN or depth > self.nesting:
                continue
            if tag == f"{WORDS}h":
                self._heading(child)
            elif tag == f"{WORDS}p":
                self._paragraph(child, listed)
                self._pictures(child)
            elif tag == f"{TABLE}table":
                self._table(child)
            elif tag == f"{DRAW}image":
                self._picture(child)
            else:
                self.walk(child, depth + 1, listed + (tag == f"{WORDS}list"))

    def _heading(self, element: Any) -> None:
        text = " ".join(words_of(element).split())
        if text:
            self._end_list()
            level = element.get(f"{WORDS}outline-level") or "1"
            self.blocks.append(self._placed(self.outline.heading(int(level) if level.isdecimal() else 1, text)))

    def _paragraph(self, element: Any, listed: int) -> None:
        text = words_of(element).strip()
        if not text:
            return
        if listed:
            self.points.append(f"{'  ' * (min(listed, 20) - 1)}- {' '.join(text.split())}")
            return
        self._end_list()
        self.blocks.append(self._placed(Block("text", text, place=self.outline.place)))

    def _pictures(self, element: Any) -> None:
        for image in element.iter(f"{DRAW}image"):
            self._picture(image)

    def _picture(self, element: Any) -> None:
        pixels = _pixels(self.archive, element.get(LINK) or "")
        if pixels is None:
            self.lost += 1
            return
        self._end_list()
        self.blocks.append(self._placed(Block("figure", pixels=pixels, place=self.outline.place)))

    def _table(self, element: Any) -> None:
        rows = [cells for _, cells in _rows(element, LOOSE_COLUMNS) if any(cells)]
        if rows:
            self._end_list()
            self.blocks.append(self._placed(table_block(rows, place=self.outline.place)))

    def _end_list(self) -> None:
        points, self.points = self.points, []
        if points:
            self.blocks.append(self._placed(Block("list", "\n".join(points), place=self.outline.place)))

    def _placed(self, block: Block) -> Block:
        return block if self.page is None else replace(block, page=self.page, place=None)


def words_of(element: Any) -> str:
    """A paragraph's words; its spaces, tabs and line ends are elements. No recursion: spans lie in spans."""
    out: list[str] = []
    waiting: list[Any] = [element]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        if not isinstance(item.tag, str) or item.tag in UNSEEN or item.tag == f"{WORDS}note-citation":
            continue
        if item.tag == f"{WORDS}s":
            count = item.get(f"{WORDS}c") or "1"
            out.append(" " * min(int(count) if count.isdecimal() else 1, 100))
        out.append({f"{WORDS}tab": "\t", f"{WORDS}line-break": "\n"}.get(item.tag, item.text or ""))
        for child in reversed(item):
            waiting += [child.tail or "", child]
    return "".join(out)


def _slide(archive: zipfile.ZipFile, page: Any, number: int, limits: DocumentLimits) -> ParsedPage:
    reader = _Reader(archive, limits.nesting, number)
    reader.walk(page, 0)
    blocks = tuple(reader.finished())
    return ParsedPage(number, blocks, read_as="text" if blocks else "empty", problems=reader.problems())


def _pixels(archive: zipfile.ZipFile, name: str) -> bytes | None:
    from PIL import Image, UnidentifiedImageError

    from ingest.parse.docling_blocks import encoded_picture

    try:
        if archive.getinfo(name).file_size > MAX_PICTURE:
            return None
        with Image.open(io.BytesIO(archive.read(name))) as image:
            return encoded_picture(image)
    except (KeyError, UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


# ---------------------------------------------------------------- sheets


def _sheet(table: Any, number: int, limits: DocumentLimits) -> ParsedPage:
    name = table.get(f"{TABLE}name") or f"Sheet {number}"
    rows: list[Row] = []
    problems: list[str] = []
    held = widest = 0
    for row, cells in _rows(table, limits.columns):
        widest, cells = max(widest, len(cells)), cells[: limits.columns]
        held += sum(map(bool, cells))
        if len(rows) == MAX_ROWS:
            problems.append(f"only the first {MAX_ROWS:,} rows of the sheet were read")
            break
        if held > limits.cells:
            problems.append(only_first("cells of the sheet", limits.cells, None, "cells"))
            break
        rows.append((row, cells))
    if widest > limits.columns:
        problems.append(only_first("columns of the sheet", limits.columns, None, "columns"))
    blocks = tuple(blocks_of(rows, name))
    told = tuple(Problem(problem, number) for problem in problems)
    return ParsedPage(number, blocks, read_as="text" if blocks else "empty", problems=told)


def _rows(table: Any, columns: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of the rows with something in them; repeated ones are written once, with a count. Of cells
    beyond these columns, one is given."""
    number, given = 0, 0
    for row in table.iter(f"{TABLE}table-row"):
        cells = _cells(row, columns)
        repeats = _count(row, "number-rows-repeated")
        for again in range(min(repeats, MAX_REPEATS) if any(cells) else 0):
            given += 1
            if given > MAX_ROWS + 1:
                return
            yield number + again + 1, cells
        number += repeats


def _cells(row: Any, columns: int) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            continue
        words = " ".join(" ".join(words_of(part) for part in cell if _is_paragraph(part)).split())
        repeats = _count(cell, "number-columns-repeated")
        cells += [words] * min(repeats, MAX_REPEATS if words else columns + 1)
        if words and len(cells) > columns:
            break
    return _without_empty_end(cells[: columns + 1])


def _is_paragraph(element: Any) -> bool:
    return element.tag in (f"{WORDS}p", f"{WORDS}h", f"{WORDS}list")


def _without_empty_end(cells: Sequence[str]) -> list[str]:
    last = max((index for index, cell in enumerate(cells) if cell), default=-1)
    return list(cells[: last + 1])


def _count(element: Any, name: str) -> int:
    stated = element.get(f"{TABLE}{name}") or "1"
    return max(1, int(stated)) if stated.isdecimal() and len(stated) < 9 else 1
