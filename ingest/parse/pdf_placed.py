"""The words of a PDF page with their boxes."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium

from domain.errors import Missing, Unreadable
from domain.parsed import PlacedWord
from ingest.parse.pdf import words_of
from ingest.parse.pdf_file import load_page, opened
from ingest.parse.pdf_words import frame_of
from ingest.placed_words import MOST_WORDS, within


def words_of_pdf(path: Path, number: int) -> list[PlacedWord]:
    """The words that can be seen on a page (from 1), in the order in which the file draws them. Empty for a scan.
    Raises Missing for a page that isn't there, Unreadable."""
    with opened(path) as document:
        if not 1 <= number <= len(document):
            raise Missing(f"there is no page {number}: the document has {len(document)}")
        try:
            page = load_page(document, number)
            try:
                frame = frame_of(page)
                words = [word for word in words_of(page, frame) if not word.hidden][:MOST_WORDS]
            finally:
                page.close()
        except pdfium.PdfiumError as error:
            raise Unreadable(f"page {number} can't be read: {error}") from error
    width, height = max(frame.width, 1e-6), max(frame.height, 1e-6)
    return [
        PlacedWord(word.text, within(word.x0 / width, word.y0 / height, word.x1 / width, word.y1 / height))
        for word in words
    ]
