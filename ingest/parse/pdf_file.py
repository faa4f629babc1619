"""Opens a PDF, mends one that was cut off, and draws its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from domain.documents import Box
from domain.errors import Missing, NeedsPassword, Unreadable

FIGURE_DPI = 150
FIGURE_SIDE = 1600  # pixels of a crop, at most
LONGEST_PAGE = 4000  # pixels of the page that figures are cut from
MOST_NOTES = 2000  # of a page are looked at
LARGEST_MENDED = 256 * 2**20  # bytes of a damaged file
BEYOND_REPAIR = "it is not a PDF that can be opened, or is damaged beyond repair"


@contextmanager
def opened(path: Path) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise NeedsPassword("needs a password") from error
        document = _mended(path)
    try:
        document.init_forms()  # where there is a form: else nobody knows what its fields hold
        yield document
    finally:
        document.close()


def _mended(path: Path) -> pdfium.PdfDocument:
    """Opens a file that was cut off before its trailer: with a new trailer that names the catalogue, pdfium finds the
    rest."""
    data = path.read_bytes() if path.stat().st_size <= LARGEST_MENDED else b""
    catalogue = re.search(
        rb"(?<!\d)(\d{1,10})\s{1,9}(\d{1,5})\s{1,9}obj\b(?:(?!endobj).){0,2000}?/Type\s*/Catalog\b", data, re.S
    )
    try:
        if not data.startswith(b"%PDF") or catalogue is None:
            raise Unreadable(BEYOND_REPAIR)
        return pdfium.PdfDocument(data + b"\ntrailer<</Root %b %b R>>\n%%%%EOF\n" % catalogue.groups())
    except pdfium.PdfiumError as error:
        raise Unreadable(BEYOND_REPAIR) from error


def crop_figures(path: Path, number: int, boxes: Sequence[Box]) -> list[Image.Image]:
    """These parts of a page, RGB. Drawing a page takes as long as parsing it, so it is done after the text is indexed.
    Raises Missing or Unreadable."""
    with opened(path) as document:
        if not 1 <= number <= len(document):
            raise Missing(f"there is no page {number}: the document has {len(document)}")
        try:
            picture = draw(document, number, FIGURE_DPI / 72, LONGEST_PAGE)
        except (pdfium.PdfiumError, MemoryError) as error:
            raise Unreadable(f"figures can't be drawn ({type(error).__name__})") from error
    return [_crop(picture, box) for box in boxes]


def _crop(picture: Image.Image, box: Box) -> Image.Image:
    left, top = int(box.x0 * picture.width), int(box.y0 * picture.height)
    right, bottom = round(box.x1 * picture.width), round(box.y1 * picture.height)
    return picture.crop((left, top, max(left + 1, right), max(top + 1, bottom)))


def load_page(
    document: pdfium.PdfDocument, number: int, look: Callable[[pdfium.PdfPage], None] | None = None
) -> pdfium.PdfPage:
    """A page (from 1) with its filled-in form fields and notes made part of it: else they have no text. `look` is
    called before, with a page that has any: afterwards they are gone."""
    page = document[number - 1]
    count = min(pdfium_c.FPDFPage_GetAnnotCount(page.raw), MOST_NOTES)
    if not any(_is_shown(page.raw, index) for index in range(count)):
        return page
    if look is not None:
        look(page)
    if pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS:
        page.close()
        page = document[number - 1]
    return page


def _is_shown(page: object, index: int) -> bool:
    """Whether an annotation draws something: links and pop-ups don't."""
    annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
    if not annotation:
        return False
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    pdfium_c.FPDFPage_CloseAnnot(annotation)
    return kind not in (pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP)


def draw(document: pdfium.PdfDocument, number: int, scale: float, longest: int) -> Image.Image:
    """A page (from 1) as a picture, at `scale` pixels a point, but no side longer than `longest`."""
    page = load_page(document, number)
    try:
        width, height = page.get_size()
        scale = min(scale, longest / max(width, height, 1.0))
        bitmap = page.render(scale=scale, rev_byteorder=True)
        try:
            picture: Image.Image = bitmap.to_pil().convert("RGB")
            return picture
        finally:
            bitmap.close()
    finally:
        page.close()


def draw_page(path: Path, number: int, longest: int) -> Image.Image:
    """A page (from 1) as rendered, its long side `longest` pixels. Raises Missing for a page that isn't there."""
    with opened(path) as document:
        if not 1 <= number <= len(document):
            raise Missing(f"there is no page {number}: the document has {len(document)}")
        try:
            return draw(document, number, float(longest), longest)
        except pdfium.PdfiumError as error:
            raise Unreadable(f"page {number} can't be drawn: {error}") from error
