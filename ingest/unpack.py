"""Takes archives and mails apart into files; runs in a sandboxed child, since the files are unchecked.

Names inside an archive are only ever shown: what is taken out lies under numbers in a folder of ours, so a path cannot
lead anywhere. A dangerous or broken member is refused with a sentence; the others are taken in.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from domain.errors import BadRequest, ExhibitError, TooLarge, Unavailable, Unreadable
from domain.limits import variable
from ingest.containers import modest_directory
from ingest.encodings import decode
from ingest.file_names import clean_name, clean_path
from ingest.parse.formats import MAIL, MAILBOX, OUTLOOK, ZIP
from ingest.parse.mail import MAX_BYTES as MAX_MAIL
from ingest.parse.mail import Mail, read_mail
from ingest.parse.outlook import read_outlook

ARCHIVES = frozenset({ZIP, MAILBOX})
MAILS = frozenset({MAIL, OUTLOOK})

MAX_DEPTH = 5  # archives and mails inside each other
PIECE = 1 << 20
MAX_RATIO = 200  # unpacked to packed, of a member or archive that unpacks to more than MAX_SMALL
MAX_SMALL = 32 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA's dictionary may be any size
LITTER = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)", re.I)
LEADS_OUT = re.compile(r"^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)")
ENVELOPE = re.compile(rb"From \S+ .*\d{4}\s*$")


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What may still be unpacked. One upload has one allowance, however deep its archives are nested."""

    members: int
    total: int  # bytes
    member: int  # bytes of one of them


@dataclass(frozen=True, slots=True)
class Member:
    file: Path
    path: str  # as it is called inside
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return clean_name(self.path)


@dataclass(frozen=True, slots=True)
class Unpacked:
    members: tuple[Member, ...]
    refused: tuple[tuple[str, ExhibitError], ...]


def unpack(path: Path, media_type: str, folder: Path, limits: UnpackLimits) -> Unpacked:
    """Writes the members into the (existing, empty) folder. Raises Unreadable or TooLarge for the whole of it."""
    bench = _Bench(folder, limits, path.stat().st_size)
    if media_type == ZIP:
        _unzip(path, bench)
    elif media_type == MAILBOX:
        _open_mailbox(path, bench)
    else:
        _detach(read_outlook(path) if media_type == OUTLOOK else read_mail(path), bench)
    return Unpacked(tuple(bench.members), tuple(_refused(bench)))


@dataclass(slots=True)
class _Bench:
    """The folder for unpacked members, and their count."""

    folder: Path
    limits: UnpackLimits
    packed: int  # bytes of the archive
    members: list[Member] = field(default_factory=list)
    refused: list[tuple[str, ExhibitError]] = field(default_factory=list)
    total: int = 0
    too_many: int = 0  # members that were left in it

    @property
    def full(self) -> bool:
        return len(self.members) >= self.limits.members

    def lay_out(self, path: str, pieces: Iterator[bytes], packed: int | None = None) -> None:
        """Copies one member piece by piece; when it fails, nothing of it stays."""
        file = self.folder / f"{len(self.members) + len(self.refused)}"
        digest, size = hashlib.sha256(), 0
        try:
            with file.open("xb") as out:
                for piece in pieces:
                    size += len(piece)
                    self._check(size, packed)
                    digest.update(piece)
                    out.write(piece)
        except (ExhibitError, *BROKEN) as error:
            file.unlink(missing_ok=True)
            self.refuse(path, error if isinstance(error, ExhibitError) else BadRequest(_broken(error)))
            return
        self.total += size
        self.members.append(Member(file, path, size, digest.hexdigest()))

    def refuse(self, path: str, error: ExhibitError) -> None:
        if len(self.refused) < self.limits.members:
            self.refused.append((path, error))

    def _check(self, size: int, packed: int | None) -> None:
        if size > self.limits.member:
            raise TooLarge(f"it is larger than the limit of {self.limits.member >> 20} MB")
        if self.total + size > self.limits.total:
            raise TooLarge(f"the archive unpacks to more than {self.limits.total >> 20} MB")
        if packed is not None and (_a_bomb(size, packed) or _a_bomb(self.total + size, self.packed)):
            raise TooLarge(f"it unpacks to over {MAX_RATIO} times its size: more than is safe to read")


def _refused(bench: _Bench) -> Iterator[tuple[str, ExhibitError]]:
    """Those left in it for their number are told together: each alone would make the reply as large as they are."""
    yield from bench.refused
    if bench.too_many:
        taken, there = len(bench.members), len(bench.members) + len(bench.refused) + bench.too_many
        limit = f"{variable('attachments')} is the limit for one upload"
        yield "", TooLarge(f"only {taken:,} of its {there:,} files were taken in; {limit}")


def _a_bomb(size: int, packed: int) -> bool:
    return size > MAX_SMALL and size > MAX_RATIO * packed


# ---------------------------------------------------------------- ZIP

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)


def _broken(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        raise Unavailable(f"What is in the archive could not be stored: {error.strerror}.") from error
    return "it is damaged or cut off"


def _unzip(path: Path, bench: _Bench) -> None:
    with path.open("rb") as file:
        if not modest_directory(file):
            raise Unreadable("the archive is damaged or cut off, or has too many entries to be read")
        try:
            with zipfile.ZipFile(file) as archive:
                for entry in archive.infolist():
                    _take_out(archive, entry, bench)
        except BROKEN as error:
            raise Unreadable(_broken(error).replace("it is", "the archive is", 1)) from error


def _take_out(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, bench: _Bench) -> None:
    name = _entry_name(entry)
    path = clean_path(name)
    if entry.is_dir() or LITTER.search(path):
        return
    if bench.full:
        bench.too_many += 1
    elif (why := _why_not(entry, name)) is not None:
        bench.refuse(path, BadRequest(why))
    else:
        bench.lay_out(path, _pieces(lambda: archive.open(entry)), entry.compress_size)


def _why_not(entry: zipfile.ZipInfo, name: str) -> str | None:
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, not a file"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a device, not a file"
    if LEADS_OUT.search(name):
        return "its path leads out of the archive"
    if entry.flag_bits & 1:
        return "it needs a password"
    if entry.compress_type not in METHODS:
        return "it is compressed in a way that is not read here"
    if entry.file_size == 0:
        return "the file is empty"
    return None


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """A name that is not marked as UTF-8 is in the encoding of the system that made it."""
    if entry.flag_bits & 0x800:
        return entry.orig_filename
    try:
        raw = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.orig_filename
    return (None if raw.isascii() else decode(raw)) or entry.orig_filename


def _pieces(opened: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    with opened() as source:
        while piece := source.read(PIECE):
            yield piece


# ---------------------------------------------------------------- mails


def _open_mailbox(path: Path, bench: _Bench) -> None:
    """The mails of a mailbox file; each begins after an empty line with its envelope."""
    sheet = _Sheet(bench)
    with path.open("rb") as file:
        after_empty = True
        while line := file.readline(PIECE):
            if after_empty and line.startswith(b"From ") and ENVELOPE.match(line[:1000]):
                sheet.end()
            else:
                sheet.add(line)
            after_empty = not line.strip()
    sheet.end()


@dataclass(slots=True)
class _Sheet:
    """Gathers the lines of one mail, and its size; a mail that is too large is not kept."""

    bench: _Bench
    number: int = 0
    size: int = 0
    lines: list[bytes] = field(default_factory=list)

    def add(self, line: bytes) -> None:
        self.size += len(line)
        if self.size <= MAX_MAIL:
            self.lines.append(line)

    def end(self) -> None:
        data, size = b"".join(self.lines), self.size
        self.lines, self.size = [], 0
        if not data.strip():
            return
        self.number += 1
        name = f"{self.number}.eml"
        if self.bench.full:
            self.bench.too_many += 1
        elif size > MAX_MAIL:
            self.bench.refuse(name, TooLarge(f"the e-mail is larger than {MAX_MAIL >> 20} MB"))
        else:
            self.bench.lay_out(name, iter([data]))


def _detach(mail: Mail, bench: _Bench) -> None:
    for attachment in mail.attachments:
        if bench.full:
            bench.too_many += 1
            continue
        data = attachment.data()
        if data.strip(b"\x00 \t\r\n"):
            bench.lay_out(attachment.name, iter([data]))
        else:
            bench.refuse(attachment.name, BadRequest("the file is empty"))
