"""A scripted server that speaks OpenAI's protocol over a real socket, for what a real one does only on a bad day."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.waiting import HANG_S

Script = Callable[["Reply"], None]


class Reply:
    """What a script does to one request."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler

    def refuse(self, status: int, message: str, code: str | None = None) -> None:
        self.json(status, {"error": {"message": message, "type": "BadRequestError", "code": code or status}})

    def json(self, status: int, body: object) -> None:
        self.raw(status, json.dumps(body).encode(), "application/json")

    def raw(self, status: int, data: bytes, media_type: str) -> None:
        self._handler.send_response(status)
        self._handler.send_header("content-type", media_type)
        self._handler.send_header("content-length", str(len(data)))
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def begin(self) -> None:
        self._handler.send_response(200)
        self._handler.send_header("content-type", "text/event-stream")
        self._handler.send_header("connection", "close")
        self._handler.end_headers()

    def event(self, body: object) -> None:
        data = body if isinstance(body, str) else json.dumps(body)
        self._handler.wfile.write(f"data: {data}\n\n".encode())
        self._handler.wfile.flush()

    def piece(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
        self.event({**_CHUNK, "choices": [choice]})

    def end(self, finish: str = "stop") -> None:
        self.piece("", finish)
        usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
        self.event({**_CHUNK, "choices": [], "usage": usage})
        self.event("[DONE]")


_CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}


def said(*pieces: str, finish: str = "stop") -> Script:
    def script(reply: Reply) -> None:
        reply.begin()
        for piece in pieces:
            reply.piece(piece)
        reply.end(finish)

    return script


def endless(reply: Reply) -> None:
    reply.begin()
    while True:
        reply.piece("and ")
        time.sleep(0.01)


def until_set(event: threading.Event) -> None:
    """For a script that says nothing until the test is over."""
    event.wait(HANG_S)


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(slots=True)
class OpenAIServer:
    script: Script
    models: object = field(default_factory=lambda: {"data": [{"id": "scripted"}]})
    lists: threading.Event = field(default_factory=_set)  # until then it lists no models
    lists_asked: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> OpenAIServer:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.lists_asked += 1
            until_set(server.lists)
            with suppress(OSError):  # nobody waited for it
                Reply(self).json(200, server.models)

        def do_POST(self) -> None:
            server.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            server.headers.append(dict(self.headers.items()))
            try:
                server.script(Reply(self))
            except OSError:
                server.hung_up.set()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    return Handler


def contents(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = message["content"]
    yield from [{"type": "text", "text": content}] if isinstance(content, str) else content
