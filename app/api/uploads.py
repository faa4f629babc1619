"""Reads a multipart upload as it arrives: straight into files, hashed and counted, never held in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.api.bodies import MOST_METADATA, Metadata, small
from app.api.letters import check_json, check_whole
from app.services.library import Upload
from domain.documents import Fetched
from domain.errors import BadRequest, ExhibitError, TooLarge, Unavailable, UnsupportedType
from ingest.file_names import clean_name

MAX_FIELD = 64 * 1024  # bytes as they are sent: of the metadata, with spaces and escapes
MAX_FILES = 1000
MAX_FIELDS = 100  # besides files
# Bytes of an oversize file skipped to reach later parts: factor × limit, capped.
PASSED_OVER, MOST_PASSED_OVER = 2, 32 * 2**20
AT_ONCE = 2**20  # bytes gathered before a write in a thread
STARRED = re.compile(rb";\s*+filename\*\s*+=\s*+\"?([\w!#$&+^`{}~-]*+)'[\w-]*+'([^;\s\"]*+)", re.IGNORECASE)


Fetch = Callable[[str], Awaitable[Fetched]]


@dataclass(slots=True)
class Received:
    """The content of a request. A file that was too large and ended the reading is the last of the rejected."""

    uploads: list[Upload] = field(default_factory=list)
    rejected: list[tuple[str, ExhibitError]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    def discard(self) -> None:
        for upload in self.uploads:
            upload.file.unlink(missing_ok=True)


class UrlIn(BaseModel):
    """A page to be fetched and taken in."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=4000)
    metadata: Metadata = Field(default_factory=dict)


async def fetched(body: bytes, fetch: Fetch) -> Received:
    """Fetches an address, as if its content had been uploaded. Raises BadRequest, TooLarge, BadGateway, Unavailable."""
    if len(body) > MAX_FIELD:
        raise BadRequest(f"The body is longer than {MAX_FIELD} bytes.")
    try:
        wanted = UrlIn.model_validate(json.loads(body, parse_constant=_no_number))
    except (ValidationError, ValueError, RecursionError) as error:
        how = f'Send {{"url": "https://…"}} and, if you like, "metadata" (a JSON object, up to {MOST_METADATA} bytes).'
        raise BadRequest(how) from error
    found = await fetch(wanted.url)
    origin = {"url": wanted.url, "fetched_at": datetime.now(UTC).isoformat(timespec="seconds")}
    if found.url != wanted.url:
        origin["final_url"] = found.url
    upload = Upload(found.file, found.name, found.size, found.sha256)
    return Received([upload], metadata=wanted.metadata | origin)


async def receive(content_type: str, body: AsyncIterator[bytes], temporary: Callable[[], Path], limit: int) -> Received:
    """Raises UnsupportedType (not multipart), BadRequest (malformed), Unavailable (the disk is full).

    A file over `limit` bytes is refused and read past; when that takes too long, reading stops: the files before are
    kept, the rest is not read.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UnsupportedType(
            "Send files as multipart/form-data, in the field `file`, or the address of a page as JSON."
        )
    with ExitStack() as unless_finished:
        form = _Form(temporary, limit)
        unless_finished.callback(form.abandon)  # also when the client is gone: nothing half-written stays
        received = await _read_into(form, boundary, body)
        unless_finished.pop_all()
    return received


async def _read_into(form: _Form, boundary: bytes, body: AsyncIterator[bytes]) -> Received:
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async for piece in _gathered(body):
            await _beside(parser.write, piece)
            if form.stopped:
                break
        return form.finish()
    except FormParserError as error:
        raise BadRequest(f"The multipart body is malformed: {error}.") from error
    except OSError as error:
        raise Unavailable(f"The upload could not be stored: {error.strerror}.") from error


async def _beside(write: Callable[[bytes], object], piece: bytes) -> None:
    """In a thread; cancelled, it still waits for the thread, whose open file is discarded after it."""
    writing = asyncio.ensure_future(asyncio.to_thread(write, piece))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.gather(writing, return_exceptions=True)
        raise


async def _gathered(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for piece in body:
        gathered += piece
        if len(gathered) >= AT_ONCE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


class _Form:
    """The parser's callbacks: one part after the other, each a file or a field."""

    def __init__(self, temporary: Callable[[], Path], limit: int) -> None:
        self._temporary = temporary
        self._limit = limit
        self._received = Received()
        self._header_name, self._header_value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._field = ""
        self._parts = 0
        self._file: _File | None = None
        self._value = bytearray()
        self._ended = False
        self._too_large: str | None = None  # the name of the file that is being read past
        self._passed_over = 0  # bytes
        self.stopped = False

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def finish(self) -> Received:
        if not self._ended and not self.stopped:
            raise BadRequest("The multipart body ends too early.")
        return self._received

    def abandon(self) -> None:
        if self._file is not None:
            self._file.discard()
        self._received.discard()

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_FILES + MAX_FIELDS:
            raise BadRequest(f"At most {MAX_FILES} files and {MAX_FIELDS} fields in one request.")
        self._headers, self._field, self._value, self._file = {}, "", bytearray(), None

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        name = _file_name(disposition, options)
        if name is not None and self._field != "metadata":  # a browser's Blob has a name, whatever it is for
            if len(self._received.uploads) >= MAX_FILES:
                raise BadRequest(f"At most {MAX_FILES} files in one request.")
            self._file = _File(self._temporary(), name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self.stopped:
            return
        if self._too_large is not None:
            self._pass_over(self._too_large, end - start)
            return
        if self._file is None:
            self._value += data[start:end]
            if len(self._value) > MAX_FIELD:
                raise BadRequest(f"The field {self._field!r} is longer than {MAX_FIELD} bytes.")
            return
        self._file.write(memoryview(data)[start:end])
        if self._file.size > self._limit:
            self._file.discard()
            self._too_large, self._file = self._file.name, None

    def _pass_over(self, name: str, size: int) -> None:
        self._passed_over += size
        if self._passed_over > min(PASSED_OVER * self._limit, MOST_PASSED_OVER):
            self._refuse(name, "; nothing after it was read")
            self.stopped = True

    def _refuse(self, name: str, more: str = "") -> None:
        refusal = TooLarge(f"{name} is larger than the limit of {self._limit // 2**20} MB{more}.")
        self._received.rejected.append((name, refusal))
        self._too_large = None

    def _on_part_end(self) -> None:
        if self.stopped:
            return
        if self._too_large is not None:
            self._refuse(self._too_large)
        elif self._file is not None:
            self._finish_file(self._file)
        elif self._field == "metadata":
            self._received.metadata = _metadata(bytes(self._value))
        elif self._field == "file":
            raise BadRequest("The field `file` holds no file: give it a file name.")

    def _finish_file(self, file: _File) -> None:
        upload = file.finish()
        self._file = None
        if self._field == "file":
            self._received.uploads.append(upload)
        else:
            upload.file.unlink()
            self._received.rejected.append(
                (upload.name, BadRequest(f"Files go into the field `file`, not {self._field!r}."))
            )

    def _on_end(self) -> None:
        self._ended = True


class _File:
    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.size = 0
        self._path = path
        self._hash = hashlib.sha256()
        self._out: IO[bytes] = path.open("wb")

    def write(self, data: memoryview) -> None:
        self._out.write(data)
        self._hash.update(data)
        self.size += len(data)

    def finish(self) -> Upload:
        self._out.close()
        return Upload(self._path, self.name, self.size, self._hash.hexdigest())

    def discard(self) -> None:
        self._out.close()
        self._path.unlink(missing_ok=True)


def _file_name(disposition: bytes, options: dict[bytes, bytes]) -> str | None:
    """The name to show, or None when the part is no file. Browsers send UTF-8; RFC 5987's filename* wins."""
    if starred := STARRED.search(disposition):  # read here: the library leaves it out
        charset = "latin-1" if starred.group(1).lower() == b"iso-8859-1" else "utf-8"  # RFC 5987 knows these two
        name = unquote_to_bytes(starred.group(2))
        if charset == "utf-8":
            check_whole("A file's name", name)
        return clean_name(name.decode(charset, "replace"))
    if (plain := options.get(b"filename")) is None:
        return None
    check_whole("A file's name", plain)
    return clean_name(plain.decode("utf-8", "replace"))


def _metadata(value: bytes) -> dict[str, Any]:
    try:
        check_json("The field `metadata`", value)
        metadata = json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The field `metadata` is not JSON: {error}.") from error
    if not isinstance(metadata, dict):
        raise BadRequest("The field `metadata` must be a JSON object.")
    try:
        return small(metadata)
    except ValueError as error:
        raise BadRequest(f"The field `metadata` is too large: {error}.") from error


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
