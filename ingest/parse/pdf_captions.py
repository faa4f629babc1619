"""Gives tables and figures their captions, and their places among the text of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from domain.documents import Box
from domain.parsed import Block
from ingest.chunk.regions import lines_of_parts

SAME_EDGE = 0.015  # of the page's width
MAX_CAPTION = 600  # characters
CAPTION = {
    "figure": re.compile(
        r"^(?:(?i:figure|fig\.|exhibit|chart|graph|diagram)|图|圖)\s*(?:[\d一二三四五六七八九十(:：.-]|[A-Z]\b)"
    ),
    "table": re.compile(r"^(?:(?i:table|tab\.)|表)\s*(?:[\d一二三四五六七八九十(:：.-]|[A-Z]\b|[IVX]+\b)"),
}


def is_caption(text: str) -> bool:
    return any(pattern.match(text) for pattern in CAPTION.values())


def captioned(block: Block, texts: Sequence[Block], kind: str) -> Block:
    """The block with its caption: the nearest text that begins as captions do, within an eighth of the page."""
    best, nearest = None, 0.125
    for text in texts:
        if block.box is None or text.box is None or not CAPTION[kind].match(text.text):
            continue
        if min(text.box.x1, block.box.x1) <= max(text.box.x0, block.box.x0):
            continue
        distance = max(text.box.y0 - block.box.y1, block.box.y0 - text.box.y1, 0.0)
        if distance < nearest:
            best, nearest = text, distance
    if best is None:
        return block
    caption = best.text[:MAX_CAPTION]
    (lines,) = lines_of_parts(best.lines, best.text, [caption])
    return replace(block, caption=caption, caption_lines=lines)


def placed(texts: Sequence[Block], others: Sequence[Block]) -> list[Block]:
    """Tables and figures go before the first text that starts below their top in the same column."""
    found = [(text, _column(texts, at)) for at, text in enumerate(texts)]
    for other in others:
        at = next((at for at, (text, column) in enumerate(found) if _before(other, text, column)), len(found))
        found.insert(at, (other, other.box))
    return [block for block, _ in found]


def _before(block: Block, text: Block, column: Box | None) -> bool:
    a, b = block.box, text.box
    if a is None or b is None or column is None:
        return False
    return b.y0 >= a.y0 and min(a.x1, column.x1) > max(a.x0, column.x0)


def _column(texts: Sequence[Block], at: int) -> Box | None:
    """The box of a text, as wide as its column: a short heading counts as wide as the next text, or else the last one,
    if that has the same left edge."""
    box = texts[at].box
    if box is None or texts[at].kind != "heading":
        return box
    for near in (texts[at + 1 :], texts[:at][::-1]):
        wide = next((one.box for one in near if one.kind != "heading"), None)
        if wide is not None and abs(wide.x0 - box.x0) < SAME_EDGE:
            return replace(box, x1=max(box.x1, wide.x1))
    return box
