"""The header of a table, for every format: its levels joined to "2025 / Q1", and tables of pairs that have none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

Row = Sequence[str]
NUMBER = re.compile(r"[-+(]?[^\w\s]{0,2}\s?[\d.,\s]*\d[.,]*\s?(?:%|[^\W\d]{0,3})\)?|\d{1,4}[-/.:]\d{1,2}[-/.:\d\sT]*")
YEAR = re.compile(r"(?:19|20)\d\d")
LEVELS = 4
BELOW = 20  # rows looked at
BETWEEN = " / "


def is_number(cell: str) -> bool:
    """Years aside, which are headers as well."""
    return bool(NUMBER.fullmatch(cell)) and not YEAR.fullmatch(cell)


def is_header(cells: Row) -> bool:
    """Words in (nearly) every cell, numbers in none."""
    filled = [cell for cell in cells if cell]
    return len(filled) >= 2 and not any(map(is_number, filled))


def header_rows(rows: Sequence[Row], known: int = 0) -> int:
    """How many rows are the header; `known`: as many at least. A row with one label over several columns is followed
    by another where that is certain: a label stands over both, labels are repeated, or figures stand below."""
    rows = _equally_long(rows[: LEVELS + BELOW])
    depth = 1
    while depth < min(LEVELS, len(rows) - 1) and (depth < known or _goes_on(rows, depth)):
        depth += 1
    return depth


def joined(rows: Sequence[Row]) -> tuple[str, ...]:
    """The rows of a header as one: of each column the labels above each other, each once."""
    if len(rows) == 1:
        return tuple(rows[0])
    filled = _equally_long(rows)
    for above, below in pairwise(filled):
        _fill(above, below)
    paths = (dict.fromkeys(" ".join(cell.split()) for cell in column if cell) for column in zip(*filled, strict=True))
    return tuple(BETWEEN.join(path) for path in paths)


def is_title(rows: Sequence[Row]) -> bool:
    """Whether the first row is one label over the whole table."""
    first = rows[0]
    return len(rows) > 2 and len(first) > 1 and bool(first[0]) and len(set(first)) == 1 and len(set(rows[1])) > 1


def is_pairs(rows: Sequence[Row]) -> bool:
    """Whether it is a form, with "Name:" and what it is in every row, so that the first row is no header."""
    if len(rows) < 2 or any(len(row) != 2 or not row[0] for row in rows):
        return False
    names = [row[0] for row in rows]
    if len(set(names)) < len(names) or any(map(is_number, names)):
        return False
    return all(name.endswith((":", "：")) for name in names)


def _goes_on(rows: Sequence[Row], depth: int) -> bool:
    above, below = list(rows[depth - 1]), rows[depth]
    if any(map(is_number, below)) or not any(below):
        return False
    _fill(above, below)
    spanned = [
        column
        for column in range(1, len(above))
        if above[column] and above[column] == above[column - 1] and below[column] != below[column - 1]
    ]
    if not spanned or is_title(rows[depth - 1 :]):
        return False
    covered = set(spanned) | {column - 1 for column in spanned}
    if not all(below[column] for column in covered):
        return False
    both = any(cell and cell == other for cell, other in zip(above, below, strict=True))
    labels = [below[column] for column in covered]
    figures = [row[column] for row in rows[depth + 1 :] for column in covered if row[column]]
    return both or len(set(labels)) < len(labels) or sum(map(is_number, figures)) * 2 > len(figures)


def _fill(above: list[str], below: Row) -> None:
    """A label over several columns may stand in the first only: those after it whose own label stands under other
    labels too are its own."""
    for column in range(1, len(above)):
        if not above[column] and above[column - 1] and below[column] and list(below).count(below[column]) > 1:
            above[column] = above[column - 1]


def _equally_long(rows: Sequence[Row]) -> list[list[str]]:
    width = max(map(len, rows), default=0)
    return [[*row, *[""] * (width - len(row))] for row in rows]
