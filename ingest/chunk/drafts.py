"""Drafts of chunks, without ids and ordinals, and their places."""

from __future__ import annotations

from dataclasses import dataclass

from domain.documents import Kind, Place, Region
from domain.parsed import Block


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk without its id."""

    kind: Kind
    text: str
    about: tuple[str, ...] = ()  # what only the search sees: captions, sentences that mention it
    headings: tuple[str, ...] = ()
    page: int | None = None
    regions: tuple[Region, ...] = ()
    place: Place | None = None
    image: str | None = None


def place_of(block: Block, heading: tuple[str, ...], page: int | None) -> Place | None:
    return place_in_sheet(block) or (Place(heading=heading) if page is None else None)


def place_in_sheet(block: Block) -> Place | None:
    place = block.place
    return place if place is not None and (place.sheet is not None or place.rows is not None) else None


def with_caption(caption: str, words: str) -> str:
    return "\n".join(part for part in (caption.strip(), words.strip()) if part)
