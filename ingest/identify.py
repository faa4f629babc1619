"""Tells what a file is from its content; runs at upload, so it is quick, reads little and crashes on nothing.

The signs of each format stand in its row (ingest/parse/formats.py). They are looked for in this order: first bytes,
PDF, ZIP and OLE containers, kinds of text. The name's extension decides only between kinds of text, and for containers
that hide what they hold.
"""

from __future__ import annotations

import re
from os import SEEK_END
from pathlib import Path, PurePath
from typing import BinaryIO

import filetype

from domain.errors import BadRequest, UnsupportedType
from ingest import text_kinds
from ingest.containers import ole_directory, zip_directory
from ingest.encodings import encoding_of, first_but
from ingest.libreoffice import installed
from ingest.parse.formats import (
    CSV,
    FORMATS,
    HTML,
    JSON,
    JSON_LINES,
    MAIL,
    MARKDOWN,
    PDF,
    PLAIN,
    WORD,
    ZIP,
    Format,
    accepted,
)

HEAD = 1 << 16
BLANKS = b"\x00 \t\r\n"
TNEF = b"\x78\x9f\x3e\x22"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PDF_OBJECT = re.compile(rb"\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b")
MIMETYPE = re.compile(rb"mimetype(application/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]+?))(?=PK|[^a-z-]|$)")
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
TEXTS_REFUSED: tuple[tuple[str, text_kinds.IsText], ...] = (
    ("a PostScript file", text_kinds.is_postscript),
    ("an XML file", text_kinds.is_xml),
    ("an XML file", text_kinds.is_unnamed_xml),
)
READ_PAST_BLANKS = frozenset({PLAIN, MARKDOWN, HTML, CSV, JSON, JSON_LINES})
NAMES_OF_TEXTS = (".txt", ".text", ".log", ".rst", ".org", "")


def media_type_of(path: Path, name: str) -> str:
    """A key of FORMATS. Raises UnsupportedType, naming what was met; BadRequest for an empty file."""
    extension = PurePath(name.strip()).suffix.lower()
    with path.open("rb") as file:
        head = file.read(HEAD)
        if not head.strip(BLANKS):
            return _after_blanks(file, extension)
        found = (
            _by_first_bytes(head)
            or _pdf(head)
            or _container(file, head, extension)
            or _text(head, extension)
            or (MAIL if text_kinds.is_mail_with_bytes(head, extension) else None)
        )
    if found is None:
        raise _refused(_guess(head))
    return found


def _after_blanks(file: BinaryIO, extension: str) -> str:
    """Of a file whose head holds nothing: text can begin later, other kinds of files can't."""
    begins = first_but(file, BLANKS)
    if begins is None:
        raise BadRequest(_nothing(file))
    file.seek(begins)
    found = _text(file.read(HEAD), extension)
    if found is None:
        raise _refused(f"a file that begins with {begins:,} blank bytes and goes on as no text")
    return found if found in READ_PAST_BLANKS else PLAIN


def _nothing(file: BinaryIO) -> str:
    size = file.seek(0, SEEK_END)
    if size == 0:
        return "the file is empty"
    if first_but(file, b"\x00") is None:
        return f"the file holds nothing but zero bytes ({size:,} of them): it may be damaged"
    return f"the file holds nothing but blanks ({size:,} bytes)"


def _refused(what: str) -> UnsupportedType:
    return UnsupportedType(f"this is {what}; taken in are {accepted()}")


def _guess(head: bytes) -> str:
    """What something binary is, as far as its first bytes tell."""
    if head.startswith(TNEF):
        return "an Outlook winmail.dat"
    kind = filetype.guess(head[:8192])
    if kind is None:
        return "neither text nor a known kind of file"
    return f"{'an' if kind.extension[0] in 'aeiou' else 'a'} {kind.extension.upper()} file ({kind.mime})"


def _by_first_bytes(head: bytes) -> str | None:
    for row in FORMATS.values():
        if row.signs.begins is not None and row.signs.begins.match(head):
            return row.media_type
    return None


def _pdf(head: bytes) -> str | None:
    """`%PDF-` at the start, or within the first kB as readers allow, if PDF objects follow (not a text on PDF)."""
    start = head.find(b"%PDF-", 0, 1029)
    if start < 0:
        return None
    return PDF if start == 0 or PDF_OBJECT.search(head[start:]) else None


# ---------------------------------------------------------------- containers


def _container(file: BinaryIO, head: bytes, extension: str) -> str | None:
    if head.startswith(OLE):
        return _ole(file, head, extension)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(file, head, extension)
    return None


def _ole(file: BinaryIO, head: bytes, extension: str) -> str:
    """The old Office container; an encrypted new Office file hides inside one."""
    names = ole_directory(file, head)
    if "EncryptedPackage".encode("utf-16-le") in names:
        return _office_named(extension) or WORD  # parsing will say that it needs a password
    for row in FORMATS.values():
        if any(stream.encode("utf-16-le") in names for stream in row.signs.ole_streams):
            _check_libreoffice(row)
            return row.media_type
    raise _refused("an old Office file")


def _check_libreoffice(row: Format) -> None:
    if row.through_libreoffice and not installed():
        what = row.through_libreoffice
        raise UnsupportedType(f"this is {what}, which is read through LibreOffice, and that is not installed")


def _zip(file: BinaryIO, head: bytes, extension: str) -> str:
    names, types = zip_directory(file, head)
    for row in FORMATS.values():
        if any(content_type in types for content_type in row.signs.office_types):
            return row.media_type
    if "macroEnabled" in types:
        raise _refused("an Office file with macros")
    if "template.main+xml" in types:
        raise _refused("an Office template")
    if any("[Content_Types].xml" in name for name in names):
        return _by_folder(names, extension)
    return _other_zip(head, names)


def _by_folder(names: list[str], extension: str) -> str:
    folders = {row.signs.office_folder: row.media_type for row in FORMATS.values() if row.signs.office_folder}
    for name in names:
        folder, slash, _ = name.partition("/")
        if slash and folder in folders:
            return folders[folder]
    if found := _office_named(extension):
        return found
    raise _refused("an Office file of another kind")


def _office_named(extension: str) -> str | None:
    named = (row.media_type for row in FORMATS.values() if extension and row.signs.office_extension == extension)
    return next(named, None)


def _other_zip(head: bytes, names: list[str]) -> str:
    kind = MIMETYPE.search(head[:200])
    stated = kind.group(1).decode("ascii") if kind else ""
    if stated in FORMATS and FORMATS[stated].signs.says_so_in_zip:
        return stated
    if stated.startswith(OPEN_DOCUMENT):
        raise _refused("an OpenDocument file of another kind")
    if any(name.endswith(".iwa") or name.startswith("index.apxl") for name in names):
        raise _refused("an iWork document")
    return ZIP


# ---------------------------------------------------------------- kinds of text


def _text(head: bytes, extension: str) -> str | None:
    found = encoding_of(head, whole=len(head) < HEAD)
    if found is None:
        return None
    codec, mark = found
    text = head[mark:].decode(codec, errors="replace").lstrip("\ufeff")
    for row in FORMATS.values():
        if row.signs.is_text is not None and row.signs.is_text(text, extension):
            return row.media_type
    for what, is_it in TEXTS_REFUSED:
        if is_it(text, extension):
            raise _refused(what)
    named = (row.media_type for row in FORMATS.values() if extension in row.signs.text_extensions)
    return next(named, None) or _kind_of_text(text, extension)


def _kind_of_text(text: str, extension: str) -> str:
    if extension not in NAMES_OF_TEXTS:
        return PLAIN  # source code, settings, …
    if extension == "" and text_kinds.begins_with_a_tag(text):
        return HTML
    if text_kinds.is_tabular(text):
        return CSV
    return MARKDOWN if extension == "" and text_kinds.looks_like_markdown(text) else PLAIN
