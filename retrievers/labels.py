"""The names that captions and headings bear, "Figure 3", and the numbers of a text: in a question and in a chunk."""

from __future__ import annotations

import re

# "Figure 3", "Table A", "Section 3.3", 图3
_LABEL = re.compile(
    r"\b(fig(?:ure)?|table|chart|exhibit|appendix|section|note|item|box)s?\.?\s++(\d{1,3}(?:\.\d{1,3}){0,3}|[A-Z]\b)"
    r"|(图|表|附录|第)\s*+(\d{1,3})",
    re.IGNORECASE,
)
_NAMES = {"fig": "figure", "图": "figure", "表": "table", "附录": "appendix", "第": "section"}
_CAPTION_WITHIN = 60  # characters: where a chunk bears its own label, and doesn't merely mention one
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def labels_in(text: str) -> frozenset[tuple[str, str]]:
    found = ((name or chinese, number or count) for name, number, chinese, count in _LABEL.findall(text))
    return frozenset((_NAMES.get(name.lower(), name.lower()), number.lower()) for name, number in found)


def label_borne(text: str) -> frozenset[tuple[str, str]]:
    """The labels at the beginning of a chunk, or of its lines: captions and headings."""
    beginnings = [line[:_CAPTION_WITHIN] for line in text.splitlines() if _LABEL.match(line.lstrip("#*| "))]
    return labels_in("\n".join([text[:_CAPTION_WITHIN], *beginnings]))


def numbers_in(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(text))
