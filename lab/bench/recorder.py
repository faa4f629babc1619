"""Stands between Exhibit and a language model, passes everything on, and keeps the last request that was accepted."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import httpx

PASSED_ON = ("authorization", "content-type")


class Recorder:
    def __init__(self, url: str) -> None:
        """`url` ends before `/chat/completions`."""
        self._http = httpx.Client(base_url=url, timeout=300)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, self._http))
        self.accepted: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Recorder:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()


def _handler(recorder: Recorder, http: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on("GET", b"")

        def do_POST(self) -> None:
            self._pass_on("POST", self.rfile.read(int(self.headers["content-length"])))

        def _pass_on(self, method: str, body: bytes) -> None:
            headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
            with http.stream(method, self.path.removeprefix("/v1"), content=body, headers=headers) as reply:
                if body and reply.is_success:
                    recorder.accepted = json.loads(body)
                self.send_response(reply.status_code)
                self.send_header("content-type", reply.headers.get("content-type", "application/json"))
                self.end_headers()
                with suppress(OSError):  # it closed the connection: so do we
                    for piece in reply.iter_bytes():
                        self.wfile.write(piece)

        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing."""

    return Handler
