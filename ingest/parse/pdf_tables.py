"""Reads ruled tables with pdfplumber: slow, so only on pages that have rules, and only for so long."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pdfplumber.page import Page as PlumberPage
from pdfplumber.pdf import PDF

from ingest.parse.pdf_layout import Word
from ingest.parse.pdf_words import Frame

Rectangle = tuple[float, float, float, float]

PAGE_LIMIT_S = 4.0  # then its tables so far are what there is
MOST_CHARACTERS = 30_000  # of a page: pdfplumber handles each one as a Python dictionary
MOST_EDGES = 4_000


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row, header first, and the box in points of the page as rendered."""

    cells: tuple[tuple[str, ...], ...]
    box: Rectangle


class TableReader:
    """Opens the file a second time, when the first ruled page is met."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: PDF | None = None

    def read(self, number: int, frame: Frame, words: Sequence[Word], turns: int) -> list[Table]:
        """The ruled tables of a page (from 1), filled with its words; raises whatever pdfplumber raises.

        `turns`: quarter turns clockwise that its letters lie by; rows are as the letters are read.

        Only the grid is pdfplumber's: its own words are scrambled on rotated pages.
        """
        logging.getLogger("pdfminer").setLevel(logging.ERROR)  # a warning for each odd font
        if self._file is None:
            self._file = PDF.open(self._path)
        page = self._file.pages[number - 1]
        try:
            return _tables(page, frame, words, turns, time.monotonic() + PAGE_LIMIT_S)
        finally:
            page.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _tables(page: PlumberPage, frame: Frame, words: Sequence[Word], turns: int, until: float) -> list[Table]:
    if len(page.edges) > MOST_EDGES or len(page.chars) > MOST_CHARACTERS:
        return []
    found = []
    left, top = frame.offset_in(*page.page_obj.mediabox)  # pdfplumber measures from the media box
    for table in page.find_tables():
        if time.monotonic() > until:
            break
        rows = [[_moved(cell, left, top) for cell in row.cells] for row in table.rows]
        cells = tidy(turned_back(filled(rows, words), turns))
        if is_table(cells):
            found.append(Table(cells, _moved(table.bbox, left, top)))
    return found


def _moved(box: Rectangle | None, left: float, top: float) -> Rectangle:
    """None, where a cell spans others, becomes a place that holds nothing."""
    x0, y0, x1, y1 = box or (0.0, 0.0, -1.0, -1.0)
    return x0 - left, y0 - top, x1 - left, y1 - top


def filled(rows: Sequence[Sequence[Rectangle]], words: Sequence[Word]) -> list[list[str]]:
    """The words whose middle lies in each cell."""
    middles = [((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2, word.text) for word in words]
    cells = []
    for row in rows:
        upper, lower = min((box[1] for box in row), default=0.0), max((box[3] for box in row), default=0.0)
        near = [each for each in middles if upper <= each[1] < lower]
        cells.append([" ".join(text for x, y, text in near if x0 <= x < x1 and y0 <= y < y1) for x0, y0, x1, y1 in row])
    return cells


def turned_back(cells: list[list[str]], turns: int) -> list[list[str]]:
    """The grid turned by so many quarters to the left."""
    for _ in range(turns):
        cells = [list(column) for column in zip(*cells, strict=True)][::-1]
    return cells


def tidy(rows: Sequence[Sequence[str | None]]) -> tuple[tuple[str, ...], ...]:
    """One line a cell, without empty rows and columns."""
    cells = [[" ".join((cell or "").split()) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ()
    width = max(len(row) for row in cells)
    cells = [row + [""] * (width - len(row)) for row in cells]
    kept = [column for column in range(width) if any(row[column] for row in cells)]
    return tuple(tuple(row[column] for column in kept) for row in cells)


def is_table(cells: Sequence[Sequence[str]]) -> bool:
    """Not a frame around prose, and not the empty grid of a chart."""
    if len(cells) < 2 or len(cells[0]) < 2:
        return False
    filled = sum(1 for row in cells for cell in row if cell)
    longest = max(len(cell) for row in cells for cell in row)
    return filled >= 0.3 * len(cells) * len(cells[0]) and filled >= 4 and longest < 1500
