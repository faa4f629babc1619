"""Finds what takes several pages to see: running headers and footers, and tables that go on over pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.parsed import Block, Line, ParsedPage
from ingest.parse.pdf_layout import run_on
from ingest.parse.tables import around, markdown_of

MARGIN = 0.09  # of a page's height, where running headers and footers stand
OFTEN = 3  # pages that repeat a line there; in a shorter document, all of them
MOST_NUMBERS = 2  # groups of digits in a running line: more are a row of figures
PAGE_NUMBER = re.compile(r"[-–—|. ]*(page )?(#|[ivxlc]{1,6})( ?(/|of) ?#)?[-–—|. ]*|第 ?# ?页( ?共 ?# ?页)?")
LOW, HIGH = 0.6, 0.4  # a table that goes on ends below the first, and goes on above the second share of the page
SAME_PLACE = 0.03  # columns of the parts of one table stand this near, in page widths
CONTINUED = re.compile(r"continued|cont[.'’]?d?\.?|续表?|續表?|接上[页頁表]", re.I)
TABLE_NUMBER = re.compile(r"(?:table|tab\.|表)\s*([\w.一二三四五六七八九十]+)", re.I)
NUMBER = re.compile(r"[-+(]?[^\w\s]{0,2}\s?\d[\d.,\s]*\s?%?\)?")
YEAR = re.compile(r"(?:19|20)\d\d")


def blanked(text: str) -> str:
    """A line with its numbers blanked, so that page numbers don't tell it apart; a row of figures is left as it is."""
    text = " ".join(text.lower().split())
    counted, numbers = re.subn(r"\d+", "#", text)
    return counted if numbers <= MOST_NUMBERS else text


def is_page_number(text: str) -> bool:
    return PAGE_NUMBER.fullmatch(blanked(text)) is not None


# ---------------------------------------------------------------- running headers and footers


def without_running(page: ParsedPage, running: frozenset[str]) -> ParsedPage:
    """The page without these lines in its margins, and without its page number."""
    return replace(page, blocks=tuple(_standing(page, running)))


def running_lines(pages: Sequence[ParsedPage]) -> frozenset[str]:
    """The lines that several pages repeat in their margins, their numbers blanked."""
    counted: Counter[str] = Counter()
    for page in pages:
        counted.update({blanked(line.text) for block in page.blocks for line in _marginal(block)})
    paged = sum(page.number is not None and bool(page.blocks) for page in pages)
    often = max(2, min(OFTEN, paged))
    return frozenset(line for line, count in counted.items() if count >= often and any(c.isalpha() for c in line))


def _marginal(block: Block) -> Iterator[Line]:
    if block.kind in ("text", "heading", "list"):
        yield from (line for line in _lines(block) if _in_margin(line))


def _in_margin(line: Line) -> bool:
    """Whether the line is in a margin, as its letters are read: the top of a page of sideways text is at its side."""
    box = line.box
    begin, end = (box.x0, box.x1) if line.turns % 2 else (box.y0, box.y1)
    return end < MARGIN or begin > 1 - MARGIN


def _lines(block: Block) -> Sequence[Line]:
    if block.lines or block.box is None:
        return block.lines
    return (Line(block.text, block.box),)


def _standing(page: ParsedPage, running: frozenset[str]) -> Iterator[Block]:
    for block in page.blocks:
        gone = _gone(list(_marginal(block)), running)
        if not gone:
            yield block
        elif len(gone) < len(_lines(block)):
            yield _of_lines(block, [line for line in block.lines if line not in gone])


def _gone(lines: Sequence[Line], running: frozenset[str]) -> list[Line]:
    """The lines whose whole row is running: a number beside other words is no page number."""
    gone: list[Line] = []
    for row in _side_by_side(lines):
        if all(blanked(line.text) in running or is_page_number(line.text) for line in row):
            gone += row
    return gone


def _side_by_side(lines: Sequence[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in lines:
        last = rows[-1][-1].box if rows else None
        if last is not None and line.box.x0 >= last.x1 and line.box.y0 < last.y1 and line.box.y1 > last.y0:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _of_lines(block: Block, lines: Sequence[Line]) -> Block:
    text = lines[0].text
    for line in lines[1:]:
        text = f"{text}\n{line.text}" if block.kind == "list" else run_on(text, line.text)
    return replace(block, text=text, lines=tuple(lines), box=around(line.box for line in lines))


# ---------------------------------------------------------------- tables that go on over pages


def with_joined_tables(pages: Sequence[ParsedPage]) -> list[ParsedPage]:
    """Joins a table that ends a page with its continuation at the top of the next, on the page where it begins."""
    blocks = [list(page.blocks) for page in pages]
    home: tuple[int, int] | None = None  # page and place of the table that may go on
    for index, page in enumerate(pages):
        if home is not None and (found := _continuation(page, blocks[home[0]][home[1]], pages[index - 1])):
            place, skipped = found
            blocks[home[0]][home[1]] = _joined(blocks[home[0]][home[1]], page.blocks[place], skipped, page.number or 0)
            blocks[index] = [*blocks[index][: place - skipped_captions(page, place)], *blocks[index][place + 1 :]]
            if place == len(page.blocks) - 1:
                continue  # nothing after it: it may go on once more
        home = _last_table(index, blocks[index])
    return [replace(page, blocks=tuple(held)) for page, held in zip(pages, blocks, strict=True)]


def skipped_captions(page: ParsedPage, place: int) -> int:
    """1 if the line above the second part says that it continues a table."""
    return 1 if place and CONTINUED.search(page.blocks[place - 1].text) else 0


def _last_table(index: int, blocks: Sequence[Block]) -> tuple[int, int] | None:
    if not blocks or blocks[-1].kind != "table":
        return None
    table = blocks[-1]
    reaches = bool(table.boxes) and table.box is not None and table.box.y1 > LOW
    return (index, len(blocks) - 1) if reaches else None


def _continuation(page: ParsedPage, table: Block, before: ParsedPage) -> tuple[int, int] | None:
    """The index of the block that continues the table, and how many of its rows repeat the header."""
    if page.number is None or before.number != page.number - 1 or not page.blocks:
        return None
    place = 0
    while place < len(page.blocks) and page.blocks[place].kind != "table":
        block = page.blocks[place]
        if place or len(block.text) > 120 or not (CONTINUED.search(block.text) or _same_number(table, block)):
            return None
        place += 1
    if place == len(page.blocks):
        return None
    other = page.blocks[place]
    if not other.boxes or other.box is None or other.box.y0 > HIGH or len(other.cells[0]) != len(table.cells[0]):
        return None
    if other.caption and not CONTINUED.search(other.caption) and not _same_caption(table.caption, other.caption):
        return None
    return _matched(table, other, place)


def _matched(table: Block, other: Block, place: int) -> tuple[int, int] | None:
    repeated = 0
    while repeated < min(3, len(table.cells), len(other.cells)) and _same_row(table, other, repeated):
        repeated += 1
    if repeated or (_same_columns(table, other) and _is_data(other.cells[0])):
        return (place, repeated)
    return None


def _same_number(table: Block, block: Block) -> bool:
    return bool(table.caption) and _same_caption(table.caption, block.text)


def _same_caption(one: str, other: str) -> bool:
    first, second = TABLE_NUMBER.match(one), TABLE_NUMBER.match(other)
    return first is not None and second is not None and first.group(1) == second.group(1)


def _same_row(table: Block, other: Block, row: int) -> bool:
    return [cell.casefold() for cell in table.cells[row]] == [cell.casefold() for cell in other.cells[row]]


def _same_columns(table: Block, other: Block) -> bool:
    """Whether each column begins or ends at the same place in both tables."""
    pairs = zip(_columns(table), _columns(other), strict=True)
    return all(
        one is None or two is None or min(abs(one[0] - two[0]), abs(one[1] - two[1])) < SAME_PLACE for one, two in pairs
    )


def _columns(table: Block) -> list[tuple[float, float] | None]:
    found: list[tuple[float, float] | None] = []
    for column in zip(*table.boxes, strict=True):
        held = [box for box in column if box is not None]
        found.append((min(box.x0 for box in held), max(box.x1 for box in held)) if held else None)
    return found


def _is_data(row: Sequence[str]) -> bool:
    """Numbers that are no years: a row that goes on, not another table's header."""
    filled = [cell for cell in row[1:] if cell]
    return any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in filled)


def _joined(table: Block, other: Block, skipped: int, number: int) -> Block:
    pages = table.row_pages or (table.page or number - 1,) * len(table.cells)
    cells = (*table.cells, *other.cells[skipped:])
    return replace(
        table,
        text=markdown_of(cells),
        cells=cells,
        boxes=(*table.boxes, *other.boxes[skipped:]),
        stretches=(*table.stretches, *other.stretches[skipped:]),
        row_pages=(*pages, *(number,) * (len(other.cells) - skipped)),
    )
