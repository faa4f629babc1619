"""The row of a table with the highest or lowest value: "Which product has the highest margin?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from language.quantities import quantities
from language.terms import terms

_TOTAL = re.compile(
    r"\b(?:sub)?totals?\b|\bsum\b|\baverage\b|\boverall\b|\ball\b|合计|总计|总和|小计|平均", re.IGNORECASE
)
_MOSTLY = 0.7  # of a column's cells that must be numbers


def extreme_cell(
    asked: frozenset[str], wanted: int, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[int, int] | None:
    """(row, column) of the cell; None if the question names a row, no one column of numbers fits, or two rows tie."""
    labels = [frozenset(terms(row[0])) for row in rows]
    if not wanted or any(label and label <= asked for label in labels):
        return None
    column = _column(asked, header, rows)
    if column is None:
        return None
    values = [
        (wanted * value, at)
        for at, row in enumerate(rows)
        if row[0] and not _TOTAL.search(row[0]) and (value := _number(row, column)) is not None
    ]
    values.sort(reverse=True)
    return (values[0][1], column) if len(values) > 1 and values[0][0] > values[1][0] else None


def _column(asked: frozenset[str], header: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column that the question names, or the only one with numbers."""
    numbered = [at for at in range(1, len(header)) if _is_numbered(rows, at)]
    shares = sorted(((len(asked & frozenset(terms(header[at]))), at) for at in numbered), reverse=True)
    if not shares or (len(shares) > 1 and shares[0][0] == shares[1][0]):
        return None
    named_first = bool(asked & frozenset(terms(header[0])))
    return shares[0][1] if shares[0][0] or named_first else None


def _is_numbered(rows: Sequence[Sequence[str]], column: int) -> bool:
    filled = [at for at, row in enumerate(rows) if column < len(row) and row[column]]
    numbers = sum(_number(rows[at], column) is not None for at in filled)
    return len(filled) > 1 and numbers >= _MOSTLY * len(filled)


def _number(row: Sequence[str], column: int) -> float | None:
    found = quantities(row[column]) if column < len(row) else ()
    return found[0].value if len(found) == 1 else None
