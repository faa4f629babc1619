"""Connections over a real socket: how many, how long, how much, before anybody has shown a key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.api.connections import Bounded, Limits
from app.commands.serve import bound
from tests.waiting import until

PATIENT = Limits(connections=50, per_address=50)
HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body; under /deaf, before it was read."""
    size, more = 0, scope["path"] != "/deaf"
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
    await send({"type": "http.response.body", "body": f"{size:8}".encode()})


@asynccontextmanager
async def serving(limits: Limits) -> AsyncIterator[int]:
    listening = bound("127.0.0.1", 0)
    http = cast(Any, partial(Bounded, limits))
    config = uvicorn.Config(echo, http=http, ws="none", lifespan="off", log_level="critical", timeout_keep_alive=600)
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server._serve([listening]))
    await until(lambda: server.started)
    yield listening.getsockname()[1]
    server.should_exit = server.force_exit = True
    await running
    listening.close()


async def said(port: int, *parts: bytes) -> bytes:
    """The whole answer to what is sent, up to the end that the service makes of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ((), b""),
        ((b"\r\n",), b" 408 "),
        ((b"GE",), b" 408 "),
        ((HEAD,), b" 408 "),
        ((HEAD + b"content-length: 9\r\n\r\n", b"12345"), b""),
        ((b"GET /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n", b"1", b"2"), b" 200 "),
        ((b"GET /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n", b"1", b"2"), b" 200 "),
        ((b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n", b"GET"), b" 408 "),
    ],
    ids=["idle", "newline", "method", "head", "body", "rest of a body", "after the rest", "second head"],
)
async def test_silent_connections_are_closed(parts: tuple[bytes, ...], answer: bytes) -> None:
    async with serving(replace(PATIENT, first_byte_s=0.2, head_s=0.2, body_s=0.2)) as port:
        assert answer in await said(port, *parts)


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD + b"x: " + b"a" * 70_000 + b"\r\n\r\n",),
        (HEAD + b"x: ", *[b"a" * 10_000] * 20),
        (HEAD + b"x: 1\r\n" * 101 + b"\r\n",),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",),
        (b"GET /", *[b"a" * 10_000] * 20),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ", *[b"a" * 10_000] * 20),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"x: 1\r\n" * 101,),
    ],
    ids=["header", "dripping header", "many headers", "path", "dripping path", "trailer", "many trailers"],
)
async def test_a_head_is_bounded(parts: tuple[bytes, ...]) -> None:
    async with serving(PATIENT) as port:
        answer = await said(port, *parts)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")  # a client that goes on sending may miss it
        assert (b"application/problem+json" in answer) == bool(answer)


async def test_what_honest_clients_send_is_answered() -> None:
    async with serving(PATIENT) as port:
        head = HEAD + b"x: " + b"a" * 50_000 + b"\r\n" + b"y: 1\r\n" * 90
        body = b"content-length: 300000\r\nconnection: close\r\n\r\n" + b"b" * 300_000
        assert (await said(port, head + body)).endswith(b"  300000")
        chunked = b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + b"186a0\r\n" + b"c" * 100_000
        assert (await said(port, HEAD + chunked, b"\r\n0\r\n\r\n")).endswith(b"  100000")
        two = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + HEAD + b"content-length: 3\r\nconnection: close\r\n\r\nabc"
        assert (await said(port, two)).count(b" 200 ") == 2


async def test_the_rest_of_a_refused_body_is_not_read_for_ever() -> None:
    async with serving(replace(PATIENT, discarded_bytes=200_000)) as port:
        head = b"POST /deaf HTTP/1.1\r\nhost: x\r\ncontent-length: 900000000\r\n\r\n"
        assert await said(port, head, *[b"x" * 60_000] * 20) is not None  # it ends, long before the 900 MB


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        (Limits(connections=3, per_address=50), 503),
        (Limits(connections=50, per_address=3, unlimited=()), 429),
        (Limits(connections=50, per_address=3), 0),
    ],
    ids=["all", "of one address", "of this machine"],
)
async def test_connections_are_counted(limits: Limits, refused: int) -> None:
    async with serving(limits) as port:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        answer = await said(port, *([] if refused else [b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"]))
        assert answer.startswith(f"HTTP/1.1 {refused or 200} ".encode())
        assert (b"\r\nretry-after: " in answer) == bool(refused)
        for _, writer in opened:
            writer.close()
