"""Reads ruled tables: the grid by pdfplumber's algorithm, out of the rules that pdfium found.

pdfplumber itself would read the page a second time, every letter as a Python dictionary: half of a page's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

from ingest.parse.pdf_geometry import Rectangle, Word, around
from ingest.parse.pdf_layout import run_on
from ingest.parse.pdf_shapes import MOST_EDGES, Shapes, area, edges_across, edges_down

Words = list[Word]  # of one cell
T = TypeVar("T")
Edge = dict[str, float | str]

PAGE_LIMIT_S = 4.0  # then its tables so far are what there is
MOST_CROSSINGS = 4_000  # finding cells takes their square
NEAR = 3.0  # points: pdfplumber's defaults for edges that are one, and edges that meet
SHORTEST = 3.0


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row, header first, the boxes of each one's words, and that of the whole grid; in points of the page
    as rendered."""

    cells: tuple[tuple[str, ...], ...]
    stretches: tuple[tuple[tuple[Rectangle, ...], ...], ...]
    box: Rectangle


def ruled_tables(shapes: Shapes, words: Sequence[Word], turns: int) -> list[Table]:
    """The ruled tables of a page, filled with its words.

    `turns`: quarter turns clockwise that its letters lie by; rows are as the letters are read.
    """
    until = time.monotonic() + PAGE_LIMIT_S
    found = []
    for grid in _grids(shapes):
        if time.monotonic() > until:
            break
        held = tidy(turned_back(filled(_rows(grid), words), turns), bool)
        cells = tuple(tuple(map(text_of_cell, row)) for row in held)
        if is_table(cells):
            found.append(Table(cells, tuple(tuple(map(stretches_of_cell, row)) for row in held), around(grid)))
    return found


def _grids(shapes: Shapes) -> list[list[Rectangle]]:
    """The cells of each table, top to bottom."""
    edges = [edge for edge in _edges(shapes) if _length(edge) >= 1]
    if len(edges) > MOST_EDGES:
        return []
    edges = [edge for edge in merge_edges(edges, NEAR, NEAR, NEAR, NEAR) if _length(edge) >= SHORTEST]
    crossings = edges_to_intersections(edges, NEAR, NEAR)
    if len(crossings) > MOST_CROSSINGS:
        return []
    grids: list[list[Rectangle]] = cells_to_tables(intersections_to_cells(crossings))
    return grids


def _edges(shapes: Shapes) -> Iterator[Edge]:
    across = [*shapes.across, *shapes.strokes_across, *(edge for box in shapes.boxes for edge in edges_across(box))]
    down = [*shapes.down, *shapes.strokes_down, *(edge for box in shapes.boxes for edge in edges_down(box))]
    for left, top, right, bottom in across:
        yield _edge("h", left, (top + bottom) / 2, right, (top + bottom) / 2)
    for left, top, right, bottom in down:
        yield _edge("v", (left + right) / 2, top, (left + right) / 2, bottom)


def _edge(orientation: str, x0: float, top: float, x1: float, bottom: float) -> Edge:
    return {
        "orientation": orientation,
        "x0": x0,
        "x1": x1,
        "top": top,
        "bottom": bottom,
        "width": x1 - x0,
        "height": bottom - top,
    }


def _length(edge: Edge) -> float:
    if edge["orientation"] == "h":
        return float(edge["x1"]) - float(edge["x0"])
    return float(edge["bottom"]) - float(edge["top"])


def _rows(grid: Sequence[Rectangle]) -> list[list[Rectangle]]:
    """Cells by row and column; where a cell spans others, a place that holds nothing."""
    lefts = sorted({cell[0] for cell in grid})
    placed = {(cell[1], cell[0]): cell for cell in grid}
    tops = sorted({cell[1] for cell in grid})
    return [[placed.get((top, left), (0.0, 0.0, -1.0, -1.0)) for left in lefts] for top in tops]


def filled(rows: Sequence[Sequence[Rectangle]], words: Sequence[Word]) -> list[list[Words]]:
    """The words whose middle lies in each cell; of cells within others, in the innermost."""
    held = _within(rows, words)
    smallest: dict[int, float] = {}
    for boxes, cells in zip(rows, held, strict=True):
        for box, cell in zip(boxes, cells, strict=True):
            for word in cell:
                smallest[id(word)] = min(area(box), smallest.get(id(word), area(box)))
    return [
        [[word for word in cell if area(box) <= smallest[id(word)]] for box, cell in zip(boxes, cells, strict=True)]
        for boxes, cells in zip(rows, held, strict=True)
    ]


def _within(rows: Sequence[Sequence[Rectangle]], words: Sequence[Word]) -> list[list[Words]]:
    middles = [((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2, word) for word in words]
    cells = []
    for row in rows:
        upper, lower = min((box[1] for box in row), default=0.0), max((box[3] for box in row), default=0.0)
        near = [each for each in middles if upper <= each[1] < lower]
        cells.append([[word for x, y, word in near if x0 <= x < x1 and y0 <= y < y1] for x0, y0, x1, y1 in row])
    return cells


def text_of_cell(words: Words) -> str:
    """The text of a cell, its lines joined as those of a paragraph."""
    text = ""
    for _, line in groupby(words, lambda word: word.line):
        more = " ".join(word.text for word in line)
        text = run_on(text, more) if text else more
    return text


def stretches_of_cell(words: Words) -> tuple[Rectangle, ...]:
    """The stretches of a cell, parted at wide gaps and line ends."""
    runs: list[Words] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if last is None or last.line != word.line or not -1.0 * word.size < _white(last, word) < 1.5 * word.size:
            runs.append([])
        runs[-1].append(word)
    return tuple(around((word.x0, word.y0, word.x1, word.y1) for word in run) for run in runs)


def _white(before: Word, word: Word) -> float:
    """The gap between two words of a line, in reading direction."""
    return (word.x0 - before.x1, word.y0 - before.y1, before.x0 - word.x1, before.y0 - word.y1)[word.turns]


def turned_back(cells: list[list[T]], turns: int) -> list[list[T]]:
    """The grid turned by so many quarters to the left."""
    for _ in range(turns):
        cells = [list(column) for column in zip(*cells, strict=True)][::-1]
    return cells


def tidy(rows: Sequence[Sequence[T]], filled: Callable[[T], bool]) -> list[list[T]]:
    """The grid without empty rows and columns."""
    kept = [row for row in rows if any(map(filled, row))]
    columns = [column for column in range(max(map(len, kept), default=0)) if any(filled(row[column]) for row in kept)]
    return [[row[column] for column in columns] for row in kept]


def is_table(cells: Sequence[Sequence[str]]) -> bool:
    """Whether it is a table, not a frame around prose or the empty grid of a chart."""
    if len(cells) < 2 or len(cells[0]) < 2:
        return False
    filled = sum(1 for row in cells for cell in row if cell)
    longest = max(len(cell) for row in cells for cell in row)
    return filled >= 0.3 * len(cells) * len(cells[0]) and filled >= 4 and longest < 1500
