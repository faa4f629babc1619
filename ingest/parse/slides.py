"""Reads PowerPoint decks through docling, which needs no model for them."""

from __future__ import annotations

from pathlib import Path

from domain.documents import Problem
from domain.errors import Unreadable
from domain.parsed import Identity, ParsedPage
from ingest.parse.docling_blocks import Content, content_of, convert
from ingest.parse.packages import cleaned, package, title, xml

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SLIDE_IDS = ".//{http://schemas.openxmlformats.org/presentationml/2006/main}sldId"


def open_pptx(path: Path) -> Identity:
    with package(path) as archive:
        deck = xml(archive, "ppt/presentation.xml")
        slides = 0 if deck is None else len(deck.findall(SLIDE_IDS))
        if not slides:
            raise Unreadable("the deck has no slides")
        return Identity(SLIDES, slides, title=title(archive))


def parse_pptx(path: Path, first: int, last: int) -> list[ParsedPage]:
    content = content_of(convert("deck.pptx", cleaned(path)))
    return [_slide(content, number) for number in range(first, last + 1)]


def _slide(content: Content, number: int) -> ParsedPage:
    blocks = tuple(block for block in content.blocks if block.page == number)
    return ParsedPage(number, blocks, read_as="text" if blocks else "empty", problems=_lost(content, number))


def _lost(content: Content, page: int | None) -> tuple[Problem, ...]:
    lost = content.lost_pictures.get(page, 0)
    what = "a picture is" if lost == 1 else f"{lost} pictures are"
    return (Problem(f"{what} in a format that can't be read (EMF, WMF or damaged)", page),) if lost else ()
