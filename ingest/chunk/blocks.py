"""From the blocks of a page to drafts of chunks, in reading order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.documents import HIDDEN_MARK
from domain.parsed import Block, ParsedPage
from ingest.chunk.drafts import Draft, place_in_sheet
from ingest.chunk.long_text import cut
from ingest.chunk.measure import Measure
from ingest.chunk.mentions import Mentions
from ingest.chunk.packing import Pack, Piece
from ingest.chunk.pictures import PictureDrafts
from ingest.chunk.regions import boxes, lines_of_parts, regions
from ingest.chunk.tables import TableDrafts
from ingest.parse.outline import Outline

HIDDEN = "hidden"


@dataclass(slots=True)
class Blocks:
    measure: Measure
    mentions: Mentions
    top_level: int
    outline: Outline = field(default_factory=Outline)

    def page(self, page: ParsedPage) -> list[tuple[int, Draft]]:
        """The chunks of a page, each with the index of its first block. Text goes on across tables and figures."""
        sizes = self.measure.many([block.text for block in page.blocks])
        drafts: list[tuple[int, Draft]] = []
        pack = Pack(page.number)
        for index, (block, size) in enumerate(zip(page.blocks, sizes, strict=True)):
            heading = self._heading(block)
            if block.standing == HIDDEN:
                drafts += [(index, draft) for draft in self._hidden(block, page.number)]
            elif block.kind in ("heading", "text", "list"):
                drafts += pack.add(index, self._pieces(block, size, heading, pack), self.top_level)
            else:
                drafts += [(index, draft) for draft in self._standing(block, heading, page.number)]
        drafts += pack.close()
        return sorted(drafts, key=lambda item: item[0])

    def _heading(self, block: Block) -> tuple[str, ...]:
        """The headings above a block: as the parser says, or as met so far."""
        if block.place is not None:
            return block.place.heading
        if block.kind == "heading":
            self.outline.heading(block.level or 1, block.text)
        return self.outline.place.heading

    def _pieces(self, block: Block, size: float, heading: tuple[str, ...], pack: Pack) -> list[Piece]:
        text = block.text.strip()
        if not text:
            return []
        level = (block.level or 1) if block.kind == "heading" else 0
        room = 1.0 if level else pack.room
        if size <= room:
            return [Piece(text, size, heading, level, boxes(block, block.lines), place_in_sheet(block))]
        parts = cut(text, self.measure.many, room)
        held = lines_of_parts(block.lines, text, parts)
        measured = zip(parts, self.measure.many(parts), held, strict=True)
        place = place_in_sheet(block)
        return [Piece(part, share, heading, level, boxes(block, lines), place) for part, share, lines in measured]

    def _standing(self, block: Block, heading: tuple[str, ...], page: int | None) -> Iterator[Draft]:
        """Tables, figures and pictures."""
        if block.kind == "table":
            yield from TableDrafts(self.measure, self.mentions).drafts(block, heading, page)
        elif block.kind == "image":
            yield from PictureDrafts(self.measure, self.mentions).image(block, heading, page)
        else:
            yield from PictureDrafts(self.measure, self.mentions).figure(block, heading, page)

    def _hidden(self, block: Block, page: int | None) -> Iterator[Draft]:
        parts = cut(block.text, self.measure.many, 0.9)
        for part, lines in zip(parts, lines_of_parts(block.lines, block.text, parts), strict=True):
            yield Draft("text", f"{HIDDEN_MARK} {part}", (), (), page, regions(page, boxes(block, lines)))
