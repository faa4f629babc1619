"""Where on a page the parts of a text stand: few boxes, each tight around a paragraph, a column or a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from domain.documents import Box, Region
from domain.parsed import Block, Line

SLACK = 1.3  # a box may be this much larger than the lines in it: lines are lower than their distance, and ragged
FILLING = re.compile(r"[\s\-\u00ad\u2010]+")


def lines_of_parts(lines: Sequence[Line], text: str, parts: Sequence[str]) -> list[tuple[Line, ...]]:
    """The lines that each part of a block's text takes, found by counting letters: line ends and hyphens differ.

    Of a line that two parts share, each gets its stretch: from a word's start on where those are known, else by the
    number of letters.
    """
    ends = list(accumulate(_letters(line.text) for line in lines))
    begins = [0, *ends][: len(ends)]
    scale = ends[-1] / max(1, _letters(text)) if ends else 0.0
    held: list[tuple[Line, ...]] = []
    start = 0.0
    for part in parts:
        end = start + _letters(part) * scale
        spans = zip(lines, begins, ends, strict=True)
        held.append(
            tuple(
                _stretch(line, _along(line, start - low), _along(line, end - low) if end < high else 1.0)
                for line, low, high in spans
                if low < end - 0.5 and high > start + 0.5
            )
        )
        start = end
    return held


def _along(line: Line, letters: float) -> float:
    """Where the first letters of a line end, as a share of its length. The letters of a word count as equally wide."""
    words, begins = line.text.split(), (0.0, *line.starts)
    if len(words) != len(begins):
        words, begins = [line.text], (0.0,)
    for word, begin, end in zip(words, begins, (*begins[1:], 1.0), strict=True):
        held = _letters(word)
        if letters < held - 0.5:
            return begin if letters < 0.5 else begin + (end - begin) * letters / held
        letters -= held
    return 1.0


def _stretch(line: Line, begin: float, end: float) -> Line:
    """The part of a line from one share of its length to another, in reading direction."""
    if (begin, end) == (0.0, 1.0):
        return line
    line = replace(line, starts=())
    if line.turns in (2, 3):
        begin, end = 1 - end, 1 - begin
    box = line.box
    width, height = box.x1 - box.x0, box.y1 - box.y0
    if line.turns % 2:
        return replace(line, box=replace(box, y0=box.y0 + begin * height, y1=box.y0 + end * height))
    return replace(line, box=replace(box, x0=box.x0 + begin * width, x1=box.x0 + end * width))


def _letters(text: str) -> int:
    return len(text) - sum(map(len, FILLING.findall(text)))


def boxes(block: Block, lines: Sequence[Line]) -> tuple[Box, ...]:
    """The boxes of the lines, or of the whole block where the parser gave no lines."""
    if lines:
        return tuple(line.box for line in lines)
    return (block.box,) if block.box else ()


def cell_lines(block: Block) -> tuple[Line, ...]:
    """The lines of a table: one for each cell."""
    placed = zip(block.cells, block.boxes, strict=True) if block.boxes else ()
    return tuple(Line(cell, box) for row, held in placed for cell, box in zip(row, held, strict=True) if box)


def regions(page: int | None, boxes: Sequence[Box]) -> tuple[Region, ...]:
    return () if page is None else tuple(Region(page, box) for box in merged(boxes))


def table_regions(block: Block, page: int | None, rows: Iterable[int]) -> tuple[Region, ...]:
    """The cells of some rows, then those of the header, then the caption; the whole table where cells have no boxes."""
    if page is None or not block.boxes:
        return regions(page, boxes(block, ()))
    caption = regions(block.page or page, [line.box for line in block.caption_lines])
    rows = [row for row in rows if row]
    found: dict[int, list[Box]] = {row_page(block, row, page): [] for row in [*rows, 0]}
    for row in (0, *rows):
        found[row_page(block, row, page)] += _of_row(block, row)
    return (*(region for number, held in found.items() for region in regions(number, held)), *caption)


def _of_row(block: Block, row: int) -> list[Box]:
    if block.stretches:
        return [box for cell in block.stretches[row] for box in cell]
    return [box for box in block.boxes[row] if box is not None]


def row_page(block: Block, row: int, page: int) -> int:
    return block.row_pages[row] if block.row_pages else page


def merged(boxes: Sequence[Box], slack: float = SLACK) -> tuple[Box, ...]:
    """Neighbours in reading order become one box where that box holds little else: a column, not a page."""
    merged: list[tuple[Box, float]] = []  # with the area that is really covered
    for box in boxes:
        covered = _area(box)
        if merged:
            last, before = merged[-1]
            union = _union(last, box)
            if _joins(last, box) and _area(union) <= slack * (before + covered) + 1e-4:
                merged[-1] = (union, before + covered)
                continue
        merged.append((box, covered))
    return tuple(box for box, _ in merged)


def _joins(last: Box, box: Box) -> bool:
    """Whether a box follows another without a jump: shared columns and a small gap, or the same line."""
    height = box.y1 - box.y0
    overlap = min(last.x1, box.x1) - max(last.x0, box.x0)
    below = overlap > 0 and box.y0 >= last.y0 - 0.25 * height and box.y0 - last.y1 <= max(0.02, 1.5 * height)
    same_line = box.y0 < last.y1 and box.y1 > last.y0 and 0 <= box.x0 - last.x1 < 0.03
    return below or same_line


def _union(one: Box, other: Box) -> Box:
    return Box(min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1))


def _area(box: Box) -> float:
    return max(0.0, box.x1 - box.x0) * max(0.0, box.y1 - box.y0)
