"""Turns pictures as their cameras were held: by the EXIF orientation."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from PIL import ExifTags, Image

# What Pillow raises on broken or hostile files, found by feeding it such files.
PILLOW_FAILS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    MemoryError,
    RuntimeError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


# Not `ImageOps.exif_transpose`: it turns the file's picture as it is stored, and holds a large one twice.
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(image: Image.Image) -> int:
    """What the metadata state; 1, upright, where they are damaged or missing."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except PILLOW_FAILS:
        return 1


def upright(picture: Image.Image, stated: int) -> Image.Image:
    """A picture that was made, smaller, from a file with that orientation."""
    turn = TURNS.get(stated)
    return picture if turn is None else picture.transpose(turn)
