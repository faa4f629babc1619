"""Lists what ZIP and OLE containers hold, without unpacking them; quick, and safe on damaged ones."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import BinaryIO

MAX_DIRECTORY = 16 << 20  # bytes of a zip's directory
MAX_ENTRIES = 50_000
MAX_PART = 1 << 20  # bytes of [Content_Types].xml


def ole_directory(file: BinaryIO, head: bytes) -> bytes:
    """The first names of the container's directory: the header says in which sector they begin."""
    if len(head) < 512:
        return b""
    shift, first = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    if shift not in (9, 12):
        return b""
    file.seek((first + 1) << shift)
    return file.read(1 << 14)


def zip_directory(file: BinaryIO, head: bytes) -> tuple[list[str], str]:
    """The names in a zip and its [Content_Types].xml. Of one that is damaged or has a huge directory, the names that
    stand before its first parts."""
    names, types = _directory(file)
    return names or _names_before_parts(head), types


def _directory(file: BinaryIO) -> tuple[list[str], str]:
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


def _names_before_parts(head: bytes) -> list[str]:
    """A zip that was cut off has lost its directory, but each part's name also stands before the part."""
    starts = [match.start() for match in re.finditer(rb"PK\x03\x04", head) if match.start() + 30 <= len(head)]
    lengths = [struct.unpack_from("<H", head, start + 26)[0] for start in starts]
    return [
        head[start + 30 : start + 30 + length].decode("utf-8", "replace")
        for start, length in zip(starts, lengths, strict=True)
    ]


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
