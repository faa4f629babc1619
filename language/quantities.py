"""The quantities and dates of a text in one spelling each: `1.2 million`, `1,200,000` and `120万` are one number."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# ---------------------------------------------------------------- what a number is followed or led by

_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "mm": 1e6, "m": 1e6, "billion": 1e9,
    "bn": 1e9, "b": 1e9, "trillion": 1e12, "tn": 1e12, "thousands": 1e3, "millions": 1e6, "billions": 1e9,
    "dozen": 12.0, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
    "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "萬": 1e4, "億": 1e8,
}  # fmt: skip

# unit -> (what it measures, how many of that thing's first unit)
_UNITS: dict[str, tuple[str, float]] = {}


def _unit(kind: str, factor: float, names: str) -> None:
    _UNITS.update(dict.fromkeys(names.split(), (kind, factor)))


_unit("share", 1.0, "% percent percents pct ％ percentage")
_unit("permille", 1.0, "‰ per-mille")
_unit("points", 1.0, "个百分点 percentage-points percentage-point pp")
_unit("usd", 1.0, "$ us$ usd dollar dollars 美元 美金")
_unit("eur", 1.0, "€ eur euro euros 欧元")
_unit("gbp", 1.0, "£ gbp pound-sterling 英镑")
_unit("cny", 1.0, "rmb cny yuan renminbi 元 人民币 块")
_unit("jpy", 1.0, "jpy yen 日元")
_unit("chf", 1.0, "chf francs franc 法郎")
_unit("inr", 1.0, "₹ inr rupee rupees 卢比")
_unit("cents", 1.0, "cent cents ¢ 美分")
_unit("length", 0.001, "mm millimetre millimetres millimeter millimeters 毫米")
_unit("length", 0.01, "cm centimetre centimetres centimeter centimeters 厘米 公分")
_unit("length", 1.0, "metre metres meter meters 米 公尺")
_unit("length", 1000.0, "km kilometre kilometres kilometer kilometers 公里 千米")
_unit("length", 1609.344, "mile miles mi 英里")
_unit("length", 0.3048, "foot feet ft 英尺")
_unit("length", 0.0254, "inch inches 英寸")
_unit("length", 0.9144, "yard yards yd yds 码")
_unit("length", 1852.0, "nautical-miles 海里")
_unit("area", 1.0, "sqm m2 m² square-metres square-metre square-meters square-meter 平方米")
_unit("area", 1e6, "km2 km² square-kilometres square-kilometers square-kilometre square-kilometer 平方公里 平方千米")
_unit("area", 2.589988e6, "square-miles square-mile 平方英里")
_unit("area", 0.09290304, "sqft square-feet square-foot 平方英尺")
_unit("area", 1e4, "hectare hectares ha 公顷")
_unit("area", 4046.856, "acre acres 英亩")
_unit("mass", 1e-6, "mg milligram milligrams 毫克")
_unit("mass", 0.001, "g gram grams 克")
_unit("mass", 1.0, "kg kgs kilogram kilograms kilo kilos 公斤 千克")
_unit("mass", 1000.0, "tonne tonnes ton tons metric-tons 吨")
_unit("mass", 0.45359237, "lb lbs 磅")
_unit("mass", 0.02834952, "oz ounce ounces 盎司")
_unit("time", 1.0, "second seconds sec secs 秒 秒钟")
_unit("time", 0.001, "ms millisecond milliseconds 毫秒")
_unit("time", 60.0, "minute minutes min mins 分钟")
_unit("time", 3600.0, "hour hours hr hrs 小时 个小时")
_unit("time", 86400.0, "day days 天")
_unit("time", 604800.0, "week weeks 周 个星期 星期")
_unit("months", 1.0, "month months 个月")
_unit("months", 12.0, "year years yr yrs 年")
_unit("months", 120.0, "decade decades")
_unit("months", 1200.0, "century centuries")
_unit("volume", 0.001, "ml millilitre millilitres milliliter milliliters 毫升")
_unit("volume", 1.0, "litre litres liter liters 升")
_unit("volume", 3.785, "gallon gallons gal 加仑")
_unit("volume", 158.987, "barrel barrels bbl 桶")
_unit("temperature", 1.0, "°c ℃ celsius 摄氏度")
_unit("fahrenheit", 1.0, "°f ℉ fahrenheit 华氏度")
_unit("power", 1.0, "w watt watts 瓦")
_unit("power", 1e3, "kw kilowatt kilowatts 千瓦")
_unit("power", 1e6, "mw megawatt megawatts 兆瓦")
_unit("power", 1e9, "gw gigawatt gigawatts 吉瓦")
_unit("energy", 1.0, "kwh 千瓦时 度电")
_unit("energy", 1e3, "mwh")
_unit("energy", 1e6, "gwh")
_unit("bytes", 1e3, "kb kilobytes 千字节")
_unit("bytes", 1e6, "mb megabytes 兆字节")
_unit("bytes", 1e9, "gb gigabytes")
_unit("bytes", 1e12, "tb terabytes")
_unit("frequency", 1.0, "hz hertz 赫兹")
_unit("frequency", 1e3, "khz kilohertz 千赫")
_unit("frequency", 1e6, "mhz megahertz 兆赫")
_unit("frequency", 1e9, "ghz gigahertz")
_unit("speed", 1.0, "km/h kmh kph 公里每小时")
_unit("speed", 1.609344, "mph 英里每小时")
_CURRENCIES = frozenset({"usd", "eur", "gbp", "cny", "jpy", "chf", "inr", "cents"})

_WORDS = {
    word: float(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
        "seventeen eighteen nineteen".split()
    )
} | {
    word: float(10 * value)
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)  # noqa: SIM905
}
_WORD_SCALES = ("hundred", "thousand", "million", "billion", "trillion")
_SPELLED_WORD = "|".join(sorted((*_WORDS, *_WORD_SCALES), key=len, reverse=True))
_HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN = "零〇一二两三四五六七八九十百千"
_HAN_SCALE = "十亿|百亿|千亿|万亿|百万|千万|十万|[万亿萬億百千]"
_HAN_IS_NO_NUMBER = re.compile(  # "一" and its kin inside of words
    "一(?:般|些|样|定|直|起|切|旦|致|方|面|边|下|带|系列|度|律|向|再|贯|路|体|半)|(?:统|同|唯|之|专|万)一|(?:十|万)分|三明治|百姓"
    "|千万别|不三不四"
)

_UNIT_WORDS = "|".join(
    re.escape(unit).replace(r"\-", r"[\s-]")
    for unit in sorted((unit for unit in _UNITS if re.match(r"[a-z]", unit)), key=len, reverse=True)
)
_UNIT_SIGNS = "|".join(
    re.escape(unit) for unit in sorted((unit for unit in _UNITS if not re.match(r"[a-z]", unit)), key=len, reverse=True)
)
_CURRENCY_BEFORE = r"(?:us\$|hk\$|[$€£₹]|rmb|usd|eur|gbp|chf|cny|人民币|美元)"
_DIGITS = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
# Possessive or atomic where what follows could be split in many ways: a document chooses what this runs on. (A group
# that is repeated possessively keeps, up to Python 3.11.4, what its last, failed round took.)
_QUANTITY = re.compile(
    rf"(?P<before>{_CURRENCY_BEFORE})?\s{{0,2}}(?P<minus>(?<![\w)])[-−–(]\s?)?"
    rf"(?:(?P<digits>{_DIGITS})"
    rf"|(?P<spelled>\b(?:{_SPELLED_WORD})(?>(?:[\s-]+(?:and\s+)?(?:{_SPELLED_WORD}))*)\b)"
    rf"|(?P<han>[{_HAN}]++(?:点[{_HAN}]++)?))"
    rf"(?:(?:\s?多|\s?余)?\s{{0,2}}-?(?P<scale>(?:hundred|thousand|million|billion|trillion|dozen|mn|bn|k|m|b)s?\b(?![-’'])|{_HAN_SCALE})+)?"
    rf"(?:\s{{0,2}}-?(?P<unit>(?:{_UNIT_WORDS})\b|{_UNIT_SIGNS}))?",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\s?(?:st|nd|rd|th)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` with its scale; `plain` as the digits stand: a table tells the scale once, above."""

    value: float
    plain: float
    kind: str  # what its unit measures; "" without one
    unit: float  # how many of that kind's first unit one is
    digits: int  # significant ones: what was rounded is known by them
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


def plain_width(text: str) -> str:
    """Full-width digits and signs made plain, character for character."""
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character < "\u2000":
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


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
        value = _spelled(re.findall(r"[a-z]+", match["spelled"].lower()))
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
    scale = _SCALES.get(word) or _SCALES.get(word.rstrip("s"), 1.0)
    unit = _UNITS.get(re.sub(r"\s", "-", (match["unit"] or "").lower()))
    if unit is None and match["before"]:
        sign = match["before"].lower()
        unit = ("usd", 1.0) if sign.endswith("$") else _UNITS.get(sign)
    elif unit is None and word == "m" and not match["before"]:  # metres, unless it is money
        return 1.0, ("length", 1.0)
    return scale, unit or ("", 1.0)


def _spelled(words: Sequence[str]) -> float | None:
    """`two hundred and five thousand`; None for what is no number (`one` alone is mostly a pronoun, but counts)."""
    total = current = 0.0
    for word in words:
        if word == "and":
            continue
        if word in _WORDS:
            current += _WORDS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            total += (current or 1) * _SCALES[word]
            current = 0.0
    return total + current if words and words[0] in _WORDS else None


def _han(run: str) -> float | None:
    whole, _, decimals = run.partition("点")
    value = _han_whole(whole)
    if value is None or (decimals and not set(decimals) <= set(_HAN_DIGITS)):
        return None
    return value + (float("0." + "".join(str(_HAN_DIGITS[digit]) for digit in decimals)) if decimals else 0.0)


def _han_whole(run: str) -> float | None:
    if not set(run) & set(_HAN_TENS):  # digit by digit, as in years
        return float("".join(str(_HAN_DIGITS[digit]) for digit in run))
    if run[0] in "百千":  # 百, 千 alone are words more often than numbers
        return None
    total, digit = 0, None
    for character in run:
        if character in _HAN_TENS:
            total += (1 if digit is None else digit) * _HAN_TENS[character]
            digit = None
        else:
            digit = _HAN_DIGITS[character]
    return float(total + (digit or 0))


# ---------------------------------------------------------------- dates

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sept sep", "october oct", "november nov", "december dec"), start=1)
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
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
        """Nothing that both tell differs, and the month or more is told by both."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(a == b for a, b in pairs if a is not None and b is not None) and self.month is not None


def dates(text: str) -> list[Date]:
    """Dates with at least a month; a year alone is a quantity. `3/5/2019` may be either day."""
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
    month = _MONTHS.get(name) or (int(name) if name.isdigit() else 0)
    day = int(parts["d"]) if parts.get("d") else None
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return []
    return [Date(int(parts["y"]) if parts.get("y") else None, month, day, match.start(), match.end())]


# ---------------------------------------------------------------- whether two are one

_TOLD_SCALE = re.compile(
    r"\b(?:in|of|\$|usd|us\$|eur)\s*(?:us)?\s*[$€£]?\s*(thousand|million|billion)s?\b|[$€£'’](000s?|m|k|bn)\b"
    r"|(?:单位|以)[^\n]{0,12}?(百万|千万|万|亿|千)",
    re.IGNORECASE,
)


def told_scales(text: str) -> frozenset[float]:
    """What a table's caption or header says that its numbers are counted in."""
    found = {next(filter(None, match.groups())).lower() for match in _TOLD_SCALE.finditer(text)}
    return frozenset(1e3 if word.startswith("000") else _SCALES.get(word, 1.0) for word in found)


def same_value(claimed: float, cited: float, digits: int) -> bool:
    """Equal, or equal once the cited one is rounded to what the claim says."""
    if claimed == cited:
        return True
    claimed, cited = abs(claimed), abs(cited)  # a table's (12.6) is said as "a loss of 12.6"
    if not claimed or not cited or digits < 2:
        return claimed == cited
    last_place = 10.0 ** (math.floor(math.log10(claimed)) + 1 - digits)
    return abs(claimed - cited) <= 0.5 * last_place * (1 + 1e-9)


def same_quantity(claimed: Quantity, cited: Quantity, scales: frozenset[float] = frozenset()) -> float:
    """1: the same; 0.5: the number is, but one of them lacks a unit or a scale that can't be known; 0: another."""
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
