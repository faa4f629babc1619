"""The dates of a text, English and Chinese, as year, month and day."""

from __future__ import annotations

import re
from dataclasses import dataclass

from language.scripts import plain_width
from language.wordlists import rows, words

_NAMES = rows("months.en.txt")  # of each month: the whole name, and abbreviations
_NUMBERS = {name: number for number, names in enumerate(_NAMES, start=1) for name in names}
MONTHS = frozenset(name for name, *_ in _NAMES)
WEEKDAYS = frozenset(words("weekdays.en.txt"))
_MONTH = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_DATES = (
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}})\b)?", re.I),
    re.compile(
        rf"\b(?P<m>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:%|percent|million))(?:,?\s+(?P<y>\d{{4}})\b)?",
        re.I,
    ),
    re.compile(rf"\b(?P<m>{_MONTH})\b\.?,?\s+(?:of\s+)?(?P<y>\d{{4}})\b", re.I),
    re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"),
    re.compile(r"(?:(?P<y>\d{4})\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]"),
    re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月"),
)
_SLASHED = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b")


@dataclass(frozen=True, slots=True)
class Date:
    year: int | None
    month: int | None
    day: int | None
    start: int
    end: int

    def agrees(self, other: Date) -> bool:
        """No part that both have differs, and this one has a month."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(a == b for a, b in pairs if a is not None and b is not None) and self.month is not None


def dates(text: str) -> list[Date]:
    """Dates with at least a month; a year alone is a quantity. `3/5/2019` gives both possible days."""
    text = plain_width(text)
    found: list[Date] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if not any(one.start < match.end() and match.start() < one.end for one in found):
                found += _date(match)
    for match in _SLASHED.finditer(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        for month, day in {(first, second), (second, first)}:
            if 1 <= month <= 12 and 1 <= day <= 31:
                found.append(Date(year, month, day, match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


def _date(match: re.Match[str]) -> list[Date]:
    parts = match.groupdict()
    name = parts["m"].lower()
    month = _NUMBERS.get(name) or (int(name) if name.isdigit() else 0)
    day = int(parts["d"]) if parts.get("d") else None
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return []
    return [Date(int(parts["y"]) if parts.get("y") else None, month, day, match.start(), match.end())]
