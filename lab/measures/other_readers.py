"""What other libraries than ours read inside the regions of a chunk: pdfplumber, or an OCR of the crop."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pypdfium2 as pdfium
from pdfplumber.utils.pdfinternals import resolve_all
from pdfplumber.utils.text import dedupe_chars, extract_text

from domain.documents import Box

Rectangle = tuple[float, float, float, float]
CROP_DPI = 150
SIDES = (1150, 1500, 1900)  # pixels of the page's long side; our reader reads at the first and the last
CROP_MARGIN = 3  # pixels around a scanned region
LONG = 12  # letters in a row that are hardly the same by chance
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
    """What pdfplumber reads of the letters whose middle is in each box.

    Its own crop also takes letters of the lines above and below that merely reach into the box: it counts the whole
    height of a font for each. Letters that a file draws twice at one place (for bold ones, or a shadow) are one to a
    reader, and to pdfium; pdfplumber takes them so only when it is told.

    `turns`: quarter turns clockwise that the page was turned by. pdfplumber reads the letters of a turned page in no
    useful order, so that its letters are put into lines here.
    """
    held = [dedupe_chars(inside(page.chars, placed(page, box)), tolerance=1) for box in boxes]
    return [turned_text(chars, turns) if turns else str(extract_text(chars)) for chars in held]


def inside(things: Iterable[dict[str, Any]], box: Rectangle) -> list[dict[str, Any]]:
    """Letters or words whose middle is in a box."""
    left, top, right, bottom = box
    return [
        each
        for each in things
        if left <= (each["x0"] + each["x1"]) / 2 <= right and top <= (each["top"] + each["bottom"]) / 2 <= bottom
    ]


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
    words = page.extract_words()
    held = {id(word): word for box in boxes for word in inside(words, placed(page, box))}
    return sum(float((word["x1"] - word["x0"]) * (word["bottom"] - word["top"])) for word in held.values())


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


# ---------------------------------------------------------------- OCR of the crop


@dataclass(frozen=True, slots=True)
class Seen:
    """A line that was recognised."""

    text: str
    box: Rectangle


@dataclass(frozen=True, slots=True)
class Reading:
    """What was recognised, and the areas of its lines and of the boxes, as shares of the page."""

    text: str
    lines: float
    boxes: float


def readings_of(document: pdfium.PdfDocument, number: int, boxes: Sequence[Box], turns: int) -> Iterator[Reading]:
    """What plain RapidOCR reads in the boxes, one way after the other.

    A recogniser misses words at one size that it reads at another, and our reader picks among sizes by what it sees. It
    reads no word in any way that is not there: so each reading can show that the words are in the boxes. First as it
    comes, of the crop around the boxes, all between them being white; then without its guess which lines stand on their
    heads, as here it is known that none does; then of the page, the letters that are in the boxes: slanted labels
    on a coloured ground are not found where white cuts the ground off.
    """
    whole = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in boxes)
    for side, guessed in ((None, True), *((side, False) for side in SIDES)):
        pixels = page_pixels(document, number, side)
        lines = recognised(np.rot90(_crop(pixels, boxes), turns), guessed)
        area = sum(_area(line.box) for line in lines) / (pixels.shape[0] * pixels.shape[1])
        yield Reading("\n".join(line.text for line in lines), area, whole)
    places = [_turned(box, turns) for box in boxes]
    for side in SIDES:
        held = [
            part for line in page_lines(document, number, side, turns) if (part := letters_inside(line, places)).text
        ]
        yield Reading("\n".join(line.text for line in held), sum(_area(line.box) for line in held), whole)


@lru_cache(maxsize=4)
def page_pixels(document: pdfium.PdfDocument, number: int, side: int | None) -> Any:
    """Blue, green, red; `side`: pixels of the longer one."""
    page = document[number - 1]
    try:
        scale = CROP_DPI / 72 if side is None else side / max(page.get_size())
        return np.asarray(page.render(scale=scale).to_pil().convert("RGB"))[:, :, ::-1]
    finally:
        page.close()


@lru_cache(maxsize=12)
def page_lines(document: pdfium.PdfDocument, number: int, side: int, turns: int) -> tuple[Seen, ...]:
    """Of the page turned upright, with boxes as fractions of it."""
    pixels = np.rot90(page_pixels(document, number, side), turns)
    height, width = pixels.shape[:2]
    lines = recognised(pixels, False)
    return tuple(
        Seen(line.text, (line.box[0] / width, line.box[1] / height, line.box[2] / width, line.box[3] / height))
        for line in lines
    )


def _turned(box: Box, turns: int) -> Rectangle:
    """A box on the page turned by so many quarters to the left."""
    x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
    for _ in range(turns):
        x0, y0, x1, y1 = y0, 1 - x1, y1, 1 - x0
    return x0, y0, x1, y1


def letters_inside(line: Seen, places: Sequence[Rectangle]) -> Seen:
    """The letters of a line whose middle is in one of the places, as if all were equally wide, and their share of it:
    a box that cuts a line off has no more than its part."""
    x0, y0, x1, y1 = line.box
    width, middle = (x1 - x0) / max(1, len(line.text)), (y0 + y1) / 2
    boxes = [(left, right) for left, top, right, bottom in places if top <= middle <= bottom]
    kept = [
        letter
        for number, letter in enumerate(line.text)
        if any(left <= x0 + (number + 0.5) * width <= right for left, right in boxes)
    ]
    return Seen("".join(kept), (x0, y0, x0 + len(kept) * width, y1))


def _area(box: Rectangle) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _crop(pixels: Any, boxes: Sequence[Box]) -> Any:
    height, width = pixels.shape[:2]
    seen = np.full_like(pixels, 255)
    edges = []
    for box in boxes:
        left, top = max(0, int(box.x0 * width) - CROP_MARGIN), max(0, int(box.y0 * height) - CROP_MARGIN)
        right, bottom = int(box.x1 * width) + CROP_MARGIN, int(box.y1 * height) + CROP_MARGIN
        seen[top:bottom, left:right] = pixels[top:bottom, left:right]
        edges.append((left, top, right, bottom))
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return seen[max(0, min(tops) - PAPER) : max(bottoms) + PAPER, max(0, min(lefts) - PAPER) : max(rights) + PAPER]


def recognised(pixels: Any, guessed: bool) -> list[Seen]:
    found = engine()(np.ascontiguousarray(pixels), use_cls=guessed)
    if found.txts is None or found.boxes is None:
        return []
    return [
        Seen(text, (float(quad[:, 0].min()), float(quad[:, 1].min()), float(quad[:, 0].max()), float(quad[:, 1].max())))
        for text, quad in zip(found.txts, found.boxes, strict=True)
    ]


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


def stretches_of(wanted: str, pool: str) -> list[str]:
    """A text cut where it stops following the other one for long: by the stretches that do, and what is between."""
    match = SequenceMatcher(None, wanted, pool, autojunk=False).find_longest_match()
    if match.size < LONG:
        return [wanted] if wanted else []
    pool = f"{pool[: match.b]}\n{pool[match.b + match.size :]}"
    begin, end = match.a, match.a + match.size
    return [*stretches_of(wanted[:begin], pool), wanted[begin:end], *stretches_of(wanted[end:], pool)]


def cell_by_cell(cells: Iterable[str], texts: Iterable[str]) -> tuple[float, list[str]]:
    """How much of the cells and of the texts of their regions is the same, 0..1; and the cells that are not there.

    A cell is there where it is a line of its own, or else (1,650 is no part of 2021 and 650) where its letters follow
    each other in the rest of the texts; else, of a caption with a raised letter that the other reader puts elsewhere,
    its long stretches are, and of what has none its words count one by one, the longest first as among cells.
    """
    lines = [normal(line) for text in texts for line in text.split("\n")]
    wanted_cells = sorted(((normal(cell), cell) for cell in cells), key=lambda pair: len(pair[0]), reverse=True)
    same = total = 0
    missing: list[str] = []
    rest = []
    for wanted, cell in wanted_cells:
        total += len(wanted)
        if wanted and wanted in lines:
            lines[lines.index(wanted)] = "\n"
            same += len(wanted)
        else:
            rest.append((wanted, cell))
    pool = "".join(lines)
    for wanted, cell in rest:
        words = [wanted]
        if wanted not in pool:
            missing.append(cell)
            words = stretches_of(wanted, pool)
            words = words if len(words) > 1 else list(tokens(cell).elements())
        for word in sorted(words, key=len, reverse=True):
            if word in pool:
                pool = pool.replace(word, "\n", 1)  # so that what stood before and after does not become neighbours
                same += len(word)
    whole = total + same + len(pool) - pool.count("\n")
    return (2 * same / whole if whole else 1.0), missing
