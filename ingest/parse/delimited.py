"""Reads CSV and its relatives (tabs, semicolons, bars), in any encoding, as tables with their row numbers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from domain.documents import Problem
from domain.limits import DocumentLimits, only_first
from domain.parsed import Identity, ParsedPage
from ingest.parse.grid import Row, blocks_of
from ingest.parse.text import read_text

DELIMITERS = ",;\t|"
NONE = "\x1f"  # stands in no text
LOOKED_AT = 100  # rows
MAX_ROWS = 100_000
MAX_FIELD = 10_000_000  # characters; a quote that is never closed swallows the rest of the file


def open_csv(path: Path) -> Identity:
    return Identity("text/csv", None)


def parse_csv(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    text, problems = read_text(path)
    csv.field_size_limit(MAX_FIELD)
    rows: list[Row] = []
    cells = widest = 0
    for number, row in _lines(text, _delimiter(text)):
        if len(rows) == MAX_ROWS:
            problems = (*problems, Problem(f"only the first {MAX_ROWS:,} rows were read"))
            break
        widest, row = max(widest, len(row)), row[: limits.columns]
        cells += len(row)
        if cells > limits.cells:
            problems = (*problems, Problem(only_first("cells", limits.cells, None, "cells")))
            break
        rows.append((number, _clean(row)))
    if widest > limits.columns:
        problems = (*problems, Problem(only_first("columns", limits.columns, widest, "columns")))
    return [ParsedPage(None, tuple(blocks_of(rows)), problems=problems)]


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    return enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), 1)


def _clean(cells: list[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in cells]


def _delimiter(text: str) -> str:
    """The delimiter that cuts most rows into the same number of cells, and into more cells. A sign that cuts only some
    rows is punctuation; the file then has one column."""
    sample = text[:200_000]
    best, share = max(
        ((delimiter, _evenness(sample, delimiter)) for delimiter in DELIMITERS), key=lambda found: found[1]
    )
    return best if share[0] >= 0.5 else NONE


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    """(share of rows that have the commonest number of cells, that number)."""
    widths = Counter(len(cells) for _, cells in islice(_lines(sample, delimiter), LOOKED_AT) if cells)
    rows = widths.total()
    widths.pop(1, None)
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return count / rows, width
