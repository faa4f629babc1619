"""Rows of a table that a question's words choose: "which high priority issues does Yusuf own", and how many they are.

A word that is a cell's whole value chooses the rows that have it in that column. Every word of the question must be a
value, a column's name or stand over the table: otherwise something is asked that the table can't be filtered by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from answering.extractive.sought import Sought
from domain.evidence import Evidence
from domain.question import Asks
from ingest.parse.tables import cells_of
from language.scripts import folded
from language.terms import terms
from language.wordlists import words

_OF_LISTS = frozenset(terms(" ".join(words("list_words.en.txt"))))
_SHAPES = frozenset({"list", "count"})
_MOST_ROWS = 100
_LEAST_ROWS = 3  # of a table that is filtered
_MANY_VALUES = 0.8  # distinct values per row: such a column names rows, it does not sort them


@dataclass(frozen=True, slots=True)
class Row:
    n: int  # the marker of the evidence that it stands in
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    columns: tuple[int, ...]  # that chose them
    counted: bool

    def quotes(self) -> tuple[str, ...]:
        """Each row by its first cell and what chose it, with its marker; the number of them before, where asked."""
        every = tuple(range(len(self.header)))
        shown = every if 0 in self.columns else (0, *self.columns)  # a row chosen by its label is asked for what it has
        lines = [f"{'; '.join(self._cell(row, at) for at in shown)} [{row.n}]" for row in self.rows[:_MOST_ROWS]]
        return (f"{len(self.rows)}:", *lines) if self.counted else tuple(lines)

    def _cell(self, row: Row, at: int) -> str:
        return f"{self.header[at]}: {row.cells[at]}" if self.header[at] else row.cells[at]


def matching(question: Sought, asks: Asks, evidence: Sequence[Evidence]) -> Matching | None:
    """None where the question isn't one for rows, or not every word of it chooses among them."""
    if asks.shape not in _SHAPES:
        return None
    wanted = _wanted(question)
    for header, rows, over in _tables(evidence):
        if asks.shape == "count" and _asks_for_a_cell(wanted, header, rows):
            continue
        chosen, explained = _chosen(wanted, header, rows)
        known = over | explained | frozenset(terms(" ".join(header)))
        if len(rows) < _LEAST_ROWS or not wanted <= known:
            continue
        numbered = any(term[0].isdigit() for term in wanted - explained)  # "in 2025" would have to choose a row
        if numbered or (not chosen and asks.shape != "count"):
            continue
        found = tuple(row for row in rows if all(folded(row.cells[at]) == value for at, value in chosen.items()))
        return Matching(header, found, tuple(chosen), asks.shape == "count") if found else None
    return None


def _asks_for_a_cell(wanted: frozenset[str], header: Sequence[str], rows: Sequence[Row]) -> bool:
    """Whether a column gives numbers of what is asked for, or a row alone is named: nobody wants the rows counted then.
    ("How many parcels on Tolle", of a table by island with a column of parcels.)"""
    for at, name in enumerate(header):
        cells = [row.cells[at] for row in rows if row.cells[at]]
        numbers = sum(cell[0].isdigit() or cell[-1].isdigit() for cell in cells)
        if frozenset(terms(name)) & wanted and 2 * numbers > len(cells):
            return True
        named = {folded(cell) for cell in cells if (parts := frozenset(terms(cell))) and parts <= wanted}
        if named and len({folded(cell) for cell in cells}) > _MANY_VALUES * len(rows):
            return True
    return False


def _wanted(question: Sought) -> frozenset[str]:
    return frozenset(term for term in question.strong if term not in _OF_LISTS)


def _tables(evidence: Sequence[Evidence]) -> Iterator[tuple[tuple[str, ...], list[Row], frozenset[str]]]:
    """Tables of one document with the same header are pieces of one: its header, rows, and the terms over it."""
    found: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
    over: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
    for n, one in enumerate(evidence, start=1):
        lines = [line for line in one.chunk.text.splitlines() if line.lstrip().startswith("|")]
        if one.chunk.kind != "table" or len(lines) < _LEAST_ROWS:
            continue
        header = tuple(cells_of(lines[0]))
        key = one.document.id, header
        rows = [Row(n, tuple(cells)) for cells in map(cells_of, lines[2:]) if len(cells) == len(header)]
        known = {row.cells for row in found.setdefault(key, [])}
        found[key] += [row for row in rows if row.cells not in known]
        prose = " ".join(line for line in one.chunk.own_search_text.splitlines() if not line.lstrip().startswith("|"))
        over[key] = over.get(key, frozenset()) | frozenset(terms(f"{one.document.name} {one.document.title} {prose}"))
    for key, rows in found.items():
        yield key[1], rows, over[key]


def _chosen(
    wanted: frozenset[str], header: Sequence[str], rows: Sequence[Row]
) -> tuple[Mapping[int, str], frozenset[str]]:
    """Column -> the value that the question names there, and the terms of these values."""
    chosen: dict[int, str] = {}
    explained: frozenset[str] = frozenset()
    for at in range(len(header)):
        values = {folded(row.cells[at]) for row in rows if row.cells[at]}
        if len(values) > _MANY_VALUES * len(rows):
            continue
        named = [value for value in values if (parts := frozenset(terms(value))) and parts <= wanted - explained]
        if named:
            chosen[at] = max(named, key=len)
            explained |= frozenset(terms(chosen[at]))
    return chosen, explained
