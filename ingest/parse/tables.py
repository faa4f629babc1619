"""Tables as Markdown rows: the one form in which they are shown, quoted and searched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from domain.documents import Box, Place
from domain.parsed import Block
from ingest.parse.table_headers import header_rows, is_pairs, is_title, joined

Cells = Sequence[Sequence[str]]
CELLS = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"(?:\| --- )+\|")  # between a table's header and its rows


def markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def markdown_of(cells: Cells) -> str:
    """Header first; short rows are filled up."""
    if not cells:
        return ""
    width = max(map(len, cells))
    rows = [markdown_row([*row, *[""] * (width - len(row))]) for row in cells]
    return "\n".join([rows[0], markdown_row(["---"] * width), *rows[1:]])


def unruled(text: str) -> str:
    """The words of a table only, for models: Markdown's bars take a third of the tokens and carry no meaning."""
    lines = [line for line in text.splitlines() if not RULE.fullmatch(line)]
    return "\n".join(" ".join(filter(None, cells_of(line))) if line.startswith("| ") else line for line in lines)


def cells_of(row: str) -> list[str]:
    """The cells of one row of Markdown."""
    return [cell.replace("\\|", "|").strip() for cell in CELLS.split(row.strip().strip("|"))]


def table_block(
    cells: Cells,
    *,
    place: Place | None = None,
    page: int | None = None,
    box: Box | None = None,
    stretches: Sequence[Sequence[Sequence[Box]]] = (),
    caption: str = "",
    headers: int = 0,
) -> Block:
    """`headers`: rows that are known to be the header. Header rows of several levels become one, a row that is one
    label over the whole table its caption, and pairs of names and values get an empty header above them."""
    if not caption and not stretches and is_title(cells[:3]):
        caption, cells = cells[0][0], cells[1:]
    if not stretches and is_pairs(cells):
        cells = [("", ""), *cells]
    depth = header_rows(cells, headers)
    if depth > 1:
        stretches = [_one(stretches[:depth]), *stretches[depth:]] if stretches else ()
        cells = [joined(cells[:depth]), *cells[depth:]]
    kept = tuple(tuple(row) for row in cells)
    return Block(
        "table",
        markdown_of(kept),
        page=page,
        box=box,
        cells=kept,
        boxes=tuple(tuple(around(cell) if cell else None for cell in row) for row in stretches),
        stretches=tuple(tuple(tuple(cell) for cell in row) for row in stretches),
        caption=caption,
        place=place,
    )


def _one(rows: Sequence[Sequence[Sequence[Box]]]) -> list[list[Box]]:
    """The boxes of several rows, column by column."""
    return [[box for cell in column for box in cell] for column in zip(*rows, strict=True)]


def around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*((box.x0, box.y0, box.x1, box.y1) for box in boxes), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
