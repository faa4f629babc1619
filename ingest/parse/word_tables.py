"""Tables of Word as rows of cells: merged cells spread, deleted rows and cells left out, hidden rows apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.parse.html_tables import Cell, spread
from ingest.parse.word_markup import W, is_on, kept, number, value

MOST_COLUMNS = 100  # that a cell may cover
Read = Callable[[Element, str], str]  # the words of a cell, given those of the first cell in its row


@dataclass(slots=True)
class Rows:
    cells: list[list[str]] = field(default_factory=list)
    headers: int = 0  # rows that are known to be the header
    hidden: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    cells: list[Element]
    before: int  # columns left empty
    header: bool
    hidden: bool


def is_frame(table: Element) -> bool:
    """Whether it has one cell only, which is a frame around what stands in it."""
    cells = [cell for row in _rows(table) for cell in row.cells]
    return len(cells) == 1


def cells_of(table: Element) -> Iterator[Element]:
    return (cell for row in _rows(table) for cell in row.cells)


def rows_of(table: Element, read: Read) -> Rows:
    """Of a cell over several columns each column of the header says the words, of the body the first."""
    rows = list(_rows(table))
    placed = [_placed(row) for row in rows]
    found = Rows()
    grid: list[list[Cell]] = []
    covered: set[tuple[int, int]] = set()  # (row, column) of the parts of merged cells
    known = goes_on = True  # the header does
    for index, (row, line) in enumerate(zip(rows, placed, strict=True)):
        known = known and row.header
        header = row.header or goes_on
        goes_on = header and len(line) > 1 and any(_covers(cell) > 1 for _, cell in line)
        cells = [Cell("", False, 1, 1)] * row.before if row.before else []
        for column, cell in line:
            if (index, column) in covered:
                continue
            below = _below(placed, index, column)
            covered |= {(index + 1 + row_below, column) for row_below in range(below)}
            label = cells[0].text if cells else ""
            cells.append(Cell(read(cell, label), header, _covers(cell), 1 + below))
        grid.append(cells)
        found.headers += known and len(rows) > 1
    for row, texts in zip(rows, spread(grid), strict=False):
        (found.hidden if row.hidden else found.cells).append(texts)
    found.cells = [texts for texts in found.cells if any(texts)]
    return found


def _rows(table: Element) -> Iterator[_Row]:
    for row in kept(table):
        if row.tag != f"{W}tr":
            continue
        about = row.find(f"{W}trPr")
        if about is not None and about.find(f"{W}del") is not None:
            continue
        cells = [cell for cell in kept(row) if cell.tag == f"{W}tc" and cell.find(f"{W}tcPr/{W}cellDel") is None]
        switch = {name: about is not None and is_on(about.find(f"{W}{name}")) for name in ("tblHeader", "hidden")}
        before = 0 if about is None else number(about.find(f"{W}gridBefore"), 0)
        yield _Row(cells, min(max(before, 0), MOST_COLUMNS), switch["tblHeader"], switch["hidden"])


def _placed(row: _Row) -> list[tuple[int, Element]]:
    """The cells with the columns they begin in."""
    column, placed = row.before, []
    for cell in row.cells:
        placed.append((column, cell))
        column += _covers(cell)
    return placed


def _covers(cell: Element) -> int:
    return min(max(number(cell.find(f"{W}tcPr/{W}gridSpan"), 1), 1), MOST_COLUMNS)


def _continues(cell: Element) -> bool:
    """Whether it is part of the cell above it."""
    merged = cell.find(f"{W}tcPr/{W}vMerge")
    return merged is not None and value(merged) != "restart"


def _below(placed: list[list[tuple[int, Element]]], index: int, column: int) -> int:
    """How many rows further down the cell goes on."""
    merged = dict(placed[index])[column].find(f"{W}tcPr/{W}vMerge")
    if merged is None:
        return 0
    count = 0
    for line in placed[index + 1 :]:
        cell = next((cell for at, cell in line if at == column), None)
        if cell is None or not _continues(cell):
            break
        count += 1
    return count
