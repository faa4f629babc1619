"""Packs blocks of text into chunks, heading by heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from domain.documents import Box, Place
from ingest.chunk.drafts import Draft
from ingest.chunk.regions import regions
from ingest.parse.pdf_layout import run_on

ENOUGH = 0.4  # a chunk this full ends before a minor heading
LEAD = 0.25  # what is shorter than this share of a chunk does not stand alone if something follows

BROKEN_OFF = re.compile(r"[a-z\u00df-\u00ff\u2010,-]$")  # the end of a text whose sentence goes on


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of text, or a part of one, on its way into a chunk."""

    text: str
    size: float
    heading: tuple[str, ...]
    level: int = 0  # of a heading; 0 for other text
    boxes: tuple[Box, ...] = ()
    place: Place | None = None  # in a sheet


@dataclass(slots=True)
class Pack:
    """The chunk of text that is being filled."""

    page: int | None
    held: list[Piece] = field(default_factory=list)
    began: int = 0

    @property
    def size(self) -> float:
        return sum(piece.size for piece in self.held)

    @property
    def room(self) -> float:
        """The room for the next piece. A heading, or a line or two, stays with the text after it."""
        return 1.0 - self.size if self.size < LEAD else 1.0

    @property
    def announces(self) -> bool:
        """Whether it holds nothing but headings."""
        return all(piece.level for piece in self.held)

    def add(self, index: int, pieces: Iterable[Piece], top_level: int) -> list[tuple[int, Draft]]:
        done: list[tuple[int, Draft]] = []
        for piece in pieces:
            if self._ends_before(piece, top_level):
                done += self.close()
            if not self.held:
                self.began = index
            self.held.append(piece)
        return done

    def close(self) -> list[tuple[int, Draft]]:
        if not self.held:
            return []
        held, self.held = self.held, []
        headings = _common([piece.heading for piece in held])
        place = _over([piece.place for piece in held]) or (Place(heading=headings) if self.page is None else None)
        named = {piece.text for piece in held if piece.level}
        context = tuple(name for name in headings if name not in named)
        where = regions(self.page, [box for piece in held for box in piece.boxes])
        text = _run_together(held)
        return [(self.began, Draft("text", text, (), context, self.page, where, place))]

    def _ends_before(self, piece: Piece, top_level: int) -> bool:
        if not self.held:
            return False
        if self.size + piece.size > 1.0:
            return True
        if not piece.level or self.announces:
            return False
        return piece.level <= top_level or self.size >= ENOUGH


def _run_together(pieces: Sequence[Piece]) -> str:
    """The pieces, each on its own line. A sentence that goes on over columns stays together."""
    text = pieces[0].text
    for last, piece in pairwise(pieces):
        goes_on = not (last.level or piece.level) and BROKEN_OFF.search(last.text) and piece.text[:1].islower()
        text = run_on(text, piece.text) if goes_on else f"{text}\n{piece.text}"
    return text


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all pieces share; where they share none, those of the first."""
    level_by_level = zip(*paths, strict=False)
    shared = tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, level_by_level))
    return shared or paths[0]


def _over(places: Sequence[Place | None]) -> Place | None:
    """One place for all of these, which are in one sheet: from the first row to the last."""
    known = [place for place in places if place is not None]
    rows = [place.rows for place in known if place.rows is not None]
    span = (min(first for first, _ in rows), max(last for _, last in rows)) if rows else None
    return Place(sheet=known[0].sheet, rows=span) if known else None
