"""What another library than ours reads inside the regions of a chunk: pdfplumber, or an OCR of the crop."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pypdfium2 as pdfium
from pdfplumber.utils.pdfinternals import resolve_all

from app.domain.types import Box

Rectangle = tuple[float, float, float, float]
CROP_DPI = 150
CROP_MARGIN = 3  # pixels around a scanned region
PAPER = 20  # pixels of white around all of them: a recogniser wants some
# By quarter turns: where a point lies along its line and across the lines.
_ALONG: dict[int, Callable[[float, float], tuple[float, float]]] = {
    1: lambda x, y: (y, -x),
    2: lambda x, y: (-x, -y),
    3: lambda x, y: (-y, x),
}
SIGNS = re.compile(r"[\W_]+")
CJK = re.compile(r"([\u2e80-\u9fff\uf900-\ufaff])")


# ---------------------------------------------------------------- pdfplumber


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    with pdfplumber.open(path) as document:
        yield document


def texts_in(page: Any, boxes: Sequence[Box], turns: int = 0) -> list[str]:
    """What pdfplumber's crop of each box reads.

    `turns`: quarter turns clockwise that the page was turned by. pdfplumber reads the letters of a turned page in no
    useful order, so that its letters are put into lines here.
    """
    crops = [page.crop(clipped(page, placed(page, box))) for box in boxes]
    return [turned_text(crop.chars, turns) if turns else str(crop.extract_text()) for crop in crops]


def turned_text(chars: Sequence[dict[str, Any]], turns: int) -> str:
    middles = [((char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2, char) for char in chars]
    along = _ALONG[turns]
    upright = sorted(((*along(x, y), char) for x, y, char in middles), key=lambda place: place[1])
    lines: list[list[tuple[float, str]]] = []
    floor = -1e9
    for u, v, char in upright:
        if v > floor:
            lines.append([])
            floor = v + 0.5 * float(char["size"])
        lines[-1].append((u, str(char["text"])))
    return "\n".join("".join(text for _, text in sorted(line)) for line in lines)


def area_of_words(page: Any, boxes: Sequence[Box]) -> float:
    """Of the words whose middle lies in one of the boxes, in square points."""
    places = [placed(page, box) for box in boxes]
    found = 0.0
    for word in page.extract_words():
        x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
        if any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in places):
            found += (word["x1"] - word["x0"]) * (word["bottom"] - word["top"])
    return found


def area_of(page: Any, boxes: Sequence[Box]) -> float:
    """In square points."""
    sides = [placed(page, box) for box in boxes]
    return sum((right - left) * (bottom - top) for left, top, right, bottom in sides)


def placed(page: Any, box: Box) -> Rectangle:
    """A box as fractions of the page as rendered, in pdfplumber's own coordinates: those of the turned media box.

    pdfplumber's own crop box is not used: it is wrong where a page is turned as well.
    """
    media = corners(page, "MediaBox")
    crop = corners(page, "CropBox") or media
    assert media is not None
    assert crop is not None
    crop = (max(crop[0], media[0]), max(crop[1], media[1]), min(crop[2], media[2]), min(crop[3], media[3]))
    left, bottom = crop[0] - media[0], crop[1] - media[1]
    right, top = media[2] - crop[2], media[3] - crop[3]
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    turns = int(page.rotation) // 90 % 4
    x, y = [(left, top), (bottom, left), (right, bottom), (top, right)][turns]
    if turns % 2:
        width, height = height, width
    x, y = x + page.bbox[0], y + page.bbox[1]
    return x + box.x0 * width, y + box.y0 * height, x + box.x1 * width, y + box.y1 * height


def corners(page: Any, name: str) -> Rectangle | None:
    value = resolve_all(page.page_obj.attrs.get(name))
    if not value:
        return None
    x0, y0, x1, y1 = (float(edge) for edge in value)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def clipped(page: Any, box: Rectangle) -> Rectangle:
    left, top, right, bottom = page.bbox
    x0, y0, x1, y1 = max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom)
    return (x0, y0, max(x1, x0 + 0.01), max(y1, y0 + 0.01))


# ---------------------------------------------------------------- OCR of the crop


def recognised_in(
    document: pdfium.PdfDocument, number: int, boxes: Sequence[Box], turns: int
) -> tuple[str, float, float]:
    """What plain RapidOCR reads in the crop around the boxes, all between them being white; the area of its lines and
    that of the boxes, in pixels."""
    page = document[number - 1]
    pixels = np.asarray(page.render(scale=CROP_DPI / 72).to_pil().convert("RGB"))[:, :, ::-1]
    page.close()
    height, width = pixels.shape[:2]
    seen = np.full_like(pixels, 255)
    edges = []
    for box in boxes:
        left, top = max(0, int(box.x0 * width) - CROP_MARGIN), max(0, int(box.y0 * height) - CROP_MARGIN)
        right, bottom = int(box.x1 * width) + CROP_MARGIN, int(box.y1 * height) + CROP_MARGIN
        seen[top:bottom, left:right] = pixels[top:bottom, left:right]
        edges.append((left, top, right, bottom))
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    crop = seen[max(0, min(tops) - PAPER) : max(bottoms) + PAPER, max(0, min(lefts) - PAPER) : max(rights) + PAPER]
    text, lines = recognised(np.rot90(crop, turns))
    return text, lines, sum((box.x1 - box.x0) * width * (box.y1 - box.y0) * height for box in boxes)


def recognised(pixels: Any) -> tuple[str, float]:
    found = engine()(np.ascontiguousarray(pixels))
    if found.txts is None or found.boxes is None:
        return "", 0.0
    area = sum(float(np.ptp(quad[:, 0]) * np.ptp(quad[:, 1])) for quad in found.boxes)
    return "\n".join(found.txts), area


@lru_cache(maxsize=1)
def engine() -> Any:
    """As it comes: its own settings and ONNX Runtime, not ours."""
    import rapidocr

    return rapidocr.RapidOCR(params={"Global.log_level": "critical"})


# ---------------------------------------------------------------- likeness


def normal(text: str) -> str:
    """Letters and digits alone: signs, blanks, hyphens and the shapes of letters differ between readers."""
    return SIGNS.sub("", unicodedata.normalize("NFKC", text).casefold())


def likeness(one: str, other: str) -> float:
    """Of two texts in their order, 0..1."""
    first, second = normal(one), normal(other)
    if not first and not second:
        return 1.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def tokens(text: str) -> Counter[str]:
    apart = CJK.sub(r" \1 ", unicodedata.normalize("NFKC", text).casefold())
    return Counter(word for word in (SIGNS.sub("", token) for token in apart.split()) if word)


def cell_by_cell(cells: Iterable[str], texts: Iterable[str]) -> tuple[float, list[str]]:
    """How much of the cells and of the texts of their regions is the same, 0..1; and the cells that are not there.

    A cell is there where its letters follow each other in the texts; else its words count one by one.
    """
    pool = "".join(map(normal, texts))
    same = total = 0
    missing: list[str] = []
    for cell in sorted(cells, key=len, reverse=True):
        wanted = normal(cell)
        total += len(wanted)
        words = [wanted]
        if wanted not in pool:
            missing.append(cell)
            words = list(tokens(cell).elements())
        for word in words:
            if word in pool:
                pool = pool.replace(word, "\n", 1)  # what stood before and after does not become neighbours
                same += len(word)
    whole = total + same + len(pool) - pool.count("\n")
    return (2 * same / whole if whole else 1.0), missing
