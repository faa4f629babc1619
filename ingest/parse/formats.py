"""The formats that are taken in, one row each. A new format is one new file in this folder and one row here.

Rows name parsers by module and function: each library is imported only in the child process that meets its format
(docling alone takes 4 s and 340 MB).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.limits import DocumentLimits
from domain.parsed import Identity, ParsedPage
from ingest import text_kinds
from ingest.parse import nouns
from ingest.parse.nouns import Noun
from ingest.text_kinds import IsText

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLD_WORD, OLD_SLIDES, OLD_SHEETS = "application/msword", "application/vnd.ms-powerpoint", "application/vnd.ms-excel"
OPEN_TEXT, OPEN_SHEETS, OPEN_SLIDES = (
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
)
EPUB, ZIP, MAIL, MAILBOX, OUTLOOK, RTF, JSON, JSON_LINES = (
    "application/epub+zip", "application/zip", "message/rfc822", "application/mbox", "application/vnd.ms-outlook",
    "application/rtf", "application/json", "application/jsonl",
)  # fmt: skip
PDF, SVG, HTML, MARKDOWN, CSV, PLAIN = (
    "application/pdf", "image/svg+xml", "text/html", "text/markdown", "text/csv", "text/plain",
)  # fmt: skip

CONVERT_S = 150.0  # LibreOffice's time is up before
WHOLE = 1_000_000  # documents without pages, and those that are opened once for all their pages
EACH_SLIDE = ':impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'
EACH_SHEET = ':calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'  # since LibreOffice 7.4


Open = Callable[[Path], Identity]
Parse = Callable[[Path, int, int], list[ParsedPage]]  # of the first to the last of these pages
LimitedParse = Callable[[Path, int, int, DocumentLimits], list[ParsedPage]]


@dataclass(frozen=True, slots=True)
class Parser:
    """The names of a module and of two functions in it: an `Open` and a `Parse`, or a `LimitedParse`."""

    module: str
    open: str
    parse: str
    batch_pages: int
    timeout_s: float  # for a batch
    open_timeout_s: float = 60.0
    limited: bool = False  # whether it leaves out what is beyond the limits of documents, other than pages


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells a file of the format from others; `ingest/identify.py` says in which order they are looked for."""

    begins: re.Pattern[bytes] | None = None
    is_text: IsText | None = None
    text_extensions: tuple[str, ...] = ()  # for texts that nothing else tells apart
    says_so_in_zip: bool = False  # a ZIP whose first entry, `mimetype`, holds the media type
    office_types: tuple[str, ...] = ()  # in [Content_Types].xml
    office_folder: str = ""  # where that is lost
    office_extension: str = ""  # where that is lost too, or encrypted
    ole_streams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Printing:
    """How LibreOffice draws its pages: what the file has to be called, and the options of the export to PDF."""

    extension: str
    options: str


@dataclass(frozen=True, slots=True)
class Format:
    media_type: str
    name: str  # in the list of what is taken in
    signs: Signs
    parser: Parser
    noun: Noun = nouns.OTHER
    paged: bool = False
    printing: Printing | None = None
    through_libreoffice: str = ""  # what it is, for a machine without LibreOffice


def _picture(media_type: str, name: str, begins: bytes) -> Format:
    parser = Parser("ingest.parse.pictures", "open_picture", "parse_picture", batch_pages=8, timeout_s=60)
    return Format(media_type, name, Signs(re.compile(begins, re.S)), parser, nouns.PICTURE, paged=True)


def _old(
    media_type: str, name: str, what: str, kind: str, streams: tuple[str, ...], noun: Noun, options: str = ""
) -> Format:
    """Of Office before 2007. `options`: how its pages are printed, where it has pages."""
    return Format(
        media_type,
        name,
        Signs(ole_streams=streams),
        Parser("ingest.parse.old_office", f"open_{kind}", f"parse_{kind}", WHOLE, 400, CONVERT_S, kind == "xls"),
        noun,
        paged=bool(options),
        printing=Printing(f".{kind}", options) if options else None,
        through_libreoffice=what,
    )


NONE = Parser("", "", "", 0, 0.0)  # of archives: what they hold becomes documents of their own

ROWS: tuple[Format, ...] = (
    Format(
        PDF,
        "PDF",
        Signs(),  # it may begin after a kB of anything: ingest/identify.py looks for it
        Parser("ingest.parse.pdf", "open_pdf", "parse_pdf", batch_pages=16, timeout_s=120),
        nouns.PDF,
        paged=True,
    ),
    _picture("image/png", "PNG", rb"\x89PNG\r\n\x1a\n"),
    _picture("image/jpeg", "JPEG", rb"\xff\xd8\xff"),
    _picture("image/webp", "WebP", rb"RIFF....WEBP"),
    _picture("image/gif", "GIF", rb"GIF8[79]a"),
    _picture("image/bmp", "BMP", rb"BM.{0,27}\x00"),  # a text may well begin with "BM"
    _picture("image/tiff", "TIFF", rb"II\*\x00|MM\x00\*|II\+\x00\x08\x00|MM\x00\+\x00\x08"),
    _picture("image/avif", "AVIF", rb"....ftyp(?:avi[fs]|(?:mif1|msf1).{4}(?:.{4}){0,8}?avif)"),
    _picture("image/heic", "HEIC", rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"),
    Format(
        SVG,
        "SVG",
        Signs(is_text=text_kinds.is_svg),
        Parser("ingest.parse.pictures", "open_svg", "parse_svg", batch_pages=1, timeout_s=60),
        nouns.PICTURE,
        paged=True,
    ),
    Format(
        MARKDOWN,
        "Markdown",
        Signs(text_extensions=text_kinds.MARKDOWN_EXTENSIONS),
        Parser("ingest.parse.markdown", "open_markdown", "parse_markdown", WHOLE, timeout_s=60),
        nouns.MARKDOWN,
    ),
    Format(
        PLAIN,
        "plain text",
        Signs(),  # what no other kind of text claims
        Parser("ingest.parse.text", "open_text", "parse_text", WHOLE, timeout_s=60),
        nouns.TEXT,
    ),
    Format(
        HTML,
        "HTML",
        Signs(is_text=text_kinds.is_html, text_extensions=text_kinds.HTML_EXTENSIONS),
        Parser("ingest.parse.html", "open_html", "parse_html", WHOLE, timeout_s=120),
        nouns.WEB_PAGE,
    ),
    Format(
        WORD,
        "DOCX",
        Signs(office_types=("wordprocessingml.document.main+xml",), office_folder="word", office_extension=".docx"),
        Parser("ingest.parse.word", "open_docx", "parse_docx", WHOLE, timeout_s=300),
        nouns.WORD,
    ),
    Format(
        SLIDES,
        "PPTX",
        Signs(
            office_types=("presentationml.presentation.main+xml", "presentationml.slideshow.main+xml"),
            office_folder="ppt",
            office_extension=".pptx",
        ),
        Parser("ingest.parse.slides", "open_pptx", "parse_pptx", WHOLE, timeout_s=300),
        nouns.PRESENTATION,
        paged=True,
        printing=Printing(".pptx", EACH_SLIDE),
    ),
    Format(
        SHEETS,
        "XLSX",
        Signs(office_types=("spreadsheetml.sheet.main+xml",), office_folder="xl", office_extension=".xlsx"),
        Parser("ingest.parse.sheets", "open_xlsx", "parse_xlsx", batch_pages=8, timeout_s=300, limited=True),
        nouns.SPREADSHEET,
        paged=True,
        printing=Printing(".xlsx", EACH_SHEET),
    ),
    Format(
        CSV,
        "CSV",
        Signs(text_extensions=text_kinds.CSV_EXTENSIONS),
        Parser("ingest.parse.delimited", "open_csv", "parse_csv", WHOLE, timeout_s=60, limited=True),
        nouns.SPREADSHEET,
    ),
    Format(
        RTF,
        "RTF",
        Signs(re.compile(rb"\{\\rtf"), text_kinds.is_rtf),  # its first bytes: it may hold pictures as they are
        Parser("ingest.parse.rtf", "open_rtf", "parse_rtf", WHOLE, timeout_s=120),
        nouns.WORD,
    ),
    Format(
        JSON,
        "JSON",
        Signs(is_text=text_kinds.is_json),
        Parser("ingest.parse.json_text", "open_json", "parse_json", WHOLE, timeout_s=60, limited=True),
    ),
    Format(
        JSON_LINES,
        "JSON Lines",
        Signs(is_text=text_kinds.is_json_lines),
        Parser("ingest.parse.json_text", "open_json_lines", "parse_json_lines", WHOLE, timeout_s=60, limited=True),
    ),
    Format(
        MAIL,
        "e-mails (EML, MHTML)",
        Signs(is_text=text_kinds.is_mail),
        Parser("ingest.parse.mail", "open_mail", "parse_mail", WHOLE, timeout_s=120, limited=True),
        nouns.MAIL,
    ),
    Format(
        OUTLOOK,
        "Outlook messages (MSG)",
        Signs(ole_streams=("__properties_version1.0", "__substg1.0_", "__nameid_version1.0")),
        Parser("ingest.parse.outlook", "open_outlook", "parse_outlook", WHOLE, timeout_s=120, limited=True),
    ),
    Format(
        EPUB,
        "EPUB",
        Signs(says_so_in_zip=True),
        Parser("ingest.parse.epub", "open_epub", "parse_epub", WHOLE, timeout_s=120),
    ),
    Format(
        OPEN_TEXT,
        "ODT",
        Signs(says_so_in_zip=True),
        Parser("ingest.parse.opendocument", "open_text", "parse_text", WHOLE, timeout_s=120, limited=True),
    ),
    Format(
        OPEN_SHEETS,
        "ODS",
        Signs(says_so_in_zip=True),
        Parser("ingest.parse.opendocument", "open_sheets", "parse_sheets", WHOLE, timeout_s=120, limited=True),
        paged=True,
        printing=Printing(".ods", EACH_SHEET),
    ),
    Format(
        OPEN_SLIDES,
        "ODP",
        Signs(says_so_in_zip=True),
        Parser("ingest.parse.opendocument", "open_slides", "parse_slides", WHOLE, timeout_s=120, limited=True),
        paged=True,
        printing=Printing(".odp", EACH_SLIDE),
    ),
    _old(OLD_WORD, "DOC", "a Word 97–2003 document", "doc", ("WordDocument",), nouns.WORD),
    _old(
        OLD_SLIDES,
        "PPT",
        "a PowerPoint 97–2003 presentation",
        "ppt",
        ("PowerPoint Document",),
        nouns.PRESENTATION,
        EACH_SLIDE,
    ),
    _old(OLD_SHEETS, "XLS", "an Excel 97–2003 workbook", "xls", ("Workbook", "Book"), nouns.SPREADSHEET, EACH_SHEET),
    Format(ZIP, "ZIP archives", Signs(), NONE),  # a ZIP that is nothing else
    Format(MAILBOX, "mailboxes (mbox)", Signs(is_text=text_kinds.is_mailbox), NONE),
)

FORMATS: dict[str, Format] = {row.media_type: row for row in ROWS}  # by media type


def accepted() -> str:
    """What is taken in, for a sentence."""
    return ", ".join(row.name for row in FORMATS.values())


def noun_of(media_type: str) -> Noun:
    known = FORMATS.get(media_type)
    return nouns.OTHER if known is None else known.noun


def nouns_asked_for() -> tuple[Noun, ...]:
    """Those that a question can name."""
    return tuple(dict.fromkeys(row.noun for row in FORMATS.values() if row.noun.asked))
