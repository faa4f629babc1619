"""Slides and sheets as a PDF that their pages are drawn from: one page each, the hidden and the empty ones too."""

from __future__ import annotations

from pathlib import Path

import pypdfium2 as pdfium

from domain.errors import Missing
from ingest.libreoffice import converted

SLIDES = ':impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'
SHEETS = ':calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'  # since LibreOffice 7.4

# What a file is called for LibreOffice, and how it is to print it.
PRINTED = {
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx", SLIDES),
    "application/vnd.oasis.opendocument.presentation": (".odp", SLIDES),
    "application/vnd.ms-powerpoint": (".ppt", SLIDES),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx", SHEETS),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods", SHEETS),
    "application/vnd.ms-excel": (".xls", SHEETS),
}


def printed(path: Path, media_type: str, pages: int) -> bytes:
    """Raises Unreadable; and Missing when LibreOffice counts otherwise than our reader, as a page would then be shown
    for another."""
    extension, options = PRINTED[media_type]
    made = converted(path, extension, "pdf", options)
    with pdfium.PdfDocument(made) as document:
        drawn = len(document)
    if drawn != pages:
        raise Missing(f"The pages can't be drawn: there are {pages}, and LibreOffice draws {drawn}.")
    return made
