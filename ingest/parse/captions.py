"""Gives figures and tables the captions that stand beside them as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from domain.parsed import Block

CAPTION = re.compile(r"\s*(?:fig(?:ure|\.)?|table|chart|exhibit|图表?|圖表?|表)\s*[\dA-Z一二三四五六七八九十]", re.I)
MAX_CAPTION = 400


def with_captions(blocks: Sequence[Block]) -> Iterator[Block]:
    """Gives a figure or table the "Figure 3 …" beside it; below comes first for figures, above for tables."""
    taken: dict[int, str] = {}
    used: set[int] = set()
    for index, block in enumerate(blocks):
        if block.kind in ("figure", "table") and not block.caption:
            order = (index + 1, index - 1) if block.kind == "figure" else (index - 1, index + 1)
            found = next((other for other in order if other not in used and _is_caption(blocks, other, block)), None)
            if found is not None:
                taken[index] = blocks[found].text
                used.add(found)
    return (
        replace(block, caption=taken.get(index, block.caption))
        for index, block in enumerate(blocks)
        if index not in used
    )


def _is_caption(blocks: Sequence[Block], index: int, of: Block) -> bool:
    if not 0 <= index < len(blocks):
        return False
    block = blocks[index]
    return (
        block.kind == "text"
        and block.page == of.page
        and len(block.text) <= MAX_CAPTION
        and bool(CAPTION.match(block.text))
    )
