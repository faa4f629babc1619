"""What Word's styles say of paragraphs: their level in the outline, their numbers, whether they are hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from xml.etree.ElementTree import Element

from ingest.parse.word_markup import W, is_on, number, value

HEADING = re.compile(r"heading ([1-9])")
LONGEST_CHAIN = 20  # styles based on each other
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Numbering:
    """Of a paragraph: the list, and how deep in it."""

    list: str  # its id; "0": no list
    level: int | None


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    based_on: str
    outline: int | None  # 0 is the highest; 9: none
    numbering: Numbering | None
    hidden: bool | None


class Styles:
    def __init__(self, root: Element | None) -> None:
        found = [] if root is None else root.findall(f"{W}style")
        self._styles = {value(style, "styleId"): _style(style) for style in found}
        self._standard = next(
            (value(each, "styleId") for each in found if value(each, "type") == "paragraph" and is_default(each)), ""
        )

    def name(self, style: str) -> str:
        found = self._styles.get(style)
        return "" if found is None else found.name

    def outline(self, properties: Element | None) -> int | None:
        """The level of a paragraph in the outline, from 1; None: it is no heading."""
        own = None if properties is None else properties.find(f"{W}outlineLvl")
        level = number(own, 9) if own is not None else self._first(style_of(properties), lambda style: style.outline)
        return level + 1 if level is not None and 0 <= level < 9 else None

    def numbering(self, properties: Element | None) -> Numbering | None:
        own = None if properties is None else numbering_of(properties)
        styled = self._first(style_of(properties) or self._standard, lambda style: style.numbering)
        if own is None or (not own.list and styled is None):
            return styled
        level = own.level if own.level is not None else (styled.level if styled is not None else None)
        return Numbering(own.list or (styled.list if styled is not None else ""), level)

    def hidden(self, style: str) -> bool:
        return bool(self._first(style, lambda found: found.hidden))

    def _first(self, style: str, of: Callable[[Style], T | None]) -> T | None:
        """What the style says, or the one that it is based on."""
        for _ in range(LONGEST_CHAIN):
            found = self._styles.get(style)
            if found is None:
                return None
            said = of(found)
            if said is not None:
                return said
            style = found.based_on
        return None


def is_default(style: Element) -> bool:
    return value(style, "default") in ("1", "true", "on")


def style_of(properties: Element | None) -> str:
    return "" if properties is None else value(properties.find(f"{W}pStyle"))


def numbering_of(properties: Element) -> Numbering | None:
    found = properties.find(f"{W}numPr")
    if found is None:
        return None
    level = found.find(f"{W}ilvl")
    return Numbering(value(found.find(f"{W}numId")), None if level is None else number(level, 0))


def _style(style: Element) -> Style:
    name = value(style.find(f"{W}name")).casefold()
    paragraph, letters = style.find(f"{W}pPr"), style.find(f"{W}rPr")
    outline = None if paragraph is None else paragraph.find(f"{W}outlineLvl")
    named = HEADING.fullmatch(name)
    vanish = None if letters is None else letters.find(f"{W}vanish")
    return Style(
        name,
        value(style.find(f"{W}basedOn")),
        number(outline, 9) if outline is not None else (int(named[1]) - 1 if named else None),
        None if paragraph is None else numbering_of(paragraph),
        None if vanish is None else is_on(vanish),
    )
