"""Reads Excel workbooks with openpyxl, row by row: a page is a sheet, a block is a table in it.

Why not docling, which reads workbooks too: it keeps the whole workbook in memory and gives cells without their number
formats; openpyxl, on which it stands, streams the rows (0.4 s to import against 4).
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from domain.documents import Problem
from domain.errors import Unreadable
from domain.limits import DocumentLimits, only_first
from domain.parsed import Identity, ParsedPage
from ingest.parse.cell_formats import shown
from ingest.parse.concealed import Concealed, concealed, hidden
from ingest.parse.drawings import comments, drawn_blocks
from ingest.parse.grid import Row, blocks_of
from ingest.parse.packages import cleaned, package, title

SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 50_000  # with something in them, of a sheet
MOST_COLUMNS = 16_384  # of Excel
MAX_MERGED = 2_000  # cells of one merged range
UNCALCULATED = re.compile(rb"</f>\s*+(?:(?:<v\s*+/>|<v></v>)\s*+)?</c>")
MAX_COVERED = 500_000  # cells of all merged ranges
MERGED = re.compile(rb'<mergeCell\s[^<>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


def open_xlsx(path: Path) -> Identity:
    with package(path) as archive:
        named = title(archive)
    with _workbook(path) as book:
        return Identity(SHEETS, len(book.sheetnames), title=named)


def parse_xlsx(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    with _workbook(path) as book, package(path) as archive:
        names = book.sheetnames[first - 1 : last]
        return [_page(book[name], number, archive, limits) for number, name in enumerate(names, first)]


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """openpyxl's workbook, streaming; its values are those last calculated."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    copy = cleaned(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every extension that it does not keep
        try:
            book = load_workbook(copy, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, SyntaxError) as error:
            raise Unreadable(f"the workbook is damaged ({type(error).__name__})") from error
        try:
            yield book
        finally:
            book.close()


def _page(sheet: Any, number: int, archive: zipfile.ZipFile, limits: DocumentLimits) -> ParsedPage:
    if not hasattr(sheet, "iter_rows"):  # a sheet that is one chart
        return ParsedPage(number, read_as="empty")
    part = _part(sheet)
    markup = archive.read(part) if part in archive.namelist() else b""
    rows = _Rows(sheet, _merged(markup), limits, concealed(markup))
    blocks = [*blocks_of(rows, sheet.title), *drawn_blocks(archive, part, sheet.title)]
    blocks += comments(archive, part, sheet.title)
    blocks += hidden(block for apart in (rows.hidden, rows.beside) for block in blocks_of(apart, sheet.title))
    if getattr(sheet, "sheet_state", "visible") != "visible":
        blocks = list(hidden(blocks))
    problems = []
    if rows.cut:
        problems.append(Problem(f"only the first {MAX_ROWS:,} rows of the sheet were read", number))
    if rows.over:
        problems.append(Problem(only_first("cells of the sheet", limits.cells, None, "cells"), number))
    if _beyond(markup, limits.columns):
        problems.append(Problem(only_first("columns of the sheet", limits.columns, None, "columns"), number))
    uncalculated = len(UNCALCULATED.findall(markup))
    if uncalculated:
        problems.append(Problem(f"{uncalculated} formulas have no result: no program has calculated them yet", number))
    placed = tuple(replace(block, page=number) for block in blocks)
    return ParsedPage(number, placed, read_as="text" if placed else "empty", problems=tuple(problems))


def _part(sheet: Any) -> str:
    """The name of the sheet's part in the package."""
    return str(getattr(sheet, "_worksheet_path", "")).lstrip("/")


class _Rows:
    """The rows of a sheet as shown, merged cells filled in; `cut` and `over` tell afterwards whether there were too
    many rows, or cells; `hidden` are the hidden rows, `beside` the hidden cells of others, below the header."""

    def __init__(
        self,
        sheet: Any,
        merged: dict[tuple[int, int], tuple[int, int]],
        limits: DocumentLimits,
        concealed: Concealed,
    ) -> None:
        self.sheet = sheet
        self.merged = merged
        self.limits = limits
        self.cut = self.over = False
        self.concealed = concealed
        self.hidden: list[Row] = []
        self.beside: list[Row] = []
        self.header: Row | None = None

    def __iter__(self) -> Iterator[Row]:
        corners: dict[tuple[int, int], str] = {}
        wanted = set(self.merged.values())
        filled, held, nothing = 0, 0, None
        self.sheet.reset_dimensions()  # a sheet may claim a million rows and have ten
        for number, cells in enumerate(self.sheet.iter_rows(max_col=self.limits.columns), 1):
            if cells is nothing:  # openpyxl fills gaps with one and the same row: a million take half a second
                continue
            texts = [_text(cell) for cell in cells]
            if not any(texts):
                nothing = cells
                yield number, ()
                continue
            filled, held = filled + 1, held + sum(map(bool, texts))
            self.cut, self.over = filled > MAX_ROWS, held > self.limits.cells
            if self.cut or self.over:
                return
            corners |= {(number, column): text for column, text in enumerate(texts, 1) if (number, column) in wanted}
            texts = self._filled(number, texts, corners)
            if number in self.concealed.rows:
                self.hidden += [self.header, (number, texts)] if self.header and not self.hidden else [(number, texts)]
            else:
                yield number, self._seen(number, texts)

    def _seen(self, number: int, texts: list[str]) -> list[str]:
        """The cells of a row that can be seen. The hidden ones are kept beside, after the first that is seen."""
        if self.header is None and sum(map(bool, texts)) > 1:
            self.header = (number, texts)
        if not self.concealed.columns:
            return texts
        shown = [text for column, text in enumerate(texts, 1) if column not in self.concealed.columns]
        apart = [text for column, text in enumerate(texts, 1) if column in self.concealed.columns]
        if any(apart):
            self.beside.append((number, [*shown[:1], *apart]))
        return shown

    def _filled(self, number: int, texts: list[str], corners: dict[tuple[int, int], str]) -> list[str]:
        """A merged cell says the same in every row and column that it covers; one that stands alone in its row is
        the title of what is below, and says it once."""
        own = [column for column, text in enumerate(texts, 1) if text]
        if not self.merged or (len(own) == 1 and (number, own[0]) in corners):
            return texts
        return [
            text or corners.get(self.merged.get((number, column), (0, 0)), "") for column, text in enumerate(texts, 1)
        ]


def _beyond(markup: bytes, columns: int) -> bool:
    """Whether a cell in a column after these has something in it."""
    from openpyxl.utils import column_index_from_string, get_column_letter

    letters = len(get_column_letter(columns + 1)) if columns < MOST_COLUMNS else 3
    cells = _filled_beyond(letters).finditer(markup)
    return any(column_index_from_string(cell.group(1).decode()) > columns for cell in cells)


def _text(cell: Any) -> str:
    value = cell.value
    return "" if value is None else shown(value, getattr(cell, "number_format", None) or "General")


def _merged(markup: bytes) -> dict[tuple[int, int], tuple[int, int]]:
    """Cell → the corner whose value it shows; the streaming reader leaves this out."""
    from openpyxl.utils import column_index_from_string

    covered: dict[tuple[int, int], tuple[int, int]] = {}
    for match in MERGED.finditer(markup):
        left, right = (column_index_from_string(match.group(group).decode()) for group in (1, 3))
        top, bottom = int(match.group(2)), int(match.group(4))
        if (right - left + 1) * (bottom - top + 1) <= MAX_MERGED and len(covered) < MAX_COVERED:
            cells = ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
            covered |= dict.fromkeys(cells, (top, left))
    return covered


def _filled_beyond(letters: int) -> re.Pattern[bytes]:
    """Cells with something in them, in columns whose names have so many letters or more."""
    return re.compile(rb'<c\s(?=[^<>]*r="([A-Z]{%d,3})\d)[^<>]*+>\s*+<[vi]' % letters)
