"""Tells what a file is from its content; runs at upload, so it is quick, reads little and crashes on nothing.

The name's extension decides only between kinds of text, and for containers that hide what they hold.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import BinaryIO

import filetype

from domain.errors import BadRequest, UnsupportedType
from ingest.encodings import encoding_of
from ingest.libreoffice import installed

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

ACCEPTED: dict[str, str] = {
    PDF: "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    SVG: "SVG",
    MARKDOWN: "Markdown",
    PLAIN: "plain text",
    HTML: "HTML",
    WORD: "DOCX",
    SLIDES: "PPTX",
    SHEETS: "XLSX",
    CSV: "CSV",
    RTF: "RTF",
    JSON: "JSON",
    JSON_LINES: "JSON Lines",
    MAIL: "e-mails (EML, MHTML)",
    OUTLOOK: "Outlook messages (MSG)",
    EPUB: "EPUB",
    OPEN_TEXT: "ODT",
    OPEN_SHEETS: "ODS",
    OPEN_SLIDES: "ODP",
    OLD_WORD: "DOC",
    OLD_SLIDES: "PPT",
    OLD_SHEETS: "XLS",
    ZIP: "ZIP archives",
    MAILBOX: "mailboxes (mbox)",
}

HEAD = 1 << 16
TNEF = b"\x78\x9f\x3e\x22"
MAX_DIRECTORY = 16 << 20  # bytes of a zip's directory
MAX_ENTRIES = 50_000
MAX_PART = 1 << 20  # bytes of [Content_Types].xml

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00\x08\x00", "image/tiff"),
    (b"MM\x00+\x00\x08", "image/tiff"),
    (b"{\\rtf", RTF),  # before the kinds of text: it may hold pictures as they are
)
MIMETYPE = re.compile(rb"mimetype(application/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]+?))(?=PK|[^a-z-]|$)")
OFFICE_PARTS = {"word": WORD, "ppt": SLIDES, "xl": SHEETS}
OFFICE_MAIN = {
    "wordprocessingml.document.main+xml": WORD,
    "presentationml.presentation.main+xml": SLIDES,
    "presentationml.slideshow.main+xml": SLIDES,
    "spreadsheetml.sheet.main+xml": SHEETS,
}
BY_EXTENSION = {".docx": WORD, ".pptx": SLIDES, ".xlsx": SHEETS}
OLE_STREAMS = (
    ("__properties_version1.0", OUTLOOK, "an Outlook message"),
    ("__substg1.0_", OUTLOOK, "an Outlook message"),
    ("__nameid_version1.0", OUTLOOK, "an Outlook message"),
    ("WordDocument", OLD_WORD, "a Word 97–2003 document"),
    ("PowerPoint Document", OLD_SLIDES, "a PowerPoint 97–2003 presentation"),
    ("Workbook", OLD_SHEETS, "an Excel 97–2003 workbook"),
    ("Book", OLD_SHEETS, "an Excel 97–2003 workbook"),
)
THROUGH_LIBREOFFICE = frozenset({OLD_WORD, OLD_SLIDES, OLD_SHEETS})
TEXT_EXTENSIONS = {
    ".md": MARKDOWN, ".markdown": MARKDOWN, ".mdown": MARKDOWN, ".mkd": MARKDOWN,
    ".csv": CSV, ".tsv": CSV, ".tab": CSV,
    ".html": HTML, ".htm": HTML, ".xhtml": HTML, ".shtml": HTML,
}  # fmt: skip

# Atomic groups and bounds, and after `^` no `\s` that runs on over the lines: whoever writes the file chooses what
# these patterns run on, in the serving process.
PROLOGUE = r"(?>(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*)"
ROOT = re.compile(PROLOGUE + r"<(?:[A-Za-z_][\w.-]{0,99}:)?([A-Za-z_][\w.-]{0,99})", re.S | re.I)
HTML_START = re.compile(r"(?>(?>\s+|<!--.*?-->|<\?xml[^>]*>)*)<(?:!doctype\s+html|html|head|body)\b", re.S | re.I)
HTML_TAG = re.compile(
    r"</?(?:p|div|span|table|title|meta|h[1-6]|ul|ol|li|a|br|img|script|style|center|font|b|i)\b", re.I
)
JSON_START = re.compile(
    r'\s*(?:\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\}\s*$)|\[\s*(?:\{\s*"|\[\s*["\d\[{-]|"(?:[^"\\]|\\.)*"\s*[,\]]))'
)
HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: |\t|$)")
MBOX_LINE = re.compile(r"\AFrom \S++ (?>[^\n]*?\d{4})[^\n]*+\n")
NEXT_MAIL = re.compile(r"\n\r?\nFrom \S++ (?>[^\n]*?\d{4})[^\n]*+\n")
MAIL_HEADERS = frozenset({"mime-version", "message-id", "received", "return-path", "delivered-to", "content-type"})
MAIL_FIRST = MAIL_HEADERS | {"from", "to", "subject", "date", "sender", "reply-to", "cc"}
MARKDOWN_SIGNS = (
    re.compile(r"^#{1,6} \S", re.M),
    re.compile(r"^(?:```|~~~)", re.M),
    re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)"),
    re.compile(r"^[ \t]*+[-*+] \S", re.M),
    re.compile(r"^\|.*\|[ \t]*+\r?\n\|[ \t:|-]+\|[ \t]*+\r?$", re.M),
    re.compile(r"\*\*[^*\n]{1,200}\*\*"),
)


def media_type_of(path: Path, name: str) -> str:
    """A key of ACCEPTED. Raises UnsupportedType, naming what was met; BadRequest for an empty file."""
    extension = PurePath(name.strip()).suffix.lower()
    with path.open("rb") as file:
        head = file.read(HEAD)
        if not head.strip(b"\x00 \t\r\n"):
            raise BadRequest("the file is empty")
        found = (
            _signature(head)
            or _pdf(head)
            or _container(file, head, extension)
            or _text(head, extension)
            or _raw_mail(head, extension)
        )
    if found is None:
        raise _refused(_guess(head))
    return found


def _refused(what: str) -> UnsupportedType:
    return UnsupportedType(f"this is {what}; taken in are {', '.join(ACCEPTED.values())}")


def _guess(head: bytes) -> str:
    """What something binary is, as far as its first bytes tell."""
    if head.startswith(TNEF):
        return "an Outlook winmail.dat"
    kind = filetype.guess(head[:8192])
    if kind is None:
        return "neither text nor a known kind of file"
    return f"{'an' if kind.extension[0] in 'aeiou' else 'a'} {kind.extension.upper()} file ({kind.mime})"


# ---------------------------------------------------------------- by their first bytes


def _signature(head: bytes) -> str | None:
    for signature, media_type in SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and b"\x00" in head[2:30]:  # a text may well begin with "BM"
        return "image/bmp"
    return None


def _pdf(head: bytes) -> str | None:
    """`%PDF-` at the start, or within the first kB as readers allow, if PDF objects follow (not a text on PDF)."""
    start = head.find(b"%PDF-", 0, 1029)
    if start < 0:
        return None
    if start == 0 or re.search(rb"\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b", head[start:]):
        return PDF
    return None


# ---------------------------------------------------------------- containers


def _container(file: BinaryIO, head: bytes, extension: str) -> str | None:
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(file, head, extension)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(file, head, extension)
    return None


def _ole(file: BinaryIO, head: bytes, extension: str) -> str:
    """The old Office container; an encrypted new Office file hides inside one."""
    names = _ole_directory(file, head)
    if "EncryptedPackage".encode("utf-16-le") in names:
        return BY_EXTENSION.get(extension, WORD)  # parsing will say that it needs a password
    for stream, media_type, what in OLE_STREAMS:
        if stream.encode("utf-16-le") in names:
            if media_type in THROUGH_LIBREOFFICE and not installed():
                raise UnsupportedType(f"this is {what}, which is read through LibreOffice, and that is not installed")
            return media_type
    raise _refused("an old Office file")


def _ole_directory(file: BinaryIO, head: bytes) -> bytes:
    """The first names of the container's directory: the header says in which sector they begin."""
    if len(head) < 512:
        return b""
    shift, first = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    if shift not in (9, 12):
        return b""
    file.seek((first + 1) << shift)
    return file.read(1 << 14)


def _zip(file: BinaryIO, head: bytes, extension: str) -> str:
    names, types = _zip_directory(file)
    if not names:
        names = _names_before_parts(head)
    for content_type, media_type in OFFICE_MAIN.items():
        if content_type in types:
            return media_type
    if "macroEnabled" in types:
        raise _refused("an Office file with macros")
    if "template.main+xml" in types:
        raise _refused("an Office template")
    if any("[Content_Types].xml" in name for name in names):
        return _by_folder(names, extension)
    return _other_zip(head, names)


def _names_before_parts(head: bytes) -> list[str]:
    """A zip that was cut off has lost its directory, but each part's name also stands before the part."""
    starts = [match.start() for match in re.finditer(rb"PK\x03\x04", head) if match.start() + 30 <= len(head)]
    lengths = [struct.unpack_from("<H", head, start + 26)[0] for start in starts]
    return [
        head[start + 30 : start + 30 + length].decode("utf-8", "replace")
        for start, length in zip(starts, lengths, strict=True)
    ]


def _by_folder(names: list[str], extension: str) -> str:
    for name in names:
        for folder, media_type in OFFICE_PARTS.items():
            if name.startswith(f"{folder}/"):
                return media_type
    if extension in BY_EXTENSION:
        return BY_EXTENSION[extension]
    raise _refused("an Office file of another kind")


def _other_zip(head: bytes, names: list[str]) -> str:
    kind = MIMETYPE.search(head[:200])
    stated = kind.group(1).decode("ascii") if kind else ""
    if stated in (EPUB, OPEN_TEXT, OPEN_SHEETS, OPEN_SLIDES):
        return stated
    if stated.startswith("application/vnd.oasis.opendocument"):
        raise _refused("an OpenDocument file of another kind")
    if any(name.endswith(".iwa") or name.startswith("index.apxl") for name in names):
        raise _refused("an iWork document")
    return ZIP


def _zip_directory(file: BinaryIO) -> tuple[list[str], str]:
    """The names in a zip and its [Content_Types].xml; nothing when it is damaged or its directory is huge."""
    if not modest_directory(file):
        return [], ""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" not in names:
                return names, ""
            with archive.open("[Content_Types].xml") as part:
                return names, part.read(MAX_PART).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError):
        return [], ""  # RuntimeError: encrypted; NotImplementedError: a compression nobody uses


def modest_directory(file: BinaryIO) -> bool:
    """Whether the directory is of a size worth reading: `ZipFile` would load millions of entries."""
    size = file.seek(0, 2)
    start = max(0, size - 66_000)  # its record stands at the end, before a comment of at most 64 kB
    file.seek(start)
    tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or found + 20 > len(tail):
        return False
    entries: int
    length: int
    entries, length = struct.unpack_from("<HI", tail, found + 10)
    return entries <= MAX_ENTRIES and length <= MAX_DIRECTORY  # zip64 writes 0xFFFF: too many


# ---------------------------------------------------------------- kinds of text


def _text(head: bytes, extension: str) -> str | None:
    found = encoding_of(head, whole=len(head) < HEAD)
    if found is None:
        return None
    codec, mark = found
    text = head[mark:].decode(codec, errors="replace").lstrip("\ufeff")
    for media_type, is_it in TEXT_TYPES.items():
        if is_it(text, extension):
            return media_type
    for what, is_it in NOT_TAKEN.items():
        if is_it(text, extension):
            raise _refused(what)
    root = _root(text)
    if root == "svg":
        return SVG
    if HTML_START.match(text) or root == "html":
        return HTML
    if text.lstrip().startswith("<?xml") and extension not in (".html", ".htm", ".xhtml"):
        raise _refused("an XML file")
    return TEXT_EXTENSIONS.get(extension) or _kind_of_text(text, extension)


def _kind_of_text(text: str, extension: str) -> str:
    if extension not in (".txt", ".text", ".log", ".rst", ".org", ""):
        return PLAIN  # source code, settings, …
    if HTML_TAG.match(text.lstrip()) and extension == "":
        return HTML
    if _tabular(text):
        return CSV
    signs = sum(bool(sign.search(text)) for sign in MARKDOWN_SIGNS)
    return MARKDOWN if extension == "" and signs >= 2 else PLAIN


def _tabular(text: str) -> bool:
    """At least five lines, each cut the same number of times, twice or more, by the same sign."""
    lines = [line for line in text.split("\n")[:200] if line.strip()][:-1] or [""]
    return len(lines) >= 5 and any(
        len({line.count(sign) for line in lines}) == 1 and lines[0].count(sign) >= 2 for sign in "\t;|,"
    )


def _root(text: str) -> str:
    """The name of the XML root element; empty when the text does not begin with one."""
    if not text.lstrip().startswith("<"):
        return ""
    match = ROOT.match(text)
    return match.group(1).lower() if match else ""


def _is_mail(text: str, extension: str) -> bool:
    """A block of header lines, with one that only mail programs write."""
    names: list[str] = []
    for line in MBOX_LINE.sub("", text.lstrip("\n\r"), count=1).splitlines()[:60]:
        if line[:1] in (" ", "\t") and names:
            continue
        match = HEADER_LINE.match(line)
        if not match:
            break
        names.append(match.group(1).lower())
    if not names or not MAIL_FIRST.intersection(names):
        return extension in (".eml", ".mht", ".mhtml") and bool(names)
    return extension in (".eml", ".mht", ".mhtml") or (len(names) >= 3 and bool(MAIL_HEADERS.intersection(names)))


def _raw_mail(head: bytes, extension: str) -> str | None:
    """A mail whose attachments stand in it as they are is no text, but it begins as one."""
    headers = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return MAIL if b"\x00" not in headers and _is_mail(headers.decode("latin-1"), extension) else None


def _is_mailbox(text: str, extension: str) -> bool:
    """Mails one after the other: at least two in what was read, or a file that is called so."""
    if not MBOX_LINE.match(text) or not _is_mail(text, extension):
        return False
    return extension == ".mbox" or NEXT_MAIL.search(text) is not None


def _is_json(text: str, extension: str) -> bool:
    if extension in (".json", ".geojson", ".ipynb"):
        return text.lstrip()[:1] in ("{", "[")
    return extension not in TEXT_EXTENSIONS and bool(JSON_START.match(text))


def _is_json_lines(text: str, extension: str) -> bool:
    if extension in (".jsonl", ".ndjson"):
        return text.lstrip()[:1] in ("{", "[")
    lines = [line for line in text.split("\n")[:4] if line.strip()]
    return len(lines) > 1 and all(line.startswith("{") and line.rstrip().endswith("}") for line in lines[:-1])


TEXT_TYPES: dict[str, Callable[[str, str], bool]] = {
    RTF: lambda text, _: text.lstrip().startswith("{\\rtf"),
    MAILBOX: _is_mailbox,
    MAIL: _is_mail,
    JSON_LINES: _is_json_lines,
    JSON: _is_json,
}
NOT_TAKEN: dict[str, Callable[[str, str], bool]] = {
    "a PostScript file": lambda text, _: text.startswith("%!PS"),
    "an XML file": lambda text, extension: (
        extension in (".xml", ".xsd", ".xsl", ".rss", ".atom")
        and text.lstrip().startswith("<")
        and _root(text) not in ("svg", "html")
    ),
}
