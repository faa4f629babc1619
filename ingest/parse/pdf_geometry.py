"""Words, segments of lines and rows on a page, and the page that they are measured against."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.documents import Box
from language.scripts import CJK_WIDE

BULLET = re.compile(r"^(?:[•‣▪▫■□●○◦►▶➢➤✓✔·∙–—*\uf0b7\uf0a7-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])$")
CJK = re.compile(f"[{CJK_WIDE}]")
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Word:
    """In points of the page as rendered, origin top left."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float  # of its line's font
    bold: bool
    line: int  # the reader's count of lines
    turns: int = 0  # quarter turns clockwise that the letters are turned by
    score: float | None = None  # how sure a recogniser was, 0..1
    hidden: bool = False  # not to be seen on the page


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that stand together on one line."""

    words: tuple[Word, ...]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        return self.words[0].size

    @property
    def bold(self) -> bool:
        return self.words[0].bold

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


def segment(words: Sequence[Word]) -> Segment:
    return Segment(
        tuple(words),
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a page as it will be read: one line of text, or the cells of a table's row."""

    cells: tuple[Segment, ...]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> float:
        return self.cells[0].size

    @property
    def bold(self) -> bool:
        return all(cell.bold for cell in self.cells)

    @property
    def text(self) -> str:
        return "  ".join(cell.text for cell in self.cells)

    @property
    def marked(self) -> bool:
        """Starts with a bullet or a number that counts."""
        return bool(BULLET.match(self.cells[0].words[0].text))


def row_of(cells: Sequence[Segment]) -> Row:
    return Row(
        tuple(cells),
        min(cell.x0 for cell in cells),
        min(cell.y0 for cell in cells),
        max(cell.x1 for cell in cells),
        max(cell.y1 for cell in cells),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's blocks are measured against: its size as rendered, and how its text lies on it.

    A page of sideways text is laid out as if turned upright; its boxes are those of the page as rendered.
    """

    number: int
    width: float
    height: float
    turns: int = 0  # quarter turns clockwise that most letters are turned by
    tilt: float = 0.0  # radians clockwise that its lines fall by besides; words are laid out as if they lay level

    def upright(self, word: Word) -> Word:
        """The word where it stands once the page is turned back."""
        x0, y0, x1, y1 = word.x0, word.y0, word.x1, word.y1
        if self.turns == 1:
            x0, y0, x1, y1 = y0, self.width - x1, y1, self.width - x0
        elif self.turns == 2:
            x0, y0, x1, y1 = self.width - x1, self.height - y1, self.width - x0, self.height - y0
        elif self.turns == 3:
            x0, y0, x1, y1 = self.height - y1, x0, self.height - y0, x1
        return replace(word, x0=x0, y0=y0, x1=x1, y1=y1, turns=(word.turns - self.turns) % 4)

    def lying(self, word: Word) -> Word:
        """The word where it stands on the page as rendered."""
        x0, y0, x1, y1 = self._turned(word.x0, word.y0, word.x1, word.y1)
        return replace(word, x0=x0, y0=y0, x1=x1, y1=y1, turns=(word.turns + self.turns) % 4)

    def as_rendered(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        """From where something stands on the upright page to where it is on the page as rendered."""
        return self._turned(*self._tilted(x0, y0, x1, y1))

    def _tilted(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        if not self.tilt:
            return x0, y0, x1, y1
        across, down = (self.height, self.width) if self.turns % 2 else (self.width, self.height)
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        corners = [(x - across / 2, y - down / 2) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [x * cos - y * sin for x, y in corners], [x * sin + y * cos for x, y in corners]
        return min(xs) + across / 2, min(ys) + down / 2, max(xs) + across / 2, max(ys) + down / 2

    def _turned(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        if self.turns == 1:
            return self.width - y1, x0, self.width - y0, x1
        if self.turns == 2:
            return self.width - x1, self.height - y1, self.width - x0, self.height - y0
        if self.turns == 3:
            return y0, self.height - x1, y1, self.height - x0
        return x0, y0, x1, y1

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """As fractions of the page as rendered."""
        left, top, right, bottom = self.as_rendered(x0, y0, x1, y1)
        return Box(
            share(left, self.width), share(top, self.height), share(right, self.width), share(bottom, self.height)
        )


def share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, value / whole)), 5) if whole > 0 else 0.0


def around(boxes: Iterable[Rectangle]) -> Rectangle:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def turns_of(words: Iterable[Word]) -> int:
    """The quarter turns of most letters."""
    letters: Counter[int] = Counter()
    for word in words:
        letters[word.turns] += len(word.text)
    return letters.most_common(1)[0][0] if letters else 0
