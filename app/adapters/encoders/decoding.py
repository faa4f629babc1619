"""Decodes untrusted picture files into a small RGB picture, in bounded memory, or says why not."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from domain.errors import Unreadable
from ingest.parse.upright import PILLOW_FAILS, orientation, upright

PLAIN_SIDE: Final = 512  # pixels of a plain picture's longer side: twice the input of the image models

# Without EPS and the like, whose decoders start other programs.
FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO")

# Bytes for decoding one pixel in the worst case: the picture and its decoder's own memory.
_BYTES_PER_PIXEL: Final = {"WEBP": 12, "AVIF": 16, "TIFF": 16, "JPEG2000": 16, "GIF": 6, "ICO": 8}
_BYTES_PER_PIXEL_ELSE: Final = 5
_COEFFICIENT_BYTES: Final = 6  # a progressive JPEG holds them for all pixels, also when decoded at a smaller size
_MEMORY: Final = 220_000_000  # bytes for decoding, which leaves the rest of 300 MB for the strips
_STRIP_PIXELS: Final = 2_000_000
_LONGEST_SIDE: Final = 1_000_000


def small_picture(data: bytes, side: int) -> Image.Image:
    """The first frame upright, in RGB on white: its longer side under 4 × `side` pixels, the shorter one at least
    a `side`-th of it (padded with white), so that any further resizing is cheap and leaves a pixel of it."""
    try:
        # Pillow warns of faults that it tolerates; uploads must not fill the log
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            whole = image.width * image.height
            image.draft("RGB", (2 * side, 2 * side))  # JPEG only: decoded at a fraction of its size
            _guard(image, whole)
            image.load()
            picture = upright(_reduced(image, side), orientation(image))
    except UnidentifiedImageError as cause:
        raise Unreadable("The picture is in no format that can be read, or its beginning is damaged.") from cause
    except PILLOW_FAILS as cause:
        raise Unreadable(f"The picture can't be decoded: {_reason(cause)}.") from cause
    return _padded(picture, side)


def plain_picture(data: bytes) -> bytes:
    """A small PNG of any picture. Run it in a sandbox, as a decoder may crash. Raises Unreadable."""
    picture = small_picture(data, PLAIN_SIDE // 2)
    picture.thumbnail((PLAIN_SIDE, PLAIN_SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def fitted_picture(data: bytes, side: int) -> bytes:
    """The same picture, its longest side at most `side` pixels; run as `plain_picture` is. Raises Unreadable."""
    picture = small_picture(data, side)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _reason(cause: BaseException) -> str:
    if isinstance(cause, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "it has more pixels than are allowed"
    text = " ".join(str(cause).split()).rstrip(".")
    return text[:200] if text else type(cause).__name__


def _guard(image: Image.Image, whole: int) -> None:
    """`whole`: the pixels in the file, of which `draft` may have left fewer to decode."""
    cost = image.width * image.height * _BYTES_PER_PIXEL.get(image.format or "", _BYTES_PER_PIXEL_ELSE)
    if image.info.get("progressive"):
        cost += whole * _COEFFICIENT_BYTES
    if not whole:
        raise Unreadable("The picture has no pixels.")
    if cost > _MEMORY or max(image.size) > _LONGEST_SIDE:
        raise Unreadable(f"The picture has {whole / 1e6:.0f} million pixels, more than can be decoded safely.")


def _reduced(image: Image.Image, side: int) -> Image.Image:
    """Shrinks by a whole factor, strip by strip: converting a whole large picture would double its memory."""
    factor = max(1, max(image.size) // (2 * side))
    to_rgb = _converter(image)
    rows = max(1, _STRIP_PIXELS // image.width // factor) * factor
    reduced = Image.new("RGB", (math.ceil(image.width / factor), math.ceil(image.height / factor)), "white")
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        reduced.paste(to_rgb(strip).reduce(factor), (0, top // factor))
    return reduced


def _converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    if image.mode.startswith("I;16"):
        return _stretched(0.0, 65_535.0)
    if image.mode in ("I", "F"):
        low, high = (float(extreme) for extreme in image.getextrema())  # type: ignore[arg-type]
        return _stretched(low, high)
    return _on_white


def _stretched(low: float, high: float) -> Callable[[Image.Image], Image.Image]:
    """Gray values beyond eight bits, from `low` (black) to `high` (white)."""
    width = (high - low) if math.isfinite(high - low) and high > low else 1.0

    def convert(strip: Image.Image) -> Image.Image:
        gray = (np.asarray(strip, dtype=np.float32) - low) / width
        return Image.fromarray((np.nan_to_num(gray).clip(0, 1) * 255).astype(np.uint8)).convert("RGB")

    return convert


def _on_white(strip: Image.Image) -> Image.Image:
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    rgba = strip.convert("RGBA")
    white = Image.new("RGB", strip.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _padded(picture: Image.Image, side: int) -> Image.Image:
    least = math.ceil(max(picture.size) / side)
    width, height = max(picture.width, least), max(picture.height, least)
    if (width, height) == picture.size:
        return picture
    canvas = Image.new("RGB", (width, height), "white")
    canvas.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return canvas
