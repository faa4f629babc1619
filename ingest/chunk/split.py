"""Cuts a parsed document into chunks, the smallest things that can be found and cited; each keeps its place.

Blocks of one section are packed together up to a chunk's size, never across pages or top headings; tables are cut
between rows, with the header repeated; a figure or a picture is one chunk. Ids are made of the content, so that
the same content gets the same id on every run.

A document is split twice: its text, and later its pictures and the pages that are pictures, when they have been read.
The chunks of the text do not change afterwards; a picture's chunks take the ordinals that were kept for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.documents import Chunk, Document
from domain.parsed import ParsedPage
from ingest.chunk.blocks import HIDDEN, Blocks
from ingest.chunk.chunks import ROOM, Maker, numbered, title_of
from ingest.chunk.cross_page import running_lines, with_joined_tables, without_running
from ingest.chunk.measure import CountTokens, measure_for
from ingest.chunk.mentions import Mentions, mentions_in
from ingest.parse.outline import Headings, Outline


@dataclass(frozen=True, slots=True)
class Start:
    """How a page begins: the ordinal of its first chunk, and the headings that are open."""

    ordinal: int
    headings: Headings


@dataclass(frozen=True, slots=True)
class PageContext:
    """What splitting the pictures has to know of the text they stand in. It is stored: its fields keep their names."""

    top_level: int
    mentions: Mentions
    starts: Mapping[int, Start]  # by page number; 0 for a document without pages
    waiting: frozenset[int]  # pages without text
    running: frozenset[str] = frozenset()  # headers and footers
    hidden_text: bool = False


def split_text(
    document: Document,
    pages: Sequence[ParsedPage],
    count_tokens: CountTokens,
    max_tokens: int,
    hidden_text: bool = False,
) -> tuple[tuple[Chunk, ...], PageContext]:
    """The chunks of the text, in reading order; with `hidden_text` also of text that can't be seen."""
    pages, running = _without_hidden(pages, hidden_text), running_lines(pages)
    pages = with_joined_tables([without_running(page, running) for page in pages])
    mentions, top_level = mentions_in(pages), _top_level(pages)
    maker = Maker(document, 0, Blocks(measure_for(title_of(document), count_tokens, max_tokens), mentions, top_level))
    chunks: list[Chunk] = []
    starts: dict[int, Start] = {}
    ordinal = 0
    for page in pages:
        starts[page.number or 0] = Start(ordinal, maker.blocks.outline.open)
        if page.needs_ocr:
            ordinal += ROOM
        else:
            made, ordinal = numbered(page, maker.blocks.page(page), ordinal)
            chunks += maker.chunks([one for one in made if not one.pictured])
    waiting = frozenset(page.number or 0 for page in pages if page.needs_ocr)
    return tuple(chunks), PageContext(top_level, mentions, starts, waiting, running, hidden_text)


def split_pictures(
    document: Document,
    pages: Sequence[ParsedPage],
    context: PageContext,
    batch: int,
    count_tokens: CountTokens,
    max_tokens: int,
) -> tuple[Chunk, ...]:
    """The chunks of pictures, and of pages that were pictures, after their words were recognised; in reading order."""
    pages = with_joined_tables(_as_split(_without_hidden(pages, context.hidden_text), context))
    top_level = context.top_level or _top_level(pages)
    measure = measure_for(title_of(document), count_tokens, max_tokens)
    maker = Maker(document, batch, Blocks(measure, context.mentions, top_level))
    chunks: list[Chunk] = []
    before: int | None = None  # the page before this, if it was read just now: its headings go on
    for page in pages:
        number = page.number or 0
        start, waited = context.starts[number], number in context.waiting
        if not waited or before != number - 1:
            maker.blocks.outline = Outline.under(start.headings)
        before = number if waited else None
        made, _ = numbered(page, maker.blocks.page(page), start.ordinal)
        chunks += maker.chunks(made) if waited else maker.pictures(made)
    return tuple(chunks)


def _as_split(pages: Sequence[ParsedPage], context: PageContext) -> list[ParsedPage]:
    """The pages without running lines: those found in the text, and on recognised pages also those that they repeat."""
    repeated = context.running | running_lines(pages)
    return [
        without_running(page, repeated if (page.number or 0) in context.waiting else context.running) for page in pages
    ]


def split(
    document: Document,
    pages: Sequence[ParsedPage],
    count_tokens: CountTokens,
    max_tokens: int,
    hidden_text: bool = False,
) -> tuple[Chunk, ...]:
    """All chunks of a document whose pictures were recognised before, in reading order."""
    text, context = split_text(document, pages, count_tokens, max_tokens, hidden_text)
    pictures = split_pictures(document, pages, context, 1, count_tokens, max_tokens)
    in_order = sorted((*text, *pictures), key=lambda chunk: chunk.ordinal)
    return tuple(replace(chunk, ordinal=ordinal) for ordinal, chunk in enumerate(in_order))


def _without_hidden(pages: Sequence[ParsedPage], asked_for: bool) -> Sequence[ParsedPage]:
    """Leaves out text that can't be seen, unless it is asked for."""
    if asked_for:
        return pages
    return [replace(page, blocks=tuple(each for each in page.blocks if each.standing != HIDDEN)) for page in pages]


def _top_level(pages: Iterable[ParsedPage]) -> int:
    """The highest level with several headings: one level-1 heading alone is the document's title. 0: no headings."""
    levels = Counter(block.level or 1 for page in pages for block in page.blocks if block.kind == "heading")
    several = [level for level, number in levels.items() if number > 1]
    return min(several or levels or [0])
