"""Reads the words of a PDF page with their boxes, by pdfium's own text engine.

pdfium is asked once for the page's whole text and once per word for its rectangle: a call per character would
take four times as long as everything else together.
"""

from __future__ import annotations

import ctypes
import math
import re
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.parse.letters import normalised
from ingest.parse.pdf_geometry import Rectangle, Word, around

LINE_END_HYPHENS = "\ufffe\x02"  # what pdfium puts for a hyphen at a line's end, and no line break after it
SOFT_HYPHEN = "\u00ad"
WORDS = re.compile(r"[^\s\x00-\x1f\ufffe]+[\ufffe\x02]?|[\ufffe\x02]|\r\n|\n|\r")
BOLD = re.compile(rb"bold|black|heavy|demi", re.I)
SMALLEST = 1.0  # points: smaller letters are dust
LARGEST_TEXT = 400_000  # characters: more on one page is an attack or a data dump


@dataclass(frozen=True, slots=True)
class Frame:
    """Maps a page's own coordinates to points of the page as rendered: origin top left, y down."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int  # quarter turns clockwise

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.turns % 2 else self.top - self.bottom

    def place(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Any two opposite corners, to (left, top, right, bottom) as rendered."""
        if self.turns == 0:
            a, b, c, d = x0 - self.left, self.top - y0, x1 - self.left, self.top - y1
        elif self.turns == 1:
            a, b, c, d = y0 - self.bottom, x0 - self.left, y1 - self.bottom, x1 - self.left
        elif self.turns == 2:
            a, b, c, d = self.right - x0, y0 - self.bottom, self.right - x1, y1 - self.bottom
        else:
            a, b, c, d = self.top - y0, self.right - x0, self.top - y1, self.right - x1
        return min(a, c), min(b, d), max(a, c), max(b, d)


def frame_of(page: Any) -> Frame:
    """Of a pypdfium2 page: its crop box within its media box, and its rotation."""
    left, bottom, right, top = page.get_bbox()
    return Frame(left, bottom, right, top, page.get_rotation() // 90 % 4)


def read_words(textpage: Any, frame: Frame) -> tuple[list[Word], list[int]]:
    """Words in the order the file draws them, and the index of each one's first letter for pdfium.

    A word's `line` counts the lines that pdfium sees.
    """
    text, positions = _characters(textpage)
    reader = _Reader(textpage, frame)
    words: list[Word] = []
    firsts: list[int] = []
    line, fresh = 0, True
    for match in WORDS.finditer(text):
        token = match.group()
        if token[0] in "\r\n":
            line, fresh = line + 1, True
            continue
        first = positions[match.start()] if positions else match.start()
        last = positions[match.end() - 1] if positions else match.end() - 1
        if fresh:
            reader.style(first)
            fresh = False
        word = reader.word(token, first, last - first + 1, line)
        if word is not None:
            words.append(word)
            firsts.append(first)
        if token[-1] in LINE_END_HYPHENS:
            line, fresh = line + 1, True
    return words, firsts


class _Reader:
    """Holds the buffers that pdfium writes into, and the style of the line being read."""

    def __init__(self, textpage: Any, frame: Frame) -> None:
        self._page = textpage.raw
        self._frame = frame
        self._corners = [ctypes.c_double() for _ in range(4)]
        self._refs = [ctypes.byref(corner) for corner in self._corners]
        self._matrix = pdfium_c.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()
        self.size = 0.0
        self.bold = False
        self.turns = 0

    def style(self, index: int) -> None:
        """Size in points, weight and direction of the character at `index` stand for its line."""
        size = pdfium_c.FPDFText_GetFontSize(self._page, index)
        matrix = self._matrix
        if pdfium_c.FPDFText_GetMatrix(self._page, index, matrix):
            size *= math.hypot(matrix.c, matrix.d)
            angle = math.atan2(matrix.b, matrix.a)
        else:
            angle = 0.0
        self.size = size
        self.turns = (self._frame.turns - round(angle / (math.pi / 2))) % 4  # clockwise, as rendered
        length = pdfium_c.FPDFText_GetFontInfo(self._page, index, self._name, 128, ctypes.byref(self._flags))
        self.bold = bool(0 < length <= 128 and BOLD.search(self._name.raw[:length]))

    def word(self, token: str, first: int, count: int, line: int) -> Word | None:
        broken = token[-1] in LINE_END_HYPHENS or (token[-1] == SOFT_HYPHEN and len(token) > 1)
        token = token[:-1] + "-" if broken else token
        shown = normalised(token)
        box = self._box(first, count) if shown else None
        if box is None:
            return None
        seen = self._seen(token, first, box) if len(token) == count and self._is_cut(box) else (shown, box)
        hidden = seen is None or self._is_hidden(box)
        shown, box = seen or (shown, box)
        return Word(shown, *box, self.size, self.bold, line, self.turns, hidden=hidden)

    def _is_cut(self, box: Rectangle) -> bool:
        """By an edge of the page."""
        x0, y0, x1, y1 = box
        width, height = self._frame.width, self._frame.height
        return x0 < 0 < x1 or y0 < 0 < y1 or x0 < width < x1 or y0 < height < y1

    def _seen(self, token: str, first: int, whole: Rectangle) -> tuple[str, Rectangle] | None:
        """The letters that are on the page by half or more, of a word that its edge cuts; None where there are none,
        or the edge runs along the word and less than half of its height is on the page."""
        along = self.turns % 2  # 0: words are read across, 1: up or down
        size = self._frame.width, self._frame.height
        if not 0 <= _middle(whole, 1 - along) <= size[1 - along]:
            return None
        placed = ((letter, self._box(index, 1)) for index, letter in enumerate(token, first))
        kept = [(letter, box) for letter, box in placed if box and 0 <= _middle(box, along) <= size[along]]
        shown = normalised("".join(letter for letter, _ in kept))
        return (shown, around(box for _, box in kept)) if shown else None

    def _is_hidden(self, box: Rectangle) -> bool:
        """Too small to be seen, or off the page."""
        x0, y0, x1, y1 = box
        if self.size < SMALLEST or ((x1 - x0) * (y1 - y0) < 1e-3 and max(x1 - x0, y1 - y0) < 0.5):
            return True
        return x1 <= 0 or y1 <= 0 or x0 >= self._frame.width or y0 >= self._frame.height

    def _box(self, first: int, count: int) -> Rectangle | None:
        left, top, right, bottom = self._corners
        rectangles = pdfium_c.FPDFText_CountRects(self._page, first, count)
        if rectangles <= 0:
            return None
        pdfium_c.FPDFText_GetRect(self._page, 0, *self._refs)
        x0, y0, x1, y1 = left.value, bottom.value, right.value, top.value
        for index in range(1, rectangles):
            pdfium_c.FPDFText_GetRect(self._page, index, *self._refs)
            x0, y0 = min(x0, left.value), min(y0, bottom.value)
            x1, y1 = max(x1, right.value), max(y1, top.value)
        return self._frame.place(x0, y0, x1, y1)


def _middle(box: Rectangle, axis: int) -> float:
    return (box[axis] + box[axis + 2]) / 2


def _characters(textpage: Any) -> tuple[str, list[int] | None]:
    """The page's text, and where each of its characters stands for pdfium (None: at its own index)."""
    page = textpage.raw
    count = min(pdfium_c.FPDFText_CountChars(page), LARGEST_TEXT)
    if count <= 0:
        return "", None
    buffer = (ctypes.c_ushort * (count + 1))()
    written = max(0, pdfium_c.FPDFText_GetText(page, 0, count, buffer) - 1)
    raw = bytes(buffer)[: written * 2]
    text = raw.decode("utf-16-le", "surrogatepass")
    if len(text) == count:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), None
    return _mapped(page, text)


def _mapped(page: Any, text: str) -> tuple[str, list[int]]:
    """Where characters are missing from the text or take two units, pdfium is asked for each one's index."""
    positions: list[int] = []
    unit = 0
    for character in text:
        positions.append(max(0, pdfium_c.FPDFText_GetCharIndexFromTextIndex(page, unit)))
        unit += 2 if ord(character) > 0xFFFF else 1
    clean = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
    return clean, positions
