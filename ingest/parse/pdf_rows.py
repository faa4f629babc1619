"""Finds tables without rules: rows of a page whose cells stand below each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.parse.pdf_layout import Row, Segment
from ingest.parse.pdf_tables import tidy

LEAST_ROWS = 3  # of at least two cells
MOST_WORDS = 5  # of the usual cell beside the first: longer ones are columns of prose
LOOSE = re.compile(r"^[$€£¥%)\]*†‡]+$")  # a sign that stands apart from its number


@dataclass(frozen=True, slots=True)
class Aligned:
    """The rows of a table by their place among the page's rows, and their cells."""

    first: int
    last: int
    cells: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]  # one for each row of cells


def aligned_tables(rows: Sequence[Row]) -> list[Aligned]:
    """Of rows in reading order."""
    found = []
    for first, last in _runs(rows):
        table = _table(rows, first, last)
        if table is not None:
            found.append(table)
    return found


def _runs(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Stretches of rows with several cells; single ones (a label, a part's title) may stand between, not at the end."""
    found: list[tuple[int, int]] = []
    first: int | None = None
    last = 0
    for index, row in enumerate(rows):
        if first is not None and (index - last > 3 or not _near(rows[index - 1], row)):
            found.append((first, last))
            first = None
        if len(row.cells) > 1:
            first = index if first is None else first
            last = index
    if first is not None:
        found.append((first, last))
    return [
        (first, last)
        for first, last in found
        if sum(len(row.cells) > 1 for row in rows[first : last + 1]) >= max(LEAST_ROWS, (last - first + 1) // 2)
    ]


def _near(above: Row, below: Row) -> bool:
    gap = below.y0 - above.y1
    return -0.5 * above.size < gap < 2.5 * max(above.size, below.size)


def _table(rows: Sequence[Row], first: int, last: int) -> Aligned | None:
    within = list(rows[first : last + 1])
    edges = _columns(within)
    if len(edges) < 1:
        return None
    grid = [_cells(row, edges) for row in within]
    cells = _without_loose(grid)
    several = [row for row in cells if sum(map(bool, row)) > 1]
    lengths = [len(cell.split()) for row in several for cell in row[1:] if cell]
    if len(several) < LEAST_ROWS or not lengths or median(lengths) > MOST_WORDS:
        return None
    whole = tidy(cells)
    if not whole or len(whole[0]) < 2 or len(whole) != len(within):
        return None
    return Aligned(first, last, whole, tuple(within))


def _columns(rows: Sequence[Row]) -> list[float]:
    """The x of the white between columns: where hardly any row has letters."""
    cells = [cell for row in rows if len(row.cells) > 1 for cell in row.cells]
    several = sum(len(row.cells) > 1 for row in rows)
    events = sorted([(cell.x0, 1) for cell in cells] + [(cell.x1, -1) for cell in cells])
    allowed = several // 12
    edges: list[float] = []
    covered = 0
    for (x, step), (following, _) in pairwise(events):
        covered += step
        if covered <= allowed and following - x > 3.0:
            if edges and _empty_between(cells, edges[-1], (x + following) / 2):
                continue
            edges.append((x + following) / 2)
    return edges


def _empty_between(cells: Sequence[Segment], left: float, right: float) -> bool:
    """No cell has its middle between two edges: they are the two sides of one stray cell."""
    return sum(left < (cell.x0 + cell.x1) / 2 < right for cell in cells) < 2


def _cells(row: Row, edges: Sequence[float]) -> list[str]:
    found = [""] * (len(edges) + 1)
    for cell in row.cells:
        middle = cell.x0 if len(row.cells) == 1 else (cell.x0 + cell.x1) / 2
        column = sum(edge < middle for edge in edges)
        found[column] = f"{found[column]} {cell.text}".strip()
    return found


def _without_loose(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Signs in columns of their own go to the number they belong to."""
    cells = [list(row) for row in rows]
    for row in cells:
        for column, cell in enumerate(row):
            if not LOOSE.match(cell):
                continue
            if cell[0] in "$€£¥" and column + 1 < len(row) and row[column + 1]:
                row[column + 1] = f"{cell}{row[column + 1]}"
                row[column] = ""
            elif column and row[column - 1]:
                row[column - 1] += cell
                row[column] = ""
    return cells
