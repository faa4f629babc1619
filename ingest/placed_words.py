"""The words of a page with their boxes, for whoever lays them over its picture: to select, to search, to hear."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise

from domain.documents import Box
from domain.parsed import Block, Line, PlacedWord
from ingest.chunk.regions import cell_lines

MOST_WORDS = 20_000  # of one page: more is a data dump, which nobody selects word by word


def dumped(words: Iterable[PlacedWord]) -> bytes:
    rows = [[word.text, word.box.x0, word.box.y0, word.box.x1, word.box.y1] for word in words]
    return json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace")


def loaded(data: bytes) -> list[PlacedWord]:
    return [PlacedWord(text, Box(*edges)) for text, *edges in json.loads(data)]


def words_of_blocks(blocks: Iterable[Block]) -> list[PlacedWord]:
    """The words that were recognised on a page, each with its stretch of its line."""
    lines = [line for block in blocks for line in (block.lines or cell_lines(block))]
    return [word for line in lines for word in words_of_line(line)][:MOST_WORDS]


def words_of_line(line: Line) -> list[PlacedWord]:
    """Where it is not known where words begin, their letters count as equally wide."""
    words = line.text.split()
    starts = (0.0, *line.starts) if len(line.starts) == len(words) - 1 else _evenly(words)
    return [
        PlacedWord(word, _stretch(line, begin, end))
        for word, (begin, end) in zip(words, pairwise((*starts, 1.0)), strict=True)
    ]


def words_of_regions(text: str, boxes: Sequence[Box]) -> list[PlacedWord]:
    """Where only the regions of a text are known: its words, spread over them by their area."""
    words = [word for word in text.split() if word.strip("|-")]  # tables have rules
    areas = [max(1e-9, (box.x1 - box.x0) * (box.y1 - box.y0)) for box in boxes]
    total, letters = sum(areas), sum(map(len, words))
    placed: list[PlacedWord] = []
    at, until, passed = 0, 0.0, 0
    for box, area in zip(boxes, areas, strict=True):
        until += letters * area / total
        first = at
        while at < len(words) and (passed < until - 0.5 or box is boxes[-1]):
            passed += len(words[at])
            at += 1
        if at > first:
            placed.append(PlacedWord(" ".join(words[first:at]), box))
    return placed


def within(x0: float, y0: float, x1: float, y1: float) -> Box:
    return Box(*(round(min(1.0, max(0.0, edge)), 5) for edge in (x0, y0, x1, y1)))


def _evenly(words: Sequence[str]) -> tuple[float, ...]:
    letters, passed, starts = sum(len(word) + 1 for word in words) - 1, 0, list[float]()
    for word in words:
        starts.append(passed / max(1, letters))
        passed += len(word) + 1
    return tuple(starts)


def _stretch(line: Line, begin: float, end: float) -> Box:
    if line.turns in (2, 3):
        begin, end = 1 - end, 1 - begin
    box = line.box
    if line.turns % 2:
        height = box.y1 - box.y0
        return within(box.x0, box.y0 + begin * height, box.x1, box.y0 + end * height)
    width = box.x1 - box.x0
    return within(box.x0 + begin * width, box.y0, box.x0 + end * width, box.y1)
