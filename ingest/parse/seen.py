"""Takes characters that nobody sees out of what a parser read, before it is cut, indexed or shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from domain.documents import CHARACTERS_LEFT_OUT, Problem
from domain.parsed import Block, Line, ParsedPage
from language.hidden import hides_words, without_hidden


def seen_only(page: ParsedPage) -> ParsedPage:
    """The page without them. Where they may have said something, the page counts it; in documents without pages it is
    a problem of the document, so that somebody is told."""
    changed = [(block, _block(block)) for block in page.blocks]
    if all(block is cleaned for block, cleaned in changed):
        return page
    blocks = tuple(cleaned for block, cleaned in changed if cleaned.text or not block.text)
    hidden = sum(any(map(hides_words, _texts(block))) for block in page.blocks)
    if hidden and page.number is None:
        return replace(page, blocks=blocks, problems=(*page.problems, Problem(CHARACTERS_LEFT_OUT)))
    return replace(page, blocks=blocks, hidden=hidden)


def _block(block: Block) -> Block:
    if all(without_hidden(text) == text for text in _texts(block)):
        return block
    return replace(
        block,
        text=without_hidden(block.text),
        lines=tuple(map(_line, block.lines)),
        cells=tuple(tuple(map(without_hidden, row)) for row in block.cells),
        caption=without_hidden(block.caption),
        caption_lines=tuple(map(_line, block.caption_lines)),
    )


def _texts(block: Block) -> Iterator[str]:
    yield block.text
    yield block.caption
    yield from (line.text for line in (*block.lines, *block.caption_lines))
    yield from (cell for row in block.cells for cell in row)


def _line(line: Line) -> Line:
    """Where its words begin is no longer known once some of it is gone."""
    text = without_hidden(line.text)
    return line if text == line.text else replace(line, text=text, starts=())
