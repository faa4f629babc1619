"""Figures and pictures as chunks, with their captions, their words, and what the text says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.documents import Kind
from domain.parsed import Block, Line
from ingest.chunk.drafts import Draft, place_of, with_caption
from ingest.chunk.long_text import cut
from ingest.chunk.measure import Measure
from ingest.chunk.mentions import Mentions, fitting_mentions
from ingest.chunk.regions import boxes, lines_of_parts, regions


@dataclass(frozen=True, slots=True)
class PictureDrafts:
    measure: Measure
    mentions: Mentions

    def figure(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """A figure with its caption, and what the text says of it as far as the encoder has room. Words in it that
        are too many for one chunk go on in text chunks."""
        words = with_caption(block.caption, block.text)
        first, *rest = cut(words, self.measure.many, 1.0)
        about = fitting_mentions(first, block.caption, page, self.mentions, self.measure)
        yield self._picture("figure", block, first, heading, page, about)
        lines = (*block.caption_lines, *block.lines) if block.lines else ()
        held = lines_of_parts(lines, words, [first, *rest])[1:]
        yield from self._rest(block, rest, held, heading, page)

    def _rest(
        self,
        block: Block,
        parts: Sequence[str],
        held: Sequence[tuple[Line, ...]],
        heading: tuple[str, ...],
        page: int | None,
    ) -> Iterator[Draft]:
        """The words of a picture that its own chunk has no room for, each part with the region of its lines."""
        for part, lines in zip(parts, held, strict=True):
            where = regions(page, boxes(block, lines))
            yield Draft("text", part, (), heading, page, where, place_of(block, heading, page))

    def image(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """A picture file and the words in it. Those that are too many for one chunk (a photographed page) go on in
        text chunks."""
        words = with_caption(block.caption, block.text)
        first, *rest = cut(words, self.measure.many, 1.0)
        yield self._picture("image", block, first, heading, page)
        held = lines_of_parts(block.lines, words, [first, *rest])[1:]
        yield from self._rest(block, rest, held, heading, page)

    def _picture(
        self,
        kind: Kind,
        block: Block,
        text: str,
        heading: tuple[str, ...],
        page: int | None,
        about: tuple[str, ...] = (),
    ) -> Draft:
        where = [*boxes(replace(block, lines=()), ()), *(line.box for line in block.caption_lines)]
        return Draft(
            kind, text, about, heading, page, regions(page, where), place_of(block, heading, page), block.image
        )
