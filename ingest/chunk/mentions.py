"""Finds the sentences that mention a figure or a table; a search then finds it by their words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from domain.parsed import ParsedPage
from ingest.chunk.measure import Measure
from language.sentences import pieces

LABEL = re.compile(
    r"(?:\b(fig(?:ures?|s\.?|\.)?|charts?|exhibits?|diagrams?|tables?|tabs?\.)|(图表?|圖表?|表))\s*"
    r"(\d+(?:\.\d+)*)((?:\s*(?:[-–—,，、]|and|und|&|to|和|与|至)\s*\d+(?:\.\d+)*)*)",
    re.I,
)
NUMBERS = re.compile(r"\d+(?:\.\d+)*")
RANGE = re.compile(r"\s*(?:[-–—]|to|至)\s*")
LONGEST_RANGE = 12  # figures named by "Figures 3 to 9"
MAX_MENTIONS = 2
MAX_SENTENCE = 400
NEAR, FAR = 1, 8  # pages away; the farther ones only where no nearer page speaks of it

Mentions = Mapping[str, list[tuple[int | None, str]]]


def label_of(caption: str) -> str | None:
    """What a caption calls its figure or table: `figure 3` for "Fig. 3", "Figure 3", "图3"."""
    match = LABEL.search(caption[:60])
    return f"{_kind(match)} {match.group(3)}{_chapter(match)}" if match else None


def mentions_in(pages: Iterable[ParsedPage]) -> Mentions:
    """Label → the sentences of running text that name it, with their pages."""
    found: defaultdict[str, list[tuple[int | None, str]]] = defaultdict(list)
    for page in pages:
        for block in page.blocks:
            if block.kind in ("text", "list") and LABEL.search(block.text):
                for sentence in pieces(block.text):
                    for label in {label for match in LABEL.finditer(sentence) for label in _labels(match)}:
                        found[label].append((page.number, " ".join(sentence.split())[:MAX_SENTENCE]))
    return found


def mentions_of(caption: str, page: int | None, mentions: Mentions) -> list[str]:
    """The nearest sentences, at most two, without the caption itself."""
    label = label_of(caption)
    if label is None:
        return []
    known = " ".join(caption.split())
    found = [
        (_distance(page, other), sentence)
        for other, sentence in mentions.get(label, [])
        if not known.startswith(sentence) and not sentence.startswith(known)
    ]
    near = [(distance, sentence) for distance, sentence in found if distance <= NEAR]
    far = [(distance, sentence) for distance, sentence in found if distance <= FAR]
    return [sentence for _, sentence in sorted(near or far, key=lambda item: item[0])[:MAX_MENTIONS]]


def fitting_mentions(
    text: str, caption: str, page: int | None, mentions: Mentions, measure: Measure
) -> tuple[str, ...]:
    """As many of the sentences as a chunk with this text has room for."""
    room, fitting = 1.0 - measure.one(text), list[str]()
    for sentence in mentions_of(caption, page, mentions):
        room -= measure.one(sentence)
        if room >= 0:
            fitting.append(sentence)
    return tuple(fitting)


def _distance(one: int | None, other: int | None) -> int:
    return abs((one or 0) - (other or 0))


def _labels(match: re.Match[str]) -> list[str]:
    """All labels in a match: "Figures 3 and 4", "Figs. 3–5", "图1至3"."""
    first, more = match.group(3), match.group(4)
    numbers = [first, *NUMBERS.findall(more)]
    if len(numbers) == 2 and RANGE.match(more) and first.isdigit() and numbers[1].isdigit():
        begin, end = int(first), int(numbers[1])
        if begin < end <= begin + LONGEST_RANGE:
            numbers = [str(number) for number in range(begin, end + 1)]
    return [f"{_kind(match)} {number}" for number in dict.fromkeys([f"{first}{_chapter(match)}", *numbers])]


def _chapter(match: re.Match[str]) -> str:
    """The `-1` of "Figure 3-1"."""
    hyphened = re.match(r"[-–](\d+)(?!\d)", match.group(4))
    return f"-{hyphened.group(1)}" if hyphened else ""


def _kind(match: re.Match[str]) -> str:
    word = (match.group(1) or ("table" if match.group(2) == "表" else "figure")).lower()
    kinds = (("fig", "figure"), ("tab", "table"))
    return next((kind for start, kind in kinds if word.startswith(start)), word.rstrip("s"))
