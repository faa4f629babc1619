"""Finds the sentences that speak of a figure, so that it can be found by what the text says of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from app.domain.types import ParsedPage
from ingest.sentences import sentences

LABEL = re.compile(r"(?:\b(fig(?:ure|s\.?|\.)?|chart|exhibit|diagram)|(图表?|圖表?))\s*(\d+(?:[.\-–]\d+)*)", re.I)
MAX_MENTIONS = 2
MAX_SENTENCE = 400
NEAR = 1  # pages away

Mentions = Mapping[str, list[tuple[int | None, str]]]


def label_of(caption: str) -> str | None:
    """What a caption calls its figure: `figure 3` for "Fig. 3", "Figure 3", "图3"."""
    match = LABEL.search(caption[:60])
    return _label(match) if match else None


def mentions_in(pages: Iterable[ParsedPage]) -> Mentions:
    """Label → the sentences of running text that name it, with their pages."""
    found: defaultdict[str, list[tuple[int | None, str]]] = defaultdict(list)
    for page in pages:
        for block in page.blocks:
            if block.kind in ("text", "list") and LABEL.search(block.text):
                for sentence in sentences(block.text):
                    for label in {_label(match) for match in LABEL.finditer(sentence)}:
                        found[label].append((page.number, " ".join(sentence.split())[:MAX_SENTENCE]))
    return found


def mentions_of(caption: str, page: int | None, mentions: Mentions) -> list[str]:
    """Up to two sentences on this page, else on the pages beside it; not the caption itself."""
    label = label_of(caption)
    if label is None:
        return []
    known = " ".join(caption.split())
    near = [
        (_distance(page, other), sentence)
        for other, sentence in mentions.get(label, [])
        if _distance(page, other) <= NEAR and not known.startswith(sentence) and not sentence.startswith(known)
    ]
    return [sentence for _, sentence in sorted(near, key=lambda item: item[0])[:MAX_MENTIONS]]


def _distance(one: int | None, other: int | None) -> int:
    return abs((one or 0) - (other or 0))


def _label(match: re.Match[str]) -> str:
    word = (match.group(1) or "fig").lower()
    return f"{'figure' if word.startswith('fig') else word} {match.group(3).replace('–', '-')}"
