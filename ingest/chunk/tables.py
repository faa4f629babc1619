"""Cuts tables between rows, with the header repeated; wide ones between columns, long rows inside cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.parsed import Block
from ingest.chunk.drafts import Draft, place_of, with_caption
from ingest.chunk.long_text import cut
from ingest.chunk.measure import Measure
from ingest.chunk.mentions import Mentions, fitting_mentions
from ingest.chunk.regions import row_page, table_regions
from ingest.parse.tables import markdown_of, markdown_row

WIDE_HEADER = 0.5  # a header over this share of a chunk: the table is cut between columns too
LONG_ROW = 2.0  # a row this many chunks long is cut inside its longest cells


@dataclass(frozen=True, slots=True)
class TableDrafts:
    measure: Measure
    mentions: Mentions

    def drafts(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        if len(block.cells) < 2:
            rows = [tuple(row) for row in block.cells]
            text = markdown_of(rows) if rows else block.text
            if text.strip():
                yield self._table_draft(block, with_caption(block.caption, text), (0, len(rows)), heading, page)
            return
        for columns in self._columns(block):
            yield from self._row_groups(columns, heading, page)

    def _columns(self, block: Block) -> Iterator[Block]:
        """The table, or parts of its columns where the header alone fills a chunk; each part has the first column."""
        header = block.cells[0]
        if self.measure.one(markdown_of([header])) <= WIDE_HEADER:
            yield block
            return
        sizes = self.measure.many([f"{name} | --- |" for name in header])
        start, filled = 1, sizes[0]
        for column in range(1, len(header)):
            if column > start and filled + sizes[column] > WIDE_HEADER:
                yield _columns_of(block, start, column)
                start, filled = column, sizes[0]
            filled += sizes[column]
        yield _columns_of(block, start, len(header))

    def _row_groups(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        start, group, filled = 1, list[tuple[str, ...]](), 0.0
        room = max(0.4, 1.0 - self.measure.one(with_caption(block.caption, markdown_of([block.cells[0]]))))
        for number, row, size in self._rows(block.cells):
            if group and filled + size > room:
                yield self._rows_draft(block, group, (start, number), heading, page)
                start, group, filled = number, [], 0.0
            group.append(row)
            filled += size
        yield self._rows_draft(block, group, (start, len(block.cells)), heading, page)

    def _rows(self, cells: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, ...], float]]:
        """(number, row, size); a row as long as several chunks is cut into parts."""
        sizes = self._sizes(cells)
        for number in range(1, len(cells)):
            if sizes[number] <= LONG_ROW:
                yield number, cells[number], sizes[number]
                continue
            parts = list(self._row_parts(cells[number]))
            yield from ((number, part, size) for part, size in zip(parts, self._sizes(parts), strict=True))

    def _sizes(self, rows: Sequence[tuple[str, ...]]) -> list[float]:
        return self.measure.many([markdown_row(row) for row in rows])

    def _row_parts(self, row: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Each part keeps the short cells and has a piece of one long cell."""
        sizes = self.measure.many(row)
        short = tuple(cell if size <= 0.2 else "" for cell, size in zip(row, sizes, strict=True))
        for column, (cell, size) in enumerate(zip(row, sizes, strict=True)):
            if size > 0.2:
                for part in cut(cell, self.measure.many, 0.5):
                    yield (*short[:column], part, *short[column + 1 :])

    def _rows_draft(
        self,
        block: Block,
        group: list[tuple[str, ...]],
        span: tuple[int, int],
        heading: tuple[str, ...],
        page: int | None,
    ) -> Draft:
        text = with_caption(block.caption, markdown_of([block.cells[0], *group]))
        return self._table_draft(block, text, span, heading, page)

    def _table_draft(
        self, block: Block, text: str, span: tuple[int, int], heading: tuple[str, ...], page: int | None
    ) -> Draft:
        place = place_of(block, heading, page)
        if place is not None and place.rows is not None:
            place = replace(place, rows=_sheet_rows(place.rows, len(block.cells), span))
        about = fitting_mentions(text, block.caption, page, self.mentions, self.measure)
        where = table_regions(block, page, range(*span))
        if page is not None:
            page = row_page(block, min(span[0], len(block.cells) - 1), page)
        return Draft("table", text, about, heading, page, where, place, block.image)


def _columns_of(block: Block, start: int, end: int) -> Block:
    """The first column and those from `start` to before `end`."""
    return replace(
        block,
        cells=tuple((row[0], *row[start:end]) for row in block.cells),
        boxes=tuple((row[0], *row[start:end]) for row in block.boxes),
        stretches=tuple((row[0], *row[start:end]) for row in block.stretches),
    )


def _sheet_rows(rows: tuple[int, int], cells: int, span: tuple[int, int]) -> tuple[int, int]:
    """Where rows `span` (half open, counted in cells) of a block stand in the sheet. A block's `rows` count its
    header only where it stands right above them; where rows were left out between, the block's are all we know."""
    length = rows[1] - rows[0] + 1
    shift = {cells: rows[0], cells - 1: rows[0] - 1}.get(length)
    if shift is None:
        return rows
    first = span[0] if span[0] > 1 or length < cells else 0
    return shift + first, shift + span[1] - 1
