"""Draws a page as an image, with the regions of evidence marked on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from domain.documents import Box
from domain.errors import Missing
from ingest.parse.formats import PDF, SVG
from ingest.parse.pdf_file import draw_page
from ingest.parse.pictures import MEDIA_TYPES, draw_svg, encoded, frame, frames_of

FILL = (255, 213, 0, 70)  # a highlighter's yellow, the text stays readable through it
OUTLINE = (214, 92, 0, 230)


def render_page(path: Path, media_type: str, page: int, long_side: int = 1600, boxes: Sequence[Box] = ()) -> bytes:
    """PNG or JPEG of a page (from 1). Raises Missing for a page that isn't there."""
    picture = page_picture(path, media_type, page, long_side)
    return encoded(marked(picture, boxes) if boxes else picture, long_side)


def page_picture(path: Path, media_type: str, page: int, long_side: int) -> Image.Image:
    """The page as rendered, RGB, its long side about `long_side` pixels (pictures are never enlarged)."""
    if media_type == PDF:
        return draw_page(path, page, long_side)
    if media_type == SVG:
        _require(page, 1)
        return draw_svg(path, long_side)
    if media_type in MEDIA_TYPES.values():
        _require(page, frames_of(path))
        return frame(path, page, long_side)[0]
    raise Missing("this document has no pages")


def marked(picture: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """A translucent highlight and an outline over each box."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    width, height = picture.size
    thick = max(2, max(picture.size) // 500)
    for box in boxes:
        corners = (box.x0 * width - thick, box.y0 * height - thick, box.x1 * width + thick, box.y1 * height + thick)
        left, right = sorted((corners[0], corners[2]))
        top, bottom = sorted((corners[1], corners[3]))
        pen.rectangle((left, top, right, bottom), fill=FILL, outline=OUTLINE, width=thick)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _require(page: int, pages: int) -> None:
    if not 1 <= page <= pages:
        raise Missing(f"there is no page {page}: the document has {pages}")
