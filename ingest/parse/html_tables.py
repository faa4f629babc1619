"""A table of HTML as rows of cells of equal length: spans resolved, columns that only make room left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_SPAN = 100
MAX_ROWS_SPANNED = 1000
MAX_CELLS = 500_000
BEFORE = frozenset("$€£¥₹(") | {"US$", "RMB", "-", "−"}  # stand in a cell of their own before their number
AFTER = frozenset({")", "%", ")%", "pt", "pts"})


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_header: bool
    columns: int
    rows: int


def grid_of(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    grid = [_with_signs(row) for row in spread(rows)]
    grid = [row for row in grid if any(row)]
    width = max(map(len, grid), default=0)
    grid = [[*row, *[""] * (width - len(row))] for row in grid]
    kept = [column for column in range(width) if any(row[column] for row in grid)]
    return [[row[column] for column in kept] for row in grid]


def spread(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """A cell over several rows says its words in each; one over several columns only where it is a header: figures
    in reports span columns for their looks."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column → rows still to fill, words
    total = 0
    for row in rows:
        line: list[str] = []
        for cell in row:
            _fill(line, hanging)
            for offset in range(max(1, min(cell.columns, MAX_SPAN))):
                words = cell.text if offset == 0 or cell.is_header else ""
                if cell.rows > 1:
                    hanging[len(line)] = (min(cell.rows, MAX_ROWS_SPANNED) - 1, words)
                line.append(words)
        _fill(line, hanging)
        grid.append(line)
        total += len(line)
        if total > MAX_CELLS:
            break
    return grid


def _fill(line: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(line) in hanging:
        left, words = hanging.pop(len(line))
        if left > 1:
            hanging[len(line)] = (left - 1, words)
        line.append(words)


def _with_signs(row: Sequence[str]) -> list[str]:
    """Currency signs, brackets and per cents join the number they belong to."""
    joined = list(row)
    for column in range(len(joined) - 2, -1, -1):
        following = next((other for other in range(column + 1, len(joined)) if joined[other]), None)
        if joined[column] in BEFORE and following is not None:
            joined[following] = joined[column] + joined[following]
            joined[column] = ""
    last = None
    for column, words in enumerate(joined):
        if words in AFTER and last is not None:
            joined[last] += words
            joined[column] = ""
        elif words:
            last = column
    return joined
