"""Thumbnails of drawn pages."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

QUALITY = 85


def narrowed(data: bytes, width: int) -> bytes:
    """A page that we drew (PNG or JPEG), at most `width` pixels wide. It is never enlarged."""
    with Image.open(BytesIO(data)) as picture:
        if picture.width <= width:
            return data
        size = (width, max(1, round(picture.height * width / picture.width)))
        kind = picture.format or "PNG"
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = BytesIO()
    small.save(out, kind, **({"quality": QUALITY} if kind == "JPEG" else {"compress_level": 6}))
    return out.getvalue()
