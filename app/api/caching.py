"""Replies that a client may keep and ask about again (RFC 9110, conditional requests)."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Request, Response

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What `If-None-Match` names"}}


def cacheable(data: bytes, media_type: str, request: Request) -> Response:
    """With an `ETag`, for one client alone, for an hour; 304 if the client has it."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"cache-control": "private, max-age=3600", "etag": etag}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media_type, headers=headers)


def is_known(request: Request, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return etag in tags or tags == ["*"]
