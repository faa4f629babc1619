"""Finds the words of a PDF page that a reader does not see: without ink, in the colour of their paper, or covered.

Words that look suspicious are drawn and left out in turn: where the page looks the same, they are hidden.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from ingest.parse.pdf_geometry import Rectangle, Word
from ingest.parse.pdf_shapes import Colour, Cover, Shapes, area
from ingest.parse.pdf_words import Frame

NO_INK = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
STROKED = (pdfium_c.FPDF_TEXTRENDERMODE_STROKE, pdfium_c.FPDF_TEXTRENDERMODE_STROKE_CLIP)
TRANSPARENT = 12  # of 255: a filling that lets more through can't be seen
NEAR_COLOUR = 24  # of 255, in each of red, green and blue: less is not told apart from the paper
SEEN = 16  # of 255: a pixel that changes less is the same
PAPER = (255, 255, 255)
SCALE = 0.5  # pixels a point at which a page is drawn to look at: a third of the time of one a point
LONGEST_SIDE = 1200  # pixels
AT_ONCE = 256  # words that are compared with all that covers
OCR_LAYER = 0.5  # of a page that is a picture this large, words without ink are what was recognised in it


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A word as it is drawn: its object, and the colour of its filling (None: none)."""

    at: int  # its place among the words
    box: Rectangle
    item: Any
    colour: Colour | None
    mode: int

    @property
    def inkless(self) -> bool:
        return self.mode in NO_INK or (self.colour is None and self.mode not in STROKED)


def hidden_words(
    page: pdfium.PdfPage, textpage: Any, frame: Frame, shapes: Shapes, words: Sequence[Word], firsts: Sequence[int]
) -> frozenset[int]:
    """The places of the words that can't be seen. `firsts`: the index of each word's first letter for pdfium."""
    drawn = _drawn(textpage.raw, words, firsts)
    hidden = {word.at for word in drawn if word.inkless and not _over_picture(word, shapes)}
    inked = [word for word in drawn if not word.inkless and word.mode not in STROKED]
    suspects = _suspects(inked, shapes)
    if suspects:
        hidden |= _unseen(page, frame, suspects)
    if hidden and _is_ocr_layer(len(hidden) / len(words), shapes, frame):
        return frozenset()
    return frozenset(hidden)


def _drawn(textpage: Any, words: Sequence[Word], firsts: Sequence[int]) -> list[_Drawn]:
    red, green, blue, alpha = values = [ctypes.c_uint() for _ in range(4)]
    tones = [ctypes.byref(value) for value in values]
    found = []
    for at, (word, first) in enumerate(zip(words, firsts, strict=True)):
        item = pdfium_c.FPDFText_GetTextObject(textpage, first)
        if not item or word.hidden:
            continue
        filled = pdfium_c.FPDFText_GetFillColor(textpage, first, *tones) and alpha.value > TRANSPARENT
        colour = (red.value, green.value, blue.value) if filled else None
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(item)
        found.append(_Drawn(at, (word.x0, word.y0, word.x1, word.y1), item, colour, mode))
    return found


def _is_ocr_layer(hidden: float, shapes: Shapes, frame: Frame) -> bool:
    """Nearly all of the page's words, and a picture of the page: some scanners write them beneath it."""
    largest = max((area(box) for box, _ in shapes.pictures), default=0.0)
    return hidden > 0.8 and largest > OCR_LAYER * frame.width * frame.height


def _over_picture(word: _Drawn, shapes: Shapes) -> bool:
    """Whether a hidden word lies over a picture: then it was recognised in it."""
    return bool(shapes.pictures) and bool(_holding(_edges(box for box, _ in shapes.pictures), _edges([word.box])).any())


def _suspects(words: Sequence[_Drawn], shapes: Shapes) -> list[_Drawn]:
    """Something that covers is drawn over it later; or its colour is that of what lies right beneath. A picture or a
    shading beneath counts as white: there only white is looked at."""
    if not shapes.covers:
        return [word for word in words if _near(word.colour, PAPER)]
    orders = _Orders(shapes)
    edges = _edges(cover.box for cover in shapes.covers)
    found = []
    for start in range(0, len(words), AT_ONCE):
        part = words[start : start + AT_ONCE]
        holding = _holding(edges, _edges(word.box for word in part))  # (words, covers)
        for word, held in zip(part, holding, strict=True):
            covers = [shapes.covers[index] for index in np.flatnonzero(held)]
            if _is_suspect(word, covers, orders):
                found.append(word)
    return found


def _is_suspect(word: _Drawn, covers: Sequence[Cover], orders: _Orders) -> bool:
    if not covers:
        return _near(word.colour, PAPER)
    order = orders.of(word.item)
    below = [cover for cover in covers if cover.order < order]
    return len(below) < len(covers) or _near(word.colour, (below[-1].colour or PAPER) if below else PAPER)


class _Orders:
    """The turns of text objects, looked up by their addresses where that is needed at all."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._known: dict[int, int] = {}

    def of(self, item: Any) -> int:
        if not self._known:
            self._known = {_address(each): order for each, order in self._shapes.texts}
        return self._known.get(_address(item), 0)


def _address(item: Any) -> int:
    return ctypes.c_void_p.from_buffer(item).value or 0  # a quarter of what a cast takes


def _near(one: Colour | None, other: Colour) -> bool:
    return one is not None and all(abs(a - b) < NEAR_COLOUR for a, b in zip(one, other, strict=True))


def _edges(boxes: Iterable[Rectangle]) -> NDArray[np.float64]:
    return np.array(list(boxes), dtype=np.float64)


def _holding(covers: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes (down) lie for the most part in which covers (across)."""
    grown = boxes[:, None, :] + np.array([-0.1, -0.1, 0.1, 0.1])
    width = np.minimum(covers[None, :, 2], grown[:, :, 2]) - np.maximum(covers[None, :, 0], grown[:, :, 0])
    height = np.minimum(covers[None, :, 3], grown[:, :, 3]) - np.maximum(covers[None, :, 1], grown[:, :, 1])
    whole = (grown[:, :, 2] - grown[:, :, 0]) * (grown[:, :, 3] - grown[:, :, 1])
    held: NDArray[np.bool_] = np.maximum(width, 0) * np.maximum(height, 0) > 0.8 * whole
    return held


def _unseen(page: pdfium.PdfPage, frame: Frame, words: Sequence[_Drawn]) -> set[int]:
    """The words without which the page looks the same."""
    with_them = _pixels(page)
    for word in words:
        pdfium_c.FPDFPageObj_SetIsActive(word.item, False)
    try:
        without = _pixels(page)
    finally:
        for word in words:
            pdfium_c.FPDFPageObj_SetIsActive(word.item, True)
    height, width = with_them.shape
    changed = np.abs(with_them.astype(np.int16) - without.astype(np.int16)) > SEEN
    scale = width / frame.width, height / frame.height
    return {word.at for word in words if not changed[_slices(word.box, scale)].any()}


def _slices(box: Rectangle, scale: tuple[float, float]) -> tuple[slice, slice]:
    across, down = scale
    return (
        slice(max(0, int(box[1] * down)), int(box[3] * down) + 1),
        slice(max(0, int(box[0] * across)), int(box[2] * across) + 1),
    )


def _pixels(page: pdfium.PdfPage) -> NDArray[np.uint8]:
    width, height = page.get_size()
    bitmap = page.render(scale=min(SCALE, LONGEST_SIDE / max(width, height, 1.0)), grayscale=True)
    try:
        return np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
    finally:
        bitmap.close()
