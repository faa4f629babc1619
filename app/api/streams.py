"""Server-sent events with a heartbeat, so that proxies keep the connection open and a dead client is noticed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

HEARTBEAT_S = 10.0
HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


def event(name: str, data: Any) -> bytes:
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode()
    return format_sse_event(event=name, data_str=text)


def event_stream(events: AsyncIterator[bytes], method: str = "GET") -> Response:
    """For HEAD only its headers: the stream may be endless."""
    if method == "HEAD":
        return Response(media_type="text/event-stream", headers=HEADERS)
    return StreamingResponse(with_heartbeat(events), media_type="text/event-stream", headers=HEADERS)


async def with_heartbeat(events: AsyncIterator[bytes], every_s: float = HEARTBEAT_S) -> AsyncGenerator[bytes]:
    """The same events, and a comment line whenever nothing came for a while. Closing it closes `events`."""
    upcoming: asyncio.Task[bytes] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({upcoming}, timeout=every_s)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                arrived = upcoming.result()
            except StopAsyncIteration:
                return
            upcoming = None
            yield arrived
    finally:
        if upcoming is not None:
            upcoming.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await upcoming
        if isinstance(events, AsyncGenerator):
            await events.aclose()
