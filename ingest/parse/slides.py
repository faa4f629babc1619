"""Reads PowerPoint decks through docling, which needs no model for them."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from domain.documents import Problem
from domain.errors import Unreadable
from domain.parsed import Identity, ParsedPage
from ingest.parse.concealed import hidden
from ingest.parse.docling_blocks import Content, content_of, convert
from ingest.parse.drawings import related, smart_art, targets
from ingest.parse.packages import cleaned, package, title, xml

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DECK = "ppt/presentation.xml"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SLIDE_IDS = ".//{http://schemas.openxmlformats.org/presentationml/2006/main}sldId"


def open_pptx(path: Path) -> Identity:
    with package(path) as archive:
        deck = xml(archive, DECK)
        slides = 0 if deck is None else len(deck.findall(SLIDE_IDS))
        if not slides:
            raise Unreadable("the deck has no slides")
        return Identity(SLIDES, slides, title=title(archive))


def parse_pptx(path: Path, first: int, last: int) -> list[ParsedPage]:
    content = content_of(convert("deck.pptx", cleaned(path)))
    with package(path) as archive:
        parts = _parts(archive)
        return [_slide(content, number, archive, parts.get(number, "")) for number in range(first, last + 1)]


def _parts(archive: zipfile.ZipFile) -> dict[int, str]:
    """The parts of the slides, by their number."""
    deck = xml(archive, DECK)
    names = targets(archive, DECK)
    ids = [] if deck is None else deck.findall(SLIDE_IDS)
    return {number: names.get(each.get(RELATION, ""), "") for number, each in enumerate(ids, 1)}


def _slide(content: Content, number: int, archive: zipfile.ZipFile, part: str) -> ParsedPage:
    blocks = [
        block for block in content.blocks if block.page == number and (block.kind != "figure" or not block.standing)
    ]
    for diagram in related(archive, part, "/diagramData") if part else []:
        blocks += (replace(block, page=number) for block in smart_art(xml(archive, diagram), None))
    slide = xml(archive, part) if part else None
    if slide is not None and slide.get("show") in ("0", "false"):
        blocks = list(hidden(blocks))
    return ParsedPage(number, tuple(blocks), read_as="text" if blocks else "empty", problems=_lost(content, number))


def _lost(content: Content, page: int | None) -> tuple[Problem, ...]:
    lost = content.lost_pictures.get(page, 0)
    what = "a picture is" if lost == 1 else f"{lost} pictures are"
    return (Problem(f"{what} in a format that can't be read (EMF, WMF or damaged)", page),) if lost else ()
