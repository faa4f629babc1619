"""The numbers that Word prints before paragraphs: "2.3", "(b)", "第三条". They are in no paragraph's own words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.parse.word_markup import W, is_on, number, value
from ingest.parse.word_styles import Numbering

LEVELS = 9
PLACEHOLDER = re.compile(r"%([1-9])")
FROM_NOTHING = ("decimalZero", "ordinal", "none", "bullet")  # formats that can write 0
MOST = 100_000  # a number above it is a mistake
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
         (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
COMMON, LEGAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
COMMON_UNITS, LEGAL_UNITS = ("", "十", "百", "千"), ("", "拾", "佰", "仟")
TEN_THOUSAND = "万"
STEMS, BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"


@dataclass(frozen=True, slots=True)
class Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    legal: bool = False  # all numbers in it are Arabic
    restarts: int = -1  # after a paragraph of this level or a higher one, from 1; 0: never; -1: of any higher one
    style: str = ""


@dataclass(slots=True)
class Numbers:
    """Counts the numbered paragraphs of a document, in reading order."""

    root: Element | None
    _lists: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = field(default_factory=dict)
    _abstract: dict[str, dict[int, Level]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)  # by abstract list, then by level
    _begun: set[tuple[str, int]] = field(default_factory=set)  # levels of lists that start anew have started

    def __post_init__(self) -> None:
        if self.root is None:
            return
        linked: dict[str, str] = {}  # abstract list → the style whose list it means
        styled: dict[str, str] = {}
        for abstract in self.root.findall(f"{W}abstractNum"):
            name = value(abstract, "abstractNumId")
            self._abstract[name] = {number(each, 0, "ilvl"): _level(each) for each in abstract.findall(f"{W}lvl")}
            if link := value(abstract.find(f"{W}numStyleLink")):
                linked[name] = link
            if style := value(abstract.find(f"{W}styleLink")):
                styled[style] = name
        for each in self.root.findall(f"{W}num"):
            name = value(each.find(f"{W}abstractNumId"))
            name = styled.get(linked.get(name, ""), name)
            self._lists[value(each, "numId")] = self._list(each, name)

    def _list(self, element: Element, abstract: str) -> tuple[str, dict[int, Level], dict[int, int]]:
        levels, anew = dict(self._abstract.get(abstract, {})), {}
        for override in element.findall(f"{W}lvlOverride"):
            at, start, own = number(override, 0, "ilvl"), override.find(f"{W}startOverride"), override.find(f"{W}lvl")
            if own is not None:
                levels[at] = _level(own)
            if start is not None:
                anew[at] = number(start, 1)
        return abstract, levels, anew

    def label(self, numbering: Numbering | None, style: str) -> tuple[str, int] | None:
        """(what Word prints before the paragraph, how deep it stands); None: it is in no list. Counts it."""
        found = None if numbering is None else self._lists.get(numbering.list)
        if numbering is None or found is None:
            return None
        abstract, levels, anew = found
        of_style = next((at for at, each in levels.items() if style and each.style == style), 0)
        at = min(max(numbering.level if numbering.level is not None else of_style, 0), LEVELS - 1)
        level = levels.get(at, Level(format="bullet"))
        if level.format == "bullet":
            return "-", at
        counts = self._counts.setdefault(abstract, {})
        if at in anew and (numbering.list, at) not in self._begun:
            self._begun.add((numbering.list, at))
            counts[at] = anew[at] - 1
        _count(counts, at, levels)
        return (_label(level, counts, levels), at) if level.format != "none" or level.text else ("", at)


def _count(counts: dict[int, int], at: int, levels: dict[int, Level]) -> None:
    counts[at] = counts.get(at, levels.get(at, Level()).start - 1) + 1
    for higher in range(at):  # a level that was skipped counts as begun
        counts.setdefault(higher, levels.get(higher, Level()).start)
    for deeper in [other for other in counts if other > at]:
        restarts = levels.get(deeper, Level()).restarts
        if restarts < 0 or (restarts and at < restarts):
            del counts[deeper]


def _label(level: Level, counts: dict[int, int], levels: dict[int, Level]) -> str:
    def of(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        other = levels.get(at, Level())
        count = counts.get(at, other.start)
        decimal = level.legal and other.format != "decimalZero"
        return written(count, "decimal" if decimal else other.format)

    return " ".join(PLACEHOLDER.sub(of, level.text).split())


def _level(element: Element) -> Level:
    format = value(element.find(f"{W}numFmt")) or "decimal"
    return Level(
        number(element.find(f"{W}start"), 0),
        format,
        value(element.find(f"{W}lvlText")),
        is_on(element.find(f"{W}isLgl")),
        number(element.find(f"{W}lvlRestart"), -1),
        value(element.find(f"{W}pStyle")),
    )


def written(count: int, format: str) -> str:
    """A number in one of Word's formats; Arabic in those that are not known."""
    write = FORMATS.get(format)
    return write(count) if write is not None and (0 < count < MOST or format in FROM_NOTHING) else str(count)


def _roman(count: int) -> str:
    letters = ""
    for amount, mark in ROMAN:
        times, count = divmod(count, amount)
        letters += mark * times
    return letters


def _letters(count: int) -> str:
    """a … z, aa, bb …"""
    times, at = divmod(count - 1, 26)
    return chr(97 + at) * (times + 1)


def _chinese(count: int, digits: str, units: tuple[str, ...]) -> str:
    if count >= 10_000:
        rest = count % 10_000
        zero = digits[0] if 0 < rest < 1000 else ""
        return (
            _chinese(count // 10_000, digits, units)
            + TEN_THOUSAND
            + zero
            + (_chinese(rest, digits, units) if rest else "")
        )
    text, gap = "", False
    figures = str(count)
    for place, figure in zip(range(len(figures) - 1, -1, -1), map(int, figures), strict=True):
        if figure:
            text += (digits[0] if gap else "") + digits[figure] + units[place]
        gap = not figure
    return text[1:] if text.startswith("一十") else text


def _ordinal(count: int) -> str:
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"


def _of(marks: str) -> Callable[[int], str]:
    return lambda count: marks[(count - 1) % len(marks)]


def _common(count: int) -> str:
    return _chinese(count, COMMON, COMMON_UNITS)


def _by_digits(count: int) -> str:
    return str(count).translate({48 + digit: mark for digit, mark in enumerate("〇" + COMMON[1:])})


FORMATS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda count: f"{count:02}",
    "lowerRoman": _roman,
    "upperRoman": lambda count: _roman(count).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda count: _letters(count).upper(),
    "ordinal": _ordinal,
    "chineseCounting": _common,
    "chineseCountingThousand": _common,
    "taiwaneseCounting": _common,
    "taiwaneseCountingThousand": _common,
    "japaneseCounting": _common,
    "chineseLegalSimplified": lambda count: _chinese(count, LEGAL, LEGAL_UNITS),
    "ideographDigital": _by_digits,
    "taiwaneseDigital": _by_digits,
    "japaneseDigitalTenThousand": _by_digits,
    "ideographTraditional": _of(STEMS),
    "ideographZodiac": _of(BRANCHES),
    "decimalFullWidth": lambda count: str(count).translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
    "decimalEnclosedCircle": lambda count: chr(0x245F + count) if count <= 20 else str(count),
    "decimalEnclosedCircleChinese": lambda count: chr(0x245F + count) if count <= 20 else str(count),
    "decimalEnclosedParen": lambda count: f"({count})",
    "decimalEnclosedFullstop": lambda count: f"{count}.",
    "none": lambda count: "",
    "bullet": lambda count: "",
}
