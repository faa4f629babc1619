"""Limits request bodies that are read into memory; uploads are not, and have their own limit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.json_pieces import MOST_BYTES, MOST_TEXT, JsonPieces
from app.api.problems import refuse
from domain.errors import ExhibitError, TooLarge

AT_ONCE = 8 * 1024  # bytes looked at before other requests have their turn: 2 ms at worst


class BodyLimit:
    """Reads any body but an upload's form before it is parsed, and refuses it as soon as it is too much.

    A body has `most_text` bytes, on some paths `fewer`, and on the paths `with_images` as many besides its images,
    `most_bytes` in all. The images are `scope["state"]["images"]` (see JsonPieces).
    """

    def __init__(
        self,
        app: ASGIApp,
        with_images: Collection[str] = (),
        most_bytes: int = MOST_BYTES,
        most_text: int = MOST_TEXT,
        fewer: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._with_images = frozenset(with_images)
        self._most_bytes = most_bytes
        self._most_text = most_text
        self._fewer = fewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_upload(scope):
            await self._app(scope, receive, send)
            return
        try:
            first = await self._read(scope, receive)
        except ExhibitError as error:
            await refuse(scope, receive, send, error)
            return
        read = [first]

        async def again() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, again, send)

    async def _read(self, scope: Scope, receive: Receive) -> Message:
        """The whole body as one message, or that the client is gone. Raises TooLarge, BadRequest."""
        with_images = scope["path"] in self._with_images
        most_text = self._fewer.get(scope["path"], self._most_text)
        most = self._most_bytes if with_images else most_text
        if _announced(scope) > most:
            raise TooLarge(f"The body is larger than {most} bytes.")
        pieces = JsonPieces(self._most_bytes, most_text, with_images=with_images)
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body = message.get("body", b"")
            for start in range(0, len(body), AT_ONCE):
                pieces.feed(body[start : start + AT_ONCE])
                await asyncio.sleep(0)
            if not message.get("more_body", False):
                scope.setdefault("state", {})["images"] = pieces.images
                return {"type": "http.request", "body": pieces.finish(), "more_body": False}


def _announced(scope: Scope) -> int:
    """A length of very many digits is too large; the server itself refuses what is not a number."""
    length = Headers(scope=scope).get("content-length", "")
    if not length.isdecimal():
        return 0
    return int(length) if len(length) < 20 else 10**20


def _is_upload(scope: Scope) -> bool:
    """A form for the one route that reads it piece by piece; any other route would read it whole."""
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    path: str = scope["path"]
    return kind == "multipart/form-data" and path.startswith("/v1/collections/") and path.endswith("/documents")
