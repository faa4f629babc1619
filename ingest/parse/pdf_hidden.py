"""Finds the text of a PDF page that a reader does not see: without ink, in the colour of its paper, or covered.

Text objects that look suspicious are drawn and left out in turn: where the page looks the same, they are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from ingest.parse.pdf_shapes import Drawn, Rectangle, Shapes, area
from ingest.parse.pdf_words import Frame

NO_INK = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
STROKED = (pdfium_c.FPDF_TEXTRENDERMODE_STROKE, pdfium_c.FPDF_TEXTRENDERMODE_STROKE_CLIP)
NEAR_COLOUR = 24  # of 255, in each of red, green and blue: less is not told apart from the paper
SEEN = 16  # of 255: a pixel that changes less is the same
PAPER = (255, 255, 255)
LONGEST_SIDE = 1200  # pixels of the page that is drawn to look at
MOST_SUSPECTS = 5000
AT_ONCE = 256  # texts that are compared with all that covers
OCR_LAYER = 0.5  # of a page that is a picture this large, words without ink are what was recognised in it


@dataclass(frozen=True, slots=True)
class _Suspect:
    text: Drawn
    inked: bool  # it might be seen: that is to be looked at


def hidden_texts(page: pdfium.PdfPage, frame: Frame, shapes: Shapes) -> frozenset[int]:
    """The addresses of the text objects that can't be seen."""
    suspects = list(islice(_suspects(shapes), MOST_SUSPECTS))
    hidden = {suspect.text.address for suspect in suspects if not suspect.inked}
    looked = [suspect.text for suspect in suspects if suspect.inked]
    if looked:
        hidden |= _unseen(page, frame, looked)
    if hidden and _is_ocr_layer(hidden, shapes, frame):
        return frozenset()
    return frozenset(hidden)


def _is_ocr_layer(hidden: set[int], shapes: Shapes, frame: Frame) -> bool:
    """Nearly all of the page's text, and under or over a picture of the page: some scanners write it beneath."""
    largest = max((area(box) for box, _ in shapes.pictures), default=0.0)
    return largest > OCR_LAYER * frame.width * frame.height and len(hidden) > 0.8 * len(shapes.drawn_texts)


def _suspects(shapes: Shapes) -> Iterator[_Suspect]:
    inked: list[Drawn] = []
    for text in shapes.drawn_texts:
        if text.mode in NO_INK or (text.colour is None and text.mode not in STROKED):
            if not _over_picture(text, shapes):
                yield _Suspect(text, inked=False)
        elif text.mode not in STROKED:
            inked.append(text)
    for start in range(0, len(inked), AT_ONCE):
        part = inked[start : start + AT_ONCE]
        doubtful = _covered_or_like_paper(part, shapes.covers)
        yield from (_Suspect(text, inked=True) for text, doubt in zip(part, doubtful, strict=True) if doubt)


def _over_picture(text: Drawn, shapes: Shapes) -> bool:
    """Then it is what was recognised in that picture."""
    box = _edges([text])
    return any(bool(_holding(np.array([picture]), box)[0, 0]) for picture, _ in shapes.pictures)


def _covered_or_like_paper(texts: Sequence[Drawn], covers: Sequence[Drawn]) -> list[bool]:
    """Something that covers is drawn over it later; or its colour is that of what lies right beneath. A picture or a
    shading beneath counts as white: there only white is looked at."""
    colours = np.array([text.colour or PAPER for text in texts])  # (texts, 3)
    if not covers:
        return [bool(near) for near in _near(colours, np.array(PAPER))]
    holding = _holding(_edges(covers), _edges(texts))  # (texts, covers)
    later = np.array([cover.order for cover in covers]) > np.array([[text.order] for text in texts])
    below = holding & ~later
    topmost = below.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
    papers = np.array([cover.colour or PAPER for cover in covers])[topmost]
    papers[~below.any(axis=1)] = PAPER
    return [bool(doubt) for doubt in (holding & later).any(axis=1) | _near(colours, papers)]


def _near(colours: NDArray[np.int_], others: NDArray[np.int_]) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = (np.abs(colours - others) < NEAR_COLOUR).all(axis=1)
    return near


def _edges(drawn: Sequence[Drawn]) -> NDArray[np.float64]:
    return np.array([each.box for each in drawn], dtype=np.float64)


def _holding(covers: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes (down) lie for the most part in which covers (across)."""
    grown = boxes[:, None, :] + np.array([-0.1, -0.1, 0.1, 0.1])
    width = np.minimum(covers[None, :, 2], grown[:, :, 2]) - np.maximum(covers[None, :, 0], grown[:, :, 0])
    height = np.minimum(covers[None, :, 3], grown[:, :, 3]) - np.maximum(covers[None, :, 1], grown[:, :, 1])
    whole = (grown[:, :, 2] - grown[:, :, 0]) * (grown[:, :, 3] - grown[:, :, 1])
    held: NDArray[np.bool_] = np.maximum(width, 0) * np.maximum(height, 0) > 0.8 * whole
    return held


def _unseen(page: pdfium.PdfPage, frame: Frame, texts: Sequence[Drawn]) -> set[int]:
    """Those without which the page looks the same."""
    with_them = _pixels(page)
    for text in texts:
        pdfium_c.FPDFPageObj_SetIsActive(text.item, False)
    try:
        without = _pixels(page)
    finally:
        for text in texts:
            pdfium_c.FPDFPageObj_SetIsActive(text.item, True)
    height, width = with_them.shape
    changed = np.abs(with_them.astype(np.int16) - without.astype(np.int16)) > SEEN
    scale = width / frame.width, height / frame.height
    return {text.address for text in texts if not changed[_slices(text.box, scale)].any()}


def _slices(box: Rectangle, scale: tuple[float, float]) -> tuple[slice, slice]:
    across, down = scale
    return (
        slice(max(0, int(box[1] * down)), int(box[3] * down) + 1),
        slice(max(0, int(box[0] * across)), int(box[2] * across) + 1),
    )


def _pixels(page: pdfium.PdfPage) -> NDArray[np.uint8]:
    width, height = page.get_size()
    bitmap = page.render(scale=min(1.0, LONGEST_SIDE / max(width, height, 1.0)), grayscale=True)
    try:
        return np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
    finally:
        bitmap.close()
