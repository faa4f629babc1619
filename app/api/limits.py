"""Limits request bodies that are read into memory; uploads are not, and have their own limit."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import refuse
from domain.errors import TooLarge


class BodyLimit:
    """Reads any body but a multipart form before it is parsed, and answers 413 as soon as it is too long."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_form(scope):
            await self._app(scope, receive, send)
            return
        read = None if self._announced(scope) > self._limit else await self._read(receive)
        if read is None:
            error = TooLarge(f"The body is larger than {self._limit} bytes.")
            await refuse(scope, receive, send, error)
            return

        async def again() -> Message:
            return read.pop(0) if read else await receive()

        await self._app(scope, again, send)

    def _announced(self, scope: Scope) -> int:
        """A length of very many digits is too large; the server itself refuses what is not a number."""
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            return 0
        return int(length) if len(length) < 20 else self._limit + 1

    async def _read(self, receive: Receive) -> list[Message] | None:
        read: list[Message] = []
        size = 0
        while True:
            message = await receive()
            read.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return read


def _is_form(scope: Scope) -> bool:
    kind = Headers(scope=scope).get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "multipart/form-data"
