"""Reads plain text: paragraphs at blank lines, headings where they are underlined or numbered as chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from domain.documents import Problem
from domain.errors import Unreadable
from domain.parsed import Block, Identity, ParsedPage
from ingest.encodings import decode, skip_padding
from ingest.parse.outline import Outline

MAX_BYTES = 32 << 20
MAX_BLOCK = 4000  # characters; longer paragraphs (logs, listings) are cut at line ends
PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
UNDERLINE = re.compile(r"(=|-|~|\^|#|\*){3,}\s*")
CHAPTER = re.compile(r"(?:第\s*[〇零一二三四五六七八九十百千两\d]{1,6}\s*[章节節回部篇卷](?:\s*\S.{0,60})?|(?:chapter|part|section)\s+[\divxlc]+\b.{0,80})", re.I)  # fmt: skip # noqa: E501
LEVEL_OF_UNDERLINE = {"=": 1, "#": 1, "*": 1}


def read_text(path: Path) -> tuple[str, tuple[Problem, ...]]:
    """A text file's text; of a very long one, its beginning and a problem that says so."""
    with path.open("rb") as file:
        skip_padding(file)
        data = file.read(MAX_BYTES + 1)
    problems: tuple[Problem, ...] = ()
    if len(data) > MAX_BYTES:
        data = data[:MAX_BYTES].rpartition(b"\n")[0] or data[:MAX_BYTES]
        problems = (Problem(f"only the first {MAX_BYTES >> 20} MB of the text were read"),)
    text = decode(data)
    if text is None:
        raise Unreadable("it is not text in any known encoding")
    return text, problems


def open_text(path: Path) -> Identity:
    return Identity("text/plain", None)


def parse_text(path: Path, first: int, last: int) -> list[ParsedPage]:
    text, problems = read_text(path)
    return [ParsedPage(None, tuple(blocks_of(text)), problems=problems)]


def blocks_of(text: str) -> Iterator[Block]:
    outline = Outline()
    for paragraph in PARAGRAPHS.split(text):
        heading, body = _heading(paragraph.strip("\n"))
        if heading:
            yield outline.heading(*heading)
        for piece in pieces(body):
            yield Block("text", piece, place=outline.place)


def _heading(paragraph: str) -> tuple[tuple[int, str] | None, str]:
    """(level, heading) if the paragraph begins with one, and the rest."""
    lines = paragraph.split("\n", 3)
    if len(lines) > 2 and UNDERLINE.fullmatch(lines[0]) and UNDERLINE.fullmatch(lines[2]) and lines[1].strip():
        return (1, lines[1].strip()), "\n".join(lines[3:])  # a line above and below: a title
    if len(lines) > 1 and lines[0].strip() and _underlines(lines[1], lines[0]):
        level = LEVEL_OF_UNDERLINE.get(lines[1][0], 2)
        return (level, lines[0].strip()), paragraph.split("\n", 2)[2] if paragraph.count("\n") > 1 else ""
    if CHAPTER.fullmatch(lines[0].strip()) and len(lines[0]) < 100:
        return (1, lines[0].strip()), "\n".join(lines[1:])
    return None, paragraph


def _underlines(line: str, heading: str) -> bool:
    return bool(UNDERLINE.fullmatch(line)) and len(heading) < 120 and len(line.strip()) >= 0.6 * len(heading.strip())


def pieces(paragraph: str) -> Iterator[str]:
    """A paragraph or listing, cut at line ends where it is very long."""
    piece: list[str] = []
    size = 0
    for line in paragraph.split("\n"):
        if piece and size + len(line) > MAX_BLOCK:
            yield "\n".join(piece).strip()
            piece, size = [], 0
        piece.append(line.rstrip())
        size += len(line) + 1
    rest = "\n".join(piece).strip()
    if rest:
        yield rest
