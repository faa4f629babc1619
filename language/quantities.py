"""The quantities of a text in one spelling each: `1.2 million`, `1,200,000` and `120万` are one number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from language.numerals import CARDINALS, HAN_DIGITS, english_number, han_number
from language.scripts import plain_width
from language.units import SCALES, UNIT_SIGNS, UNIT_WORDS, UNITS

_WORD_SCALES = ("hundred", "thousand", "million", "billion", "trillion")
_SPELLED_WORD = "|".join(sorted((*CARDINALS, *_WORD_SCALES), key=len, reverse=True))
_HAN = "零〇一二两三四五六七八九十百千"
_HAN_SCALE = "十亿|百亿|千亿|万亿|百万|千万|十万|[万亿萬億百千]"
_HAN_IS_NO_NUMBER = re.compile(  # "一" and its kin inside of words
    "一(?:般|些|样|定|直|起|切|旦|致|方|面|边|下|带|系列|度|律|向|再|贯|路|体|半)|(?:统|同|唯|之|专|万)一|(?:十|万)分|三明治|百姓"
    "|千万别|不三不四"
)

_CURRENCY_BEFORE = r"(?:us\$|hk\$|[$€£₹]|rmb|usd|eur|gbp|chf|cny|人民币|美元)"
_DIGITS = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
# Possessive or atomic where the rest could be split in many ways, as the text may be hostile. (Up to Python 3.11.4 a
# group that is repeated possessively keeps what its last, failed round took.)
_QUANTITY = re.compile(
    rf"(?P<before>{_CURRENCY_BEFORE})?\s{{0,2}}(?P<minus>(?<![\w)])[-−–(]\s?)?"
    rf"(?:(?P<digits>{_DIGITS})"
    rf"|(?P<spelled>\b(?:{_SPELLED_WORD})(?>(?:[\s-]+(?:and\s+)?(?:{_SPELLED_WORD}))*)\b)"
    rf"|(?P<han>[{_HAN}]++(?:点[{_HAN}]++)?))"
    rf"(?:(?:\s?多|\s?余)?\s{{0,2}}-?(?P<scale>(?:hundred|thousand|million|billion|trillion|dozen|mn|bn|k|m|b)s?\b(?![-’'])|{_HAN_SCALE})+)?"
    rf"(?:\s{{0,2}}-?(?P<unit>(?:{UNIT_WORDS})\b|{UNIT_SIGNS}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` has its scale; `plain` is what the digits say: a table tells the scale once, in its header."""

    value: float
    plain: float
    kind: str  # what its unit measures; "" without one
    unit: float  # how many of that kind's first unit one is
    digits: int  # significant ones: they tell how far the number was rounded
    start: int
    end: int

    @property
    def scaled(self) -> bool:
        return self.value != self.plain

    @property
    def base(self) -> float:
        return self.value * self.unit

    @property
    def is_year(self) -> bool:
        return not self.kind and not self.scaled and self.digits == 4 and 1000 <= self.value <= 2199


def quantities(text: str) -> list[Quantity]:
    """In order; those inside of dates as well (see `dates`). Offsets are into `plain_width(text)`."""
    return list(_quantities(plain_width(text)))


def _quantities(text: str) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text):
        if match["digits"] and _inside_a_word(text, match):
            continue
        if match["han"] and (_HAN_IS_NO_NUMBER.match(text, max(0, match.start("han") - 1), match.end() + 2)
                             or _HAN_IS_NO_NUMBER.match(text, match.start("han"), match.end() + 2)):  # fmt: skip
            continue
        if (found := _quantity(match)) is not None:
            yield found


def _inside_a_word(text: str, match: re.Match[str]) -> bool:
    """`B2B`, `x86`, `v1.2`; but `FY2019` is a year and `Q3` a quarter."""
    before = text[max(0, match.start("digits") - 3) : match.start("digits")]
    return bool(re.search(r"[A-Za-z_]$", before)) and not re.search(r"(?:\bFY|\bQ|\bCY|US|\bH|RMB|\bp)$", before, re.I)


def _quantity(match: re.Match[str]) -> Quantity | None:
    if match["digits"]:
        raw = match["digits"].replace(",", "").replace("，", "")
        plain, digits = float(raw), len(raw.replace(".", "").lstrip("0"))
    elif match["spelled"]:
        value = english_number(re.findall(r"[a-z]+", match["spelled"].lower()))
        if value is None:
            return None
        plain, digits = value, len(f"{value:.0f}".rstrip("0")) or 1
    else:
        value = _han(match["han"])
        if value is None:
            return None
        plain, digits = value, len(f"{value:g}".replace(".", ""))
    if match["minus"] and match["digits"]:
        plain = -plain
    scale, (kind, factor) = _scale_and_unit(match)
    return Quantity(plain * scale, plain, kind, factor, digits, match.start(), match.end())


def _scale_and_unit(match: re.Match[str]) -> tuple[float, tuple[str, float]]:
    word = (match["scale"] or "").lower()
    scale = SCALES.get(word) or SCALES.get(word.rstrip("s"), 1.0)
    unit = UNITS.get(re.sub(r"\s", "-", (match["unit"] or "").lower()))
    if unit is None and match["before"]:
        sign = match["before"].lower()
        unit = ("usd", 1.0) if sign.endswith("$") else UNITS.get(sign)
    elif unit is None and word == "m" and not match["before"]:  # metres, unless it is money
        return 1.0, ("length", 1.0)
    return scale, unit or ("", 1.0)


def _han(run: str) -> float | None:
    whole, _, decimals = run.partition("点")
    if whole[0] in "百千":  # alone they are words more often than numbers
        return None
    if not set(decimals) <= set(HAN_DIGITS):
        return None
    return float(han_number(whole)) + (
        float("0." + "".join(str(HAN_DIGITS[digit]) for digit in decimals)) if decimals else 0.0
    )


# ---------------------------------------------------------------- whether two are one

_TOLD_SCALE = re.compile(
    r"\b(?:in|of|\$|usd|us\$|eur)\s*+(?:us\s*+)?(?:[$€£]\s*+)?(thousand|million|billion)s?\b|[$€£'’](000s?|m|k|bn)\b"
    r"|(?:单位|以)[^\n]{0,12}?(百万|千万|万|亿|千)",
    re.IGNORECASE,
)


def told_scales(text: str) -> frozenset[float]:
    """What a table's caption or header says that its numbers are counted in."""
    found = {next(filter(None, match.groups())).lower() for match in _TOLD_SCALE.finditer(text)}
    return frozenset(1e3 if word.startswith("000") else SCALES.get(word, 1.0) for word in found)


def same_value(claimed: float, cited: float, digits: int) -> bool:
    """Equal, or equal when the cited value is rounded to as many digits as the claim has."""
    if claimed == cited:
        return True
    claimed, cited = abs(claimed), abs(cited)  # a table's (12.6) is said as "a loss of 12.6"
    if not claimed or not cited or digits < 2:
        return claimed == cited
    last_place = 10.0 ** (math.floor(math.log10(claimed)) + 1 - digits)
    return abs(claimed - cited) <= 0.5 * last_place * (1 + 1e-9)


def same_quantity(claimed: Quantity, cited: Quantity, scales: frozenset[float] = frozenset()) -> float:
    """1: the same; 0.5: the same number, but one lacks a unit or a scale that can't be known; 0: another quantity."""
    if not _kinds_agree(claimed.kind, cited.kind):
        return 0.0
    if claimed.kind and claimed.kind == cited.kind and same_value(claimed.base, cited.base, claimed.digits):
        return 1.0
    if claimed.kind and cited.kind and claimed.kind == cited.kind and claimed.unit != cited.unit:
        return 0.0
    if same_value(claimed.value, cited.value, claimed.digits):
        return 1.0 if claimed.kind == cited.kind or not claimed.kind else 0.8
    if same_value(claimed.value, cited.plain, claimed.digits) or same_value(claimed.plain, cited.value, claimed.digits):
        ratio = claimed.value / claimed.plain if claimed.scaled and claimed.plain else 1.0
        other = cited.value / cited.plain if cited.scaled and cited.plain else 1.0
        if ratio != 1.0 and other != 1.0:
            return 0.0
        return 1.0 if max(ratio, other) in scales else 0.5
    return _in_scale(claimed, cited, scales)


def _in_scale(claimed: Quantity, cited: Quantity, scales: frozenset[float]) -> float:
    """`1.4965 billion` where a table in millions has `1,496.5`."""
    if cited.scaled:
        return 0.0
    return 1.0 if any(same_value(claimed.value, cited.value * scale, claimed.digits) for scale in scales) else 0.0


def _kinds_agree(claimed: str, cited: str) -> bool:
    if not claimed or not cited or claimed == cited:
        return True
    return {claimed, cited} <= {"share", "points"} and claimed == cited
