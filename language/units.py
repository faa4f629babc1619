"""What may stand beside a number: scales (`million`, `万`), and units with what they measure."""

from __future__ import annotations

import re

from language.wordlists import rows

SCALES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "mm": 1e6, "m": 1e6, "billion": 1e9,
    "bn": 1e9, "b": 1e9, "trillion": 1e12, "tn": 1e12, "thousands": 1e3, "millions": 1e6, "billions": 1e9,
    "dozen": 12.0, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
    "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "萬": 1e4, "億": 1e8,
}  # fmt: skip

# unit -> (what it measures, how many of that thing's first unit)
UNITS: dict[str, tuple[str, float]] = {
    name: (kind, float(factor)) for kind, factor, *names in rows("units.txt") for name in names
}


def _alternatives(*, lettered: bool) -> str:
    """As a pattern, longest first; `square-miles` may be written with a space."""
    names = [unit for unit in UNITS if bool(re.match(r"[a-z]", unit)) is lettered]
    return "|".join(re.escape(unit) for unit in sorted(names, key=len, reverse=True))


UNIT_WORDS = _alternatives(lettered=True).replace(r"\-", r"[\s-]")
UNIT_SIGNS = _alternatives(lettered=False)
