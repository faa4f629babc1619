"""Which code reads which type of file, and the two functions that a sandboxed child runs.

A new type is one new file in this folder and one row in PARSERS. The rows hold names, not functions: each library is
imported only in the child process that meets its type (docling alone takes 4 s and 340 MB).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import cast

from domain.types import Identity, ParsedPage

Open = Callable[[Path], Identity]
Parse = Callable[[Path, int, int], list[ParsedPage]]

OFFICE = "application/vnd.openxmlformats-officedocument."
WORD, SLIDES, SHEETS = (
    OFFICE + "wordprocessingml.document",
    OFFICE + "presentationml.presentation",
    OFFICE + "spreadsheetml.sheet",
)

OPEN = "application/vnd.oasis.opendocument."
CONVERT_S = 150.0  # LibreOffice's time is up before
WHOLE = 1_000_000  # documents without pages, and those that are opened once for all their pages


@dataclass(frozen=True, slots=True)
class Parser:
    module: str
    open: str  # (path) -> Identity
    parse: str  # (path, first page, last page) -> pages
    batch_pages: int
    timeout_s: float  # for a batch
    open_timeout_s: float = 60.0


PICTURE = Parser("ingest.parse.pictures", "open_picture", "parse_picture", batch_pages=8, timeout_s=60)

PARSERS: Mapping[str, Parser] = {
    "application/pdf": Parser("ingest.parse.pdf", "open_pdf", "parse_pdf", batch_pages=16, timeout_s=120),
    "image/png": PICTURE,
    "image/jpeg": PICTURE,
    "image/webp": PICTURE,
    "image/gif": PICTURE,
    "image/bmp": PICTURE,
    "image/tiff": PICTURE,
    "image/svg+xml": Parser("ingest.parse.pictures", "open_svg", "parse_svg", batch_pages=1, timeout_s=60),
    WORD: Parser("ingest.parse.office", "open_docx", "parse_docx", WHOLE, timeout_s=300),
    SLIDES: Parser("ingest.parse.office", "open_pptx", "parse_pptx", WHOLE, timeout_s=300),
    SHEETS: Parser("ingest.parse.sheets", "open_xlsx", "parse_xlsx", batch_pages=8, timeout_s=300),
    "text/csv": Parser("ingest.parse.delimited", "open_csv", "parse_csv", WHOLE, timeout_s=60),
    "text/html": Parser("ingest.parse.html", "open_html", "parse_html", WHOLE, timeout_s=120),
    "text/plain": Parser("ingest.parse.text", "open_text", "parse_text", WHOLE, timeout_s=60),
    "text/markdown": Parser("ingest.parse.markdown", "open_markdown", "parse_markdown", WHOLE, timeout_s=60),
    "application/rtf": Parser("ingest.parse.rtf", "open_rtf", "parse_rtf", WHOLE, timeout_s=120),
    "application/json": Parser("ingest.parse.json_text", "open_json", "parse_json", WHOLE, timeout_s=60),
    "application/jsonl": Parser("ingest.parse.json_text", "open_json_lines", "parse_json_lines", WHOLE, timeout_s=60),
    "message/rfc822": Parser("ingest.parse.mail", "open_mail", "parse_mail", WHOLE, timeout_s=120),
    "application/vnd.ms-outlook": Parser("ingest.parse.outlook", "open_outlook", "parse_outlook", WHOLE, timeout_s=120),
    "application/epub+zip": Parser("ingest.parse.epub", "open_epub", "parse_epub", WHOLE, timeout_s=120),
    OPEN + "text": Parser("ingest.parse.opendocument", "open_text", "parse_text", WHOLE, timeout_s=120),
    OPEN + "spreadsheet": Parser("ingest.parse.opendocument", "open_sheets", "parse_sheets", WHOLE, timeout_s=120),
    OPEN + "presentation": Parser("ingest.parse.opendocument", "open_slides", "parse_slides", WHOLE, timeout_s=120),
    "application/msword": Parser("ingest.parse.old_office", "open_doc", "parse_doc", WHOLE, 400, CONVERT_S),
    "application/vnd.ms-powerpoint": Parser("ingest.parse.old_office", "open_ppt", "parse_ppt", WHOLE, 400, CONVERT_S),
    "application/vnd.ms-excel": Parser("ingest.parse.old_office", "open_xls", "parse_xls", WHOLE, 400, CONVERT_S),
}


def open_document(path: Path, media_type: str, name: str) -> Identity:
    """What the file turns out to be. Raises Unreadable or NeedsPassword. Runs in a sandboxed child."""
    parser = PARSERS[media_type]
    opened = cast(Open, getattr(import_module(parser.module), parser.open))
    return replace(opened(path), media_type=media_type)


def parse_pages(path: Path, media_type: str, first: int, last: int) -> list[ParsedPage]:
    """Pages first..last, from 1; a document without pages is one ParsedPage. Runs in a sandboxed child."""
    parser = PARSERS[media_type]
    parse = cast(Parse, getattr(import_module(parser.module), parser.parse))
    return parse(path, first, last)
