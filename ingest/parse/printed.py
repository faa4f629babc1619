"""Prints slides and sheets as a PDF, one page each, hidden and empty ones too; page images are drawn from it."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium

from domain.errors import Missing
from ingest.libreoffice import converted
from ingest.parse.formats import Printing


def printed(path: Path, printing: Printing, pages: int) -> bytes:
    """Raises Unreadable; and Missing where LibreOffice makes another number of pages than our parser: pages would be
    mixed up."""
    made = converted(path, printing.extension, "pdf", printing.options)
    with pdfium.PdfDocument(made) as document:
        drawn = len(document)
    if drawn != pages:
        raise Missing(f"The pages can't be drawn: there are {pages}, and LibreOffice draws {drawn}.")
    return made
