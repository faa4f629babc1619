"""Originals as replies: whole or in part (RFC 9110, range requests), and never run by a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from app.api.caching import UNCHANGED, is_known
from app.api.problems import problem
from app.api.refusals import BINARY, problems
from domain.documents import Document

MOST_RANGES = 16  # in one request; for more, the whole file is sent
_RANGES = re.compile(r"bytes[ \t]*=[ \t,]*(\d*-\d*(?:[ \t]*,[ \t]*\d*-\d*)*)[ \t,]*", re.ASCII | re.IGNORECASE)
_DIGITS = 18  # of a position; a longer one is beyond every file
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_OF_FILES = {"ETag": _TEXT, "Accept-Ranges": _TEXT, "Content-Disposition": _TEXT}
# The type of the reply is the document's own.
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The original bytes", "content": {"*/*": BINARY}, "headers": _OF_FILES},
    206: {
        "description": "What `Range` asked for: one range with `Content-Range`, several as multipart/byteranges",
        "content": {"*/*": BINARY},
        "headers": _OF_FILES,
    },
    **UNCHANGED,
    **problems(416),
}


def sent(document: Document, path: Path, request: Request) -> Response:
    """The file, the parts of it that `Range` asks for, 304, or 416. A `Range` that is malformed is ignored."""
    etag = f'"{document.sha256}"'  # the bytes of a document never change
    headers = {
        "content-type": document.media_type,  # without the charset that would be added: which one it is isn't known
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-cache",
        "etag": etag,
    }
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    asked = _ranges_asked(request, etag, document.size)
    kept = [(first, end) for first, end in asked if first < end]
    if asked and not kept:
        refused = problem(request.url.path, 416, "No such bytes", f"The file has {document.size} bytes.")
        refused.headers["content-range"] = f"bytes */{document.size}"
        return refused
    return _Parts(path, kept, headers, document.name)


class _Parts(FileResponse):
    """Only ranges that the file has: Starlette refuses all when one is not, and answers 400 for a malformed header."""

    def __init__(self, path: Path, ranges: list[tuple[int, int]], headers: dict[str, str], name: str) -> None:
        super().__init__(path, filename=name, headers=headers)
        self._range = ",".join(f"{first}-{end - 1}" for first, end in ranges)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        if self._range:
            headers.append((b"range", f"bytes={self._range}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


def _ranges_asked(request: Request, etag: str, size: int) -> list[tuple[int, int]]:
    """None where `If-Range` names another file: then the whole file is the answer."""
    if request.method != "GET" or request.headers.get("if-range", etag) != etag:
        return []
    return ranges_of(request.headers.get("range", ""), size)


def ranges_of(header: str, size: int) -> list[tuple[int, int]]:
    """[(first byte, byte after the last)], equal where the file has none of them; empty for what is no `Range`."""
    found = _RANGES.fullmatch(header) if len(header) <= 1000 else None
    if found is None:
        return []
    parts = [part.strip().partition("-") for part in found.group(1).split(",")]
    if len(parts) > MOST_RANGES or not all(_is_range(first, last) for first, _, last in parts):
        return []
    return [_within(first, last, size) for first, _, last in parts]


def _is_range(first: str, last: str) -> bool:
    return bool(first or last) and not (first and last and _position(first) > _position(last))


def _within(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - _position(last)), size
    begins = min(_position(first), size)
    return begins, max(begins, min(_position(last) + 1, size) if last else size)


def _position(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
