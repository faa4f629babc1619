"""Finds tables without rules: rows of a page whose cells stand below each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.parse.pdf_geometry import Rectangle, Row, Segment, row_of, segment
from ingest.parse.pdf_tables import tidy
from ingest.parse.reading_order import parted

FILLED = 0.7  # of the cells of a table of records
NUMBER = re.compile(r"[-+–—(]?\W{0,2}\d[\d.,\s]*\W{0,2}\w{0,3}(?<!\.)$")  # `£1,185.00`, `(70)`, `12 %`, `48 kg`
YEAR = re.compile(r"(?:19|20)\d\d\W?$")
LEAST_ROWS = 3  # of at least two cells
MOST_WORDS = 5  # of the usual cell beside the first: longer ones are columns of prose
WIDE = 0.8  # sizes of its font: white that is more than a blank
CURRENCIES = "$€£¥"
Held = list[Segment]  # what stands in one cell
UNSIGNED = re.compile(r"[-+(]?[\d.]|[-–—]")  # a number without a currency, or a dash for none
LOOSE = re.compile(r"^[$€£¥%)\]*†‡]+$")  # a sign that stands apart from its number


@dataclass(frozen=True, slots=True)
class Aligned:
    """The rows of a table by their place among the page's rows, and their cells."""

    first: int
    last: int
    cells: tuple[tuple[str, ...], ...]
    stretches: tuple[tuple[tuple[Rectangle, ...], ...], ...]  # of the words of each cell, on the upright page
    rows: tuple[Row, ...]  # one for each row of cells


def aligned_tables(rows: Sequence[Row]) -> list[Aligned]:
    """The tables among rows in reading order."""
    found = []
    for first, last in _runs(rows):
        table = _table(rows, first, last)
        if table is not None:
            found.append(table)
    return found


def is_of_records(table: Aligned) -> bool:
    """Most cells are filled, numbers stand below each other, and words above them: the labels of a drawing stand in
    rows too."""
    head, *rows = table.cells
    filled = sum(map(bool, (cell for row in table.cells for cell in row)))
    named = [cell for cell in head if cell and (YEAR.match(cell) or not NUMBER.match(cell))]
    if filled < FILLED * len(table.cells) * len(head) or 2 * len(named) <= len(head):
        return False
    columns = [[cell for cell in column if cell] for column in zip(*(row[1:] for row in rows), strict=True)]
    return any(len(cells) >= LEAST_ROWS - 1 and _are_numbers(cells) for cells in columns)


def _are_numbers(cells: Sequence[str]) -> bool:
    return sum(NUMBER.match(cell) is not None for cell in cells) >= FILLED * len(cells)


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
    edges = _columns([row_of(_finer(row)) for row in within])
    if len(edges) < 1:
        return None
    grid = [_cells(row, edges) for row in within]
    held = tidy(_without_loose(grid), bool)
    cells = tuple(tuple(map(_text, row)) for row in held)
    several = [row for row in cells if sum(map(bool, row)) > 1]
    lengths = [len(cell.split()) for row in several for cell in row[1:] if cell]
    if len(several) < LEAST_ROWS or not lengths or median(lengths) > MOST_WORDS:
        return None
    if not cells or len(cells[0]) < 2 or len(cells) != len(within):
        return None
    return Aligned(first, last, cells, tuple(tuple(map(_stretches, row)) for row in held), tuple(within))


def _text(held: Held) -> str:
    """Joins signs with the numbers beside them."""
    text = ""
    for part in held:
        opens = part.text in CURRENCIES and part is not held[-1]
        joins = not text or text[-1] in CURRENCIES or (LOOSE.match(part.text) and not opens)
        text += part.text if joins else f" {part.text}"
    return text


def _stretches(held: Held) -> tuple[Rectangle, ...]:
    return tuple((part.x0, part.y0, part.x1, part.y1) for part in held)


def _columns(rows: Sequence[Row]) -> list[float]:
    """The x of the gaps between columns: where hardly any row has letters."""
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


def _finer(row: Row) -> list[Segment]:
    """Its cells, cut where the white is wider than a blank: columns may stand close together. What seems to be one
    cell is a row only where numbers follow."""
    parts = [part for cell in row.cells for part in parted(cell, WIDE)]
    numbers = all(any(c.isdigit() for c in part.text) for part in parts[1:])
    return parts if len(row.cells) > 1 or numbers else list(row.cells)


def _empty_between(cells: Sequence[Segment], left: float, right: float) -> bool:
    """No cell has its middle between two edges: they are the two sides of one stray cell."""
    return sum(left < (cell.x0 + cell.x1) / 2 < right for cell in cells) < 2


def _cells(row: Row, edges: Sequence[float]) -> list[Held]:
    found: list[Held] = [[] for _ in range(len(edges) + 1)]
    parts = _finer(row)
    for cell in (part for held in parts for part in _apart(held)):
        middle = cell.x0 if len(parts) == 1 else (cell.x0 + cell.x1) / 2
        found[sum(edge < middle for edge in edges)].append(cell)
    return found


def _apart(cell: Segment) -> tuple[Segment, ...]:
    """A currency at the end of a number is the next one's: it stands at the left edge of its column."""
    if len(cell.words) > 1 and cell.words[-1].text in CURRENCIES and any(c.isdigit() for c in cell.words[-2].text):
        return segment(cell.words[:-1]), segment(cell.words[-1:])
    return (cell,)


def _without_loose(rows: Sequence[list[Held]]) -> list[list[Held]]:
    """Signs in columns of their own go to the number they belong to, and so does a currency's at a cell's end."""
    cells = [list(row) for row in rows]
    for row in cells:
        for column, cell in enumerate(row):
            following = _following(row, column)
            if cell and cell[-1].text in CURRENCIES and following is not None:
                row[following] = [cell[-1], *row[following]]
                row[column] = cell[:-1]
            elif column and row[column - 1] and LOOSE.match(_text(cell)) and not _is_label(row[:column], cell):
                row[column - 1] = [*row[column - 1], *cell]
                row[column] = []
    return cells


def _following(row: Sequence[Held], column: int) -> int | None:
    """The next cell that holds anything, if that is a number without a currency."""
    after = next((number for number in range(column + 1, len(row)) if row[number]), None)
    return None if after is None or not UNSIGNED.match(row[after][0].text) else after


def _is_label(before: Sequence[Held], cell: Held) -> bool:
    """Whether a currency stands beside words, which it does not belong to."""
    return cell[0].text in CURRENCIES and not any(c.isdigit() for c in _text(before[-1]))
