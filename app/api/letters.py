"""Refuses halves of surrogate pairs, wherever they stand in a request: no file, index or reply can hold them.

In JSON they are written `\\ud800`; elsewhere they are three bytes that are no UTF-8.
"""

from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import refuse
from domain.errors import BadRequest

AT_ONCE = 2**14  # bytes of a body that are looked at on the event loop; longer bodies in a thread
_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_PERHAPS = re.compile(rb"\\u[dD][89a-fA-F]")
# Each escape in turn, so that `\\ud800` is a backslash and letters, and a whole pair is a character.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F])|.)", re.DOTALL)


def check_whole(where: str, data: bytes) -> None:
    """Raises BadRequest."""
    if _HALF.search(data):
        raise BadRequest(f"{where} holds half of a surrogate pair, which is no character.")


def check_json(where: str, body: bytes) -> None:
    """Raises BadRequest."""
    if b"\0" in body[:4]:  # UTF-16 or UTF-32, which JSON may be in
        body = body.decode(json.detect_encoding(body), "surrogatepass").encode("utf-8", "surrogatepass")
    check_whole(where, body)
    if _PERHAPS.search(body) and any(escape.lastindex for escape in _ESCAPE.finditer(body)):
        raise BadRequest(f"{where} holds half of a surrogate pair, which is no character.")


class WholeLetters:
    """Stands behind the limit of bodies: what it reads is short, and read already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_head(scope)
            read = await _read(receive) if _is_json(scope) else []
            body = b"".join(message.get("body", b"") for message in read)
            if len(body) > AT_ONCE:
                await asyncio.to_thread(check_json, "The body", body)
            else:
                check_json("The body", body)
        except (BadRequest, UnicodeDecodeError) as error:
            refusal = error if isinstance(error, BadRequest) else BadRequest("The body can't be read as JSON.")
            await refuse(scope, receive, send, refusal)
            return

        async def again() -> Message:
            return read.pop(0) if read else await receive()

        await self._app(scope, again, send)


def _check_head(scope: Scope) -> None:
    """Raises BadRequest."""
    check_whole("The path", unquote_to_bytes(scope.get("raw_path") or scope["path"]))
    check_whole("The query", unquote_to_bytes(scope.get("query_string", b"")))
    for name, value in scope["headers"]:
        check_whole(f"The header {name.decode('latin-1')}", value)


def _is_json(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


async def _read(receive: Receive) -> list[Message]:
    read: list[Message] = []
    while True:
        read.append(await receive())
        if read[-1]["type"] != "http.request" or not read[-1].get("more_body", False):
            return read
