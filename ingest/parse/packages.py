"""Opens an Office file (a zip of XML parts) only when that is safe: not encrypted, cut off or a bomb, no entities."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from domain.errors import NeedsPassword, Unreadable
from ingest.parse.parts import without_parts

MAX_TOTAL = 512 << 20  # bytes, unpacked
MAX_XML = 192 << 20
MAX_RATIO = 200  # unpacked to packed, of what is over MAX_SMALL; sheets of zeros reach 50
MAX_SMALL = 32 << 20
MAX_PARTS = 20_000
MAX_TITLE = 200
OLE = b"\xd0\xcf\x11\xe0"
MARKUP = (".xml", ".rels", ".vml")
NEVER_READ = (".bin", ".mp4", ".mov", ".avi", ".wmv", ".mp3", ".wav", ".m4a")
WIDE = ("utf-16-le", "utf-16-be")
RUBY, BASE, BASE_ENDS = b"<w:ruby>", b"<w:rubyBase>", b"</w:rubyBase></w:ruby>"
TEXT = re.compile(rb"<w:t(?: [^<>]*)?>[^<]*</w:t>")
PLACEHOLDER_TITLE = re.compile(
    r"(?:powerpoint[- ]presentation|presentation|document|untitled|title|slide) ?\d*|(?:microsoft \w+ - .*)", re.I
)


@contextmanager
def package(path: Path) -> Iterator[zipfile.ZipFile]:
    """The checked zip. What is found to be damaged while it is read is Unreadable as well."""
    with path.open("rb") as file:
        if file.read(4) == OLE:
            raise NeedsPassword("needs a password")
        try:
            with zipfile.ZipFile(file) as archive:
                _check(archive)
                yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise Unreadable("the file is damaged or cut off") from error


def _check(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise NeedsPassword("needs a password")
    if len(parts) > MAX_PARTS:
        raise Unreadable(f"it has {len(parts)} parts; at most {MAX_PARTS} are read")
    total = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    largest = max((part.file_size for part in parts if part.filename.endswith(MARKUP)), default=0)
    if total > MAX_TOTAL or largest > MAX_XML or (total > MAX_SMALL and total > MAX_RATIO * packed):
        raise Unreadable(f"it unpacks to {total >> 20} MB from {packed >> 10} kB: more than is safe to read")


def cleaned(path: Path) -> io.BytesIO:
    """The package without comments in its markup and without what is never read (macros, embedded programs, films).
    Refuses document type definitions: Office writes none, and entities are made in them."""
    copy = io.BytesIO()
    with package(path) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        seen: set[str] = set()
        for part in archive.infolist():
            if part.filename in seen or part.is_dir():
                continue
            seen.add(part.filename)
            target.writestr(part.filename, _part(archive, part))
    copy.seek(0)
    return copy


def _part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    name = part.filename.lower()
    if not name.endswith(MARKUP):
        return b"" if name.endswith(NEVER_READ) else archive.read(part)
    data = archive.read(part)
    _refuse_entities(data)
    return _without_ruby(without_parts(data, b"<!--", b"-->", b""))  # docling stops at a comment in the body


def _refuse_entities(data: bytes) -> None:
    if any(f"<!{word}".encode(codec) in data for word in ("DOCTYPE", "ENTITY") for codec in ("ascii", *WIDE)):
        raise Unreadable("its markup defines entities, which is not safe to read")


def _without_ruby(data: bytes) -> bytes:
    """Of characters with their pronunciation above, the characters: docling would lose both."""
    kept: list[bytes] = []
    at = 0
    while (start := data.find(RUBY, at)) >= 0:
        base = data.find(BASE, start)
        end = data.find(BASE_ENDS, base) if base >= 0 else -1
        if end < 0:
            break
        kept += [data[at:start], *TEXT.findall(data, base + len(BASE), end)]
        at = end + len(BASE_ENDS)
    return b"".join([*kept, data[at:]])


def xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A part's markup; None when there is no such part."""
    if name not in archive.namelist():
        return None
    data = archive.read(name)
    _refuse_entities(data)
    try:
        return fromstring(data)  # noqa: S314  # without a document type it defines no entities
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"its part {name} is damaged") from error


def title(archive: zipfile.ZipFile) -> str | None:
    """The title that its author gave it."""
    try:
        core = xml(archive, "docProps/core.xml")
    except Unreadable:  # a matter of decoration
        return None
    words = "" if core is None else core.findtext("{http://purl.org/dc/elements/1.1/}title") or ""
    words = " ".join(words.split())[:MAX_TITLE]
    return words if words and not PLACEHOLDER_TITLE.fullmatch(words) else None
