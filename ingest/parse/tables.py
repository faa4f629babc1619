"""Tables as Markdown rows: the one form in which they are shown, quoted and searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.domain.types import Block, Box, Place

Cells = Sequence[Sequence[str]]


def markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def markdown_of(cells: Cells) -> str:
    """Header first; short rows are filled up."""
    if not cells:
        return ""
    width = max(map(len, cells))
    rows = [markdown_row([*row, *[""] * (width - len(row))]) for row in cells]
    return "\n".join([rows[0], markdown_row(["---"] * width), *rows[1:]])


def table_block(
    cells: Cells,
    *,
    place: Place | None = None,
    page: int | None = None,
    box: Box | None = None,
    boxes: Sequence[Sequence[Box | None]] = (),
    caption: str = "",
) -> Block:
    kept, placed = tuple(tuple(row) for row in cells), tuple(tuple(row) for row in boxes)
    return Block("table", markdown_of(kept), page=page, box=box, cells=kept, boxes=placed, caption=caption, place=place)
