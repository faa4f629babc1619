"""Where on a page the parts of a text stand: few boxes, each tight around a paragraph or a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from app.domain.types import Block, Box, Line

LINES_SLACK = 2.4  # a box may be this much larger than the lines in it: lines are lower than their distance, and ragged
BLOCKS_SLACK = 1.8  # and this much larger than the blocks in it
FILLING = re.compile(r"[\s\-\u00ad\u2010]+")


def lines_of(lines: Sequence[Line], text: str, parts: Sequence[str]) -> list[tuple[Line, ...]]:
    """The lines that each part of a block's text takes, found by counting letters: line ends and hyphens differ."""
    ends = list(accumulate(_letters(line.text) for line in lines))
    begins = [0, *ends][: len(ends)]
    scale = ends[-1] / max(1, _letters(text)) if ends else 0.0
    held: list[tuple[Line, ...]] = []
    start = 0.0
    for part in parts:
        end = start + _letters(part) * scale
        spans = zip(lines, begins, ends, strict=True)
        held.append(tuple(line for line, low, high in spans if low < end - 0.5 and high > start + 0.5))
        start = end
    return held


def _letters(text: str) -> int:
    return len(text) - sum(map(len, FILLING.findall(text)))


def boxes(block: Block, lines: Sequence[Line]) -> tuple[Box, ...]:
    if lines:
        return merged([line.box for line in lines], LINES_SLACK)
    return (block.box,) if block.box else ()


def row_boxes(block: Block, span: tuple[int, int]) -> tuple[Box, ...]:
    """The rows' own boxes where the parser gave one line a row, else the table's."""
    if block.lines and len(block.lines) == len(block.cells):
        return merged([line.box for line in block.lines[span[0] : span[1]]], LINES_SLACK)
    return (block.box,) if block.box else ()


def merged(boxes: Sequence[Box], slack: float) -> tuple[Box, ...]:
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
    """Below or beside it without a jump: shared columns and a small gap, or the same line."""
    height = box.y1 - box.y0
    overlap = min(last.x1, box.x1) - max(last.x0, box.x0)
    below = overlap > 0 and box.y0 >= last.y0 - 0.25 * height and box.y0 - last.y1 <= max(0.02, 1.5 * height)
    same_line = box.y0 < last.y1 and box.y1 > last.y0 and 0 <= box.x0 - last.x1 < 0.03
    return below or same_line


def _union(one: Box, other: Box) -> Box:
    return Box(min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1))


def _area(box: Box) -> float:
    return max(0.0, box.x1 - box.x0) * max(0.0, box.y1 - box.y0)
