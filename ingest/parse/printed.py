"""Slides and sheets as a PDF that their pages are drawn from: one page each, the hidden and the empty ones too."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium

from domain.errors import Missing
from ingest.libreoffice import converted
from ingest.parse.formats import Printing


def printed(path: Path, printing: Printing, pages: int) -> bytes:
    """Raises Unreadable; and Missing when LibreOffice counts otherwise than our reader, as a page would then be shown
    for another."""
    made = converted(path, printing.extension, "pdf", printing.options)
    with pdfium.PdfDocument(made) as document:
        drawn = len(document)
    if drawn != pages:
        raise Missing(f"The pages can't be drawn: there are {pages}, and LibreOffice draws {drawn}.")
    return made
