"""What a connection may do before anything of ours is asked: how many there are, how long they wait, how much they say.

uvicorn bounds none of it by itself but the idle time between two requests (`timeout_keep_alive`). Its
`limit_concurrency` counts requests, not silent sockets, and its limit on headers belongs to the slower parser (h11).
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from app.api.problems import RETRY_AFTER_S, problem_body

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
THIS_MACHINE: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int
    per_address: int
    unlimited: tuple[Network, ...] = THIS_MACHINE  # addresses that speak for many, as proxies do
    first_byte_s: float = 10.0  # from the connection to the first byte of its first request
    head_s: float = 30.0  # from the first byte of a request to the end of its head
    body_s: float = 60.0  # without a byte of a body that isn't complete
    head_bytes: int = 64 * 1024
    headers: int = 100
    discarded_bytes: int = 32 * 2**20  # of a body whose request is already answered


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol within limits. What is too much is answered with 408, 429, 431 or 503, and closed."""

    def __init__(
        self,
        limits: Limits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.place: Network | None = None
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True  # or before it
        self._untold = 0  # bytes since the parser told of something: part of a header
        self._head = self._headers = self._body = self._looked_at = self._discarded = 0

    # ---------------------------------------------------------------- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.place = self._place_of(self.client[0] if self.client else "")
        if refusal := self._too_many():
            self._close(refusal)
        else:
            self._wait(self._limits.first_byte_s, self.transport.close)

    def _too_many(self) -> bytes:
        """The refusal; empty where there is room."""
        if len(self.connections) > self._limits.connections:
            return _answer(503, "Service Unavailable", "There are too many connections; try again.")
        same = sum(getattr(one, "place", None) == self.place for one in self.connections)
        if self.place is None or same <= self._limits.per_address:
            return b""
        return _answer(429, "Too Many Requests", "There are too many connections from this address; close some.")

    def _place_of(self, client: str) -> Network | None:
        """The address, of IPv6 the network that one subscriber has; None where it speaks for many."""
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self._limits.unlimited):
            return None
        return ipaddress.ip_network((address, 32 if address.version == 4 else 64), strict=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    # ---------------------------------------------------------------- how long

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_head and self._head == 0 and self._untold == 0:
            self._wait(self._limits.head_s, self._head_is_late)
        self._untold += len(data)
        super().data_received(data)
        if self._untold > self._limits.head_bytes:
            self._refuse_head()

    def _head_is_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # of a request that was sent ahead
            self._wait(self._limits.head_s, self._head_is_late)
            return
        self._close(_answer(408, "Request Timeout", "The head of the request did not arrive in time."))

    def _body_is_late(self) -> None:
        """Closes when nothing came since the last look, or when the request is answered and its body still drips."""
        moved, self._looked_at = self._body != self._looked_at, self._body
        if self.cycle.response_complete or not (moved or self.flow.read_paused):
            self.transport.close()
        else:
            self._wait(self._limits.body_s, self._body_is_late)

    def _wait(self, seconds: float, late: Callable[[], None]) -> None:
        self._wait_no_longer()
        self._timer = self.loop.call_later(seconds, late)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # ---------------------------------------------------------------- how much

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = self._headers = self._body = self._looked_at = self._discarded = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the head, or after a chunked body."""
        self._headers += 1
        self._count(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._untold, self._in_head = 0, False
        self._wait(self._limits.body_s, self._body_is_late)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._untold = 0
        self._body += len(body)
        super().on_body(body)
        if self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > self._limits.discarded_bytes:
                self.transport.close()

    def on_message_complete(self) -> None:
        self._wait_no_longer()
        self._untold, self._head, self._in_head = 0, 0, True
        super().on_message_complete()
        if self.cycle.response_complete:  # what came after the answer has ended uvicorn's own timer
            self._wait(self._limits.first_byte_s, self.transport.close)

    def _count(self, size: int) -> None:
        self._untold = 0
        self._head += size
        if self._head > self._limits.head_bytes or self._headers > self._limits.headers:
            self._refuse_head()
            raise ValueError("the head is too large")  # ends the parsing; `send_400_response` has nothing to add

    # ---------------------------------------------------------------- refusals

    def _refuse_head(self) -> None:
        limits = self._limits
        most = f"{limits.headers} headers, {limits.head_bytes} bytes in all"
        self._close(_answer(431, "Request Header Fields Too Large", f"The head of a request has at most {most}."))

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            self._close(_answer(400, "Bad Request", "This is not HTTP."))

    def _close(self, answer: bytes) -> None:
        """Nothing is said into the middle of another answer."""
        self._wait_no_longer()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        self.transport.close()


def _answer(status: int, title: str, detail: str) -> bytes:
    body = json.dumps(problem_body("", status, title, detail)).encode()
    lines = [
        f"HTTP/1.1 {status} {title}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
        *([f"retry-after: {RETRY_AFTER_S}"] if status in (429, 503) else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
