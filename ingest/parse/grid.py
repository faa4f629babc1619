"""Finds the tables in the rows of a sheet or a CSV file: their ends, their headers, their row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from domain.documents import Place
from domain.parsed import Block
from ingest.parse.table_headers import header_rows, is_header, is_pairs, joined
from ingest.parse.tables import table_block

GROUP = 200  # rows in a block; splitting cuts them further
MAX_CAPTION = 300
HEADER_AND_BELOW = 30  # rows, from which the header is told

Row = tuple[int, Sequence[str]]  # its number in the sheet, from 1, and its cells


def blocks_of(rows: Iterable[Row], sheet: str | None = None) -> Iterator[Block]:
    """The tables and notes of a sheet; an empty row ends one. A long table comes in groups of rows."""
    grid = _Grid(sheet)
    for number, cells in rows:
        if not any(cells):
            yield from grid.end()
            continue
        grid.rows.append((number, cells))
        if len(grid.rows) >= GROUP + 1:
            yield from grid.group()
    yield from grid.end()


@dataclass(slots=True)
class _Grid:
    sheet: str | None
    rows: list[Row] = field(default_factory=list)
    header: tuple[str, ...] = ()
    caption: str = ""
    inside: bool = False  # a table whose first group has been given already

    def group(self) -> Iterator[Block]:
        yield from self._table()
        self.inside = True

    def end(self) -> Iterator[Block]:
        yield from self._table()
        self.inside = False
        self.caption = ""

    def _table(self) -> Iterator[Block]:
        rows, self.rows = self.rows, []
        if not self.inside:
            rows = self._without_caption(rows)
        if not rows:
            return
        if not self.inside and max(_width(cells) for _, cells in rows) <= 1:
            yield self._notes(rows)
            return
        body = rows
        if not self.inside:
            body = self._with_header(rows)
        first = rows[len(rows) - len(body) - 1 if len(body) < len(rows) else 0][0]  # the lowest row of the header
        place = Place(sheet=self.sheet, rows=(first, rows[-1][0]))
        width = max(len(self.header), *(_end(cells) for _, cells in rows))
        cells = [_cut(self.header, width), *(_cut(cells, width) for _, cells in body)]
        yield table_block(cells, place=place, caption=self.caption)

    def _without_caption(self, rows: list[Row]) -> list[Row]:
        """Rows of one cell above a table become its caption."""
        count = 0
        while count < len(rows) - 1 and _width(rows[count][1]) == 1:
            count += 1
        words = "\n".join(cell for _, cells in rows[:count] for cell in cells if cell)
        if not count or _width(rows[count][1]) < 2 or len(words) > MAX_CAPTION:
            return rows
        self.caption = words
        return rows[count:]

    def _with_header(self, rows: list[Row]) -> list[Row]:
        """The rows below the header. Without one: the header of the table above if it is as wide, else A, B, C …"""
        first = rows[0][1]
        if len(rows) > 1 and is_header(first) and not is_pairs([cells[: _end(cells)] for _, cells in rows]):
            depth = header_rows([cells for _, cells in rows[:HEADER_AND_BELOW]])
            above = [cells[: _end(cells)] for _, cells in rows[:depth]]
            self.header = joined(above)
            return rows[depth:]
        width = max(_end(cells) for _, cells in rows)
        if width != len(self.header):
            self.header = tuple(_letters(column) for column in range(width))
        return rows

    def _notes(self, rows: list[Row]) -> Block:
        words = "\n".join(cell for _, cells in rows for cell in cells if cell)
        return Block("text", words, place=Place(sheet=self.sheet, rows=(rows[0][0], rows[-1][0])))


def _width(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _end(cells: Sequence[str]) -> int:
    """The number of cells up to the last that is not empty."""
    return next((column for column in range(len(cells), 0, -1) if cells[column - 1]), 0)


def _cut(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells[:width], *[""] * (width - len(cells)))


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
