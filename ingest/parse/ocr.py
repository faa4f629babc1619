"""Recognises the words in pictures with RapidOCR, whose models (Chinese and English) come in its package.

It runs on OpenVINO: a third less processor time than ONNX Runtime for the same words.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import rapidocr
from numpy.typing import NDArray
from PIL import Image
from rapidocr.inference_engine.openvino import main as openvino_sessions
from rapidocr.inference_engine.openvino.device_config import CPUConfig
from rapidocr.utils.process_img import get_rotate_crop_image, map_boxes_to_original

from domain.documents import Box
from domain.errors import Unreadable
from domain.parsed import Line, ParsedPage
from ingest.parse.pdf import texts_and_tables
from ingest.parse.pdf_captions import captioned, placed
from ingest.parse.pdf_file import FIGURE_SIDE, crop_figures
from ingest.parse.pdf_geometry import Page, Row, Word, row_of, turns_of
from ingest.parse.pdf_layout import body_size, confidence
from ingest.parse.pdf_rows import aligned_tables, is_of_records
from ingest.parse.pictures import encoded
from ingest.parse.reading_order import in_order, segments
from ingest.parse.render import page_picture

LONG_SIDE = 1150  # pixels: larger reads no more words of a printed page (.982 of them; .983 at 1700)
LONG_SIDE_SMALL_PRINT = 1900
SMALL_PRINT = 11.0  # pixels of a line's height, below which the page is read again, larger
LEAST_SCORE = 0.5  # a line the recogniser is less sure of is noise
UNSURE = 0.95  # a line it is less sure of is read again, larger
DOUBTFUL = 0.85  # mean score of a page below which it is tried upside down: most have .95 or more
MUCH_CLEARER = 0.2  # this much higher is the score of a line that does stand on its head, where the others don't
SHORTEST_LINE = 96  # pixels that a short line is padded to: a chart's labels take a third less time than at 320
MOST_KNOWN = 500  # pictures whose words are remembered
LEAST_TILT = 0.004  # radians: a line of a page's width falls by half a letter
THINNEST = 4  # long side by short side, up to which a picture goes to the finder as it is
# Kernels and buffers that OpenVINO keeps for the shapes it has met. Every picture brings new ones: with its default of
# 5,000 the recogniser grows past 1.9 GB within a hundred pictures; so it stays below half of that, 8 % slower.
KERNELS_KEPT = 16
LEAST_SIDE = 20  # pixels of a picture that could hold a word
MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}


def recognise_page(path: Path, media_type: str, page: int) -> ParsedPage:
    """The words of a page as rendered, as blocks in reading order. Raises Missing or Unreadable."""
    words, lying = _page_words(path, media_type, page)
    layout = replace(lying, turns=turns_of(words))
    rows = _rows(words, layout)
    if not rows:
        return ParsedPage(page, read_as="image")
    found = [table for table in aligned_tables(rows) if is_of_records(table)]
    texts, tables = texts_and_tables(rows, found, layout, body_size(words))
    read = placed(texts, [captioned(table, texts, "table") for table in tables])
    return ParsedPage(page, tuple(read), read_as="ocr", confidence=confidence(rows))


def _page_words(path: Path, media_type: str, page: int) -> tuple[list[Word], Page]:
    """The words of a page, in pixels of the page as rendered, and how it was turned for recognising."""
    picture = page_picture(path, media_type, page, LONG_SIDE)
    read, turns = _read_upright(picture)
    picture = _turned_back(picture, turns)
    words = _words_of(_levelled(read, picture.size))
    small = bool(words) and median(word.size for word in words) < SMALL_PRINT
    if (small or any(line.score < UNSURE for line in read)) and picture.width * picture.height > 300_000:
        larger = _turned_back(page_picture(path, media_type, page, LONG_SIDE_SMALL_PRINT), turns)
        if max(larger.size) > max(picture.size):
            if small:
                picture, read = larger, _read_lines(larger)
            else:
                read = _surer(read, larger, larger.width / picture.width)
            words = _words_of(_levelled(read, picture.size))
    width, height = (picture.height, picture.width) if turns % 2 else picture.size
    lying = Page(page, width, height, turns, _tilt(read))
    return [lying.lying(word) for word in words], lying


def _read_upright(picture: Image.Image) -> tuple[list[_Read], int]:
    """The lines of a page turned upright, and how many quarters clockwise it lies: on its side, fewer lines are found.
    What is hardly read may stand on its head all the same: the recogniser tells that badly of long lines."""
    read = _read_lines(picture)
    turns = turns_of(_words_of(read))
    if turns:
        read = _read_lines(_turned_back(picture, turns))
    if read and _mean_score(read) < DOUBTFUL:
        other = (turns + 2) % 4
        again = _read_lines(_turned_back(picture, other))
        if again and _mean_score(again) > _mean_score(read):
            return again, other
    return read, turns


def _mean_score(lines: Sequence[_Read]) -> float:
    """The mean score over the letters."""
    return sum(line.score * len(line.text) for line in lines) / sum(len(line.text) for line in lines)


def _turned_back(picture: Image.Image, turns: int) -> Image.Image:
    """The picture turned by so many quarters to the left."""
    return picture.rotate(90 * turns, expand=True) if turns else picture


def recognise_pixels(pixels: bytes) -> tuple[str, float, tuple[Line, ...]]:
    """The words in a crop, how sure of them, and its lines with boxes as fractions of the crop."""
    try:
        with Image.open(BytesIO(pixels)) as image:
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable(f"the crop can't be decoded ({type(error).__name__})") from error
    return _read_picture(picture)


def recognise_figures(path: Path, page: int, figures: Sequence[tuple[Box, bool]]) -> list[tuple[bytes, str, float]]:
    """Figures of a PDF's page: each one's crop, and of those that are to be read the words and how sure of them.
    Raises Missing or Unreadable."""
    made = []
    for picture, (_, wanted) in zip(crop_figures(path, page, [box for box, _ in figures]), figures, strict=True):
        text, score, _ = _read_picture(picture) if wanted else ("", 0.0, ())
        made.append((encoded(picture, FIGURE_SIDE), text, score))
    return made


def _read_picture(picture: Image.Image) -> tuple[str, float, tuple[Line, ...]]:
    if min(picture.size) < LEAST_SIDE:
        return "", 0.0, ()
    picture = picture.copy()
    picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    pixels = hashlib.sha256(picture.tobytes() + repr(picture.size).encode()).digest()
    if pixels not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[pixels] = _read_now(picture)
    return _known[pixels]


_known: dict[bytes, tuple[str, float, tuple[Line, ...]]] = {}  # a logo stands on every page: it is read once


def _read_now(picture: Image.Image) -> tuple[str, float, tuple[Line, ...]]:
    read = _read_lines(picture)
    words = _words_of(_levelled(read, picture.size))
    layout = Page(1, picture.width, picture.height, turns_of(words), _tilt(read))
    rows = _rows(words, layout)
    lines = tuple(Line(row.text, layout.box(row.x0, row.y0, row.x1, row.y1)) for row in rows)
    return "\n".join(line.text for line in lines), confidence(rows) or 0.0, lines


@dataclass(frozen=True, slots=True)
class _Read:
    """A recognised line."""

    text: str
    score: float
    quad: NDArray[np.float32]  # (4, 2): its corners
    flipped: bool  # whether it stood on its head


def _tilt(lines: Sequence[_Read]) -> float:
    """How far clockwise the lines of a photo fall, in radians: as the median line by length does."""
    edges = [line.quad[1] - line.quad[0] for line in lines if line.score >= LEAST_SCORE]
    long = [(x, y) for x, y in edges if abs(x) > 60 and abs(y) < abs(x)]
    angles = sorted((math.atan(y / x), abs(x)) for x, y in long)
    reached, half = 0.0, sum(length for _, length in angles) / 2
    for angle, length in angles:
        reached += length
        if reached >= half:
            return float(angle) if abs(angle) > LEAST_TILT else 0.0
    return 0.0


def _levelled(lines: Sequence[_Read], size: tuple[int, int]) -> Sequence[_Read]:
    """Where the lines stand once the picture is turned so that they lie level."""
    tilt = _tilt(lines)
    if not tilt:
        return lines
    middle = np.array([size[0] / 2, size[1] / 2])
    back = np.array([[math.cos(tilt), -math.sin(tilt)], [math.sin(tilt), math.cos(tilt)]])
    return [replace(line, quad=((line.quad - middle) @ back + middle).astype(np.float32)) for line in lines]


def _words_of(lines: Sequence[_Read]) -> list[Word]:
    clear = [line for line in lines if line.score >= LEAST_SCORE]
    return _level_sizes([word for number, line in enumerate(clear) for word in _words(line, number)])


def _read_lines(picture: Image.Image) -> list[_Read]:
    return [] if min(picture.size) < LEAST_SIDE else _lines(_pixels(_not_thin(picture)))


def _pixels(picture: Image.Image) -> NDArray[np.uint8]:
    """(height, width, blue green red), as its models were trained."""
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def _not_thin(picture: Image.Image) -> Image.Image:
    """The finder of words enlarges the short side to 480 pixels: 20 x 1150 would become 480 x 27,600, and take 2.5 GB.
    So a thin picture is put on a wider ground of its own colour, where it begins."""
    least = max(picture.size) // THINNEST
    if min(picture.size) >= least:
        return picture
    ground = Image.new("RGB", (max(picture.width, least), max(picture.height, least)), picture.getpixel((0, 0)))
    ground.paste(picture, (0, 0))
    return ground


def _lines(pixels: NDArray[np.uint8]) -> list[_Read]:
    height, width = pixels.shape[:2]
    record = {"preprocess": {"ratio_h": 1.0, "ratio_w": 1.0}}
    found, turned, read, crops = _engine(_threads()).run_ocr_steps(pixels, record)
    if found.boxes is None or read.txts is None or read.scores is None or turned.cls_res is None:
        return []
    quads = map_boxes_to_original(found.boxes, record, height, width)
    lines = [
        _Read(text.strip(), float(score), quad, label == "180" and sure > 0.9)
        for text, score, quad, (label, sure) in zip(read.txts, read.scores, quads, turned.cls_res, strict=True)
    ]
    lines = _like_most(lines, crops)
    return [line for line in lines if line.text]


def _like_most(lines: list[_Read], crops: Sequence[NDArray[np.uint8]]) -> list[_Read]:
    """What stands on its head where most lines don't, or the other way round, is read as they are too, and taken so
    unless it is much clearer the other way: an upright `80%` was taken for `%08`."""
    flipped = sum(len(line.text) * (1 if line.flipped else -1) for line in lines) > 0
    odd = [at for at, line in enumerate(lines) if line.flipped != flipped]
    turned = [np.rot90(crops[at], 2) if flipped else crops[at] for at in odd]
    for at, (text, score) in zip(odd, _read_lines_alone(turned), strict=True):
        if text and score > lines[at].score - MUCH_CLEARER:
            lines[at] = replace(lines[at], text=text, score=score, flipped=flipped)
    return lines


def _surer(lines: Sequence[_Read], larger: Image.Image, scale: float) -> list[_Read]:
    """Those that the recogniser is not sure of are read once more, from a larger picture of the page: small letters,
    and those of pictures, are read in it that are not in the other; lines are found in both as well."""
    pixels, kept = _pixels(larger), list(lines)
    unsure = [at for at, line in enumerate(lines) if line.score < UNSURE]
    crops = [get_rotate_crop_image(pixels, lines[at].quad * scale) for at in unsure]
    crops = [np.rot90(crop, 2) if lines[at].flipped else crop for at, crop in zip(unsure, crops, strict=True)]
    for at, (text, score) in zip(unsure, _read_lines_alone(crops), strict=True):
        if text and score > kept[at].score:
            kept[at] = replace(kept[at], text=text, score=score)
    return kept


def _read_lines_alone(crops: Sequence[NDArray[np.uint8]]) -> list[tuple[str, float]]:
    """The text and score of each picture of a line."""
    read = _engine(_threads()).recognize_txt([np.ascontiguousarray(crop) for crop in crops]) if crops else None
    if read is None or read.txts is None:
        return [("", 0.0)] * len(crops)
    return [(text.strip(), float(score)) for text, score in zip(read.txts, read.scores, strict=True)]


def _words(line: _Read, number: int) -> list[Word]:
    """A line's words. RapidOCR turns tall boxes by a quarter to the left before it reads them."""
    text, quad, flipped = line.text, line.quad, line.flipped
    x0, y0 = (float(edge) for edge in quad.min(axis=0))
    x1, y1 = (float(edge) for edge in quad.max(axis=0))
    upright = (y1 - y0) < 1.5 * (x1 - x0)
    turns = (2 if flipped else 0) if upright else (3 if flipped else 1)
    size = 0.8 * min(y1 - y0, x1 - x0)
    words, start = [], 0
    for token in text.split():
        begin = text.index(token, start)
        start = begin + len(token)
        box = _part((x0, y0, x1, y1), begin / len(text), start / len(text), turns)
        words.append(Word(token, *box, size=size, bold=False, line=number, turns=turns, score=line.score))
    return words


def _part(
    box: tuple[float, float, float, float], begin: float, end: float, turns: int
) -> tuple[float, float, float, float]:
    """The stretch of a line's box from `begin` to `end`, along the way it is read."""
    x0, y0, x1, y1 = box
    if turns in (2, 3):
        begin, end = 1 - end, 1 - begin
    if turns in (0, 2):
        return x0 + begin * (x1 - x0), y0, x0 + end * (x1 - x0), y1
    return x0, y0 + begin * (y1 - y0), x1, y0 + end * (y1 - y0)


def _level_sizes(words: list[Word]) -> list[Word]:
    """Heights of boxes vary with the letters: what is about as large as most is as large as most."""
    usual = body_size(words)
    return [replace(word, size=usual) if 0.7 < word.size / usual < 1.35 else word for word in words]


def _rows(words: list[Word], layout: Page) -> list[Row]:
    upright = [layout.upright(word) for word in words]
    return [row_of(row) for row in in_order(segments(upright)) if row]


def _threads() -> int:
    """As many threads as the sandbox grants each child."""
    granted = os.environ.get("OMP_NUM_THREADS", "")
    return int(granted) if granted.isdigit() and int(granted) > 0 else os.cpu_count() or 1


class _Lean(CPUConfig):
    """Sets what RapidOCR offers no setting for."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "CPU_RUNTIME_CACHE_CAPACITY": str(KERNELS_KEPT)}


@lru_cache(maxsize=1)
def _engine(threads: int) -> rapidocr.RapidOCR:
    """Loaded once in a child process. Every model is named by its file, so that none is ever downloaded."""
    openvino_sessions.CPUConfig = _Lean  # type: ignore[attr-defined]
    folder = Path(rapidocr.__file__).parent / "models"
    params: dict[str, object] = {
        "Global.log_level": "critical",
        "Det.limit_side_len": 480,  # a small crop is enlarged to this, not to a page's size
        "Rec.rec_img_shape": [3, 48, SHORTEST_LINE],
        "Rec.rec_batch_num": 3,  # as fast as 6, in less memory
        "EngineConfig.openvino.inference_num_threads": threads,
    }
    for step, model in MODELS.items():
        if not (folder / model).exists():
            raise Unreadable(f"the recogniser's model {model} is missing from its package")
        params[f"{step}.engine_type"] = rapidocr.EngineType.OPENVINO
        params[f"{step}.model_path"] = str(folder / model)
    return rapidocr.RapidOCR(params=params)
