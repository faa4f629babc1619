"""What the service does, in numbers, at `/metrics`: Prometheus's text format."""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.deps import Given
from domain.types import Document

UNTIL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
NO_ROUTE = "none"  # refused before, or not found: what strangers ask for is not a label

router = APIRouter(tags=["health"])


class Requests:
    """Of this process alone; replicas are added up by whoever collects them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered = Counter[tuple[str, str, int]]()  # method, route, status
        self._within: dict[str, list[int]] = {}  # by route, of UNTIL_S and beyond
        self._seconds: dict[str, float] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        with self._lock:
            self._answered[method, route, status] += 1
            self._within.setdefault(route, [0] * (len(UNTIL_S) + 1))[bisect_left(UNTIL_S, seconds)] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        with self._lock:
            answered, seconds = sorted(self._answered.items()), dict(self._seconds)
            within = {route: list(counts) for route, counts in sorted(self._within.items())}
        yield from _head("exhibit_http_requests_total", "counter", "Requests answered.")
        for (method, route, status), count in answered:
            yield f'exhibit_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        name = "exhibit_http_response_start_seconds"
        yield from _head(name, "histogram", "Time until an answer begins; streams go on after it.")
        for route, counts in within.items():
            for until, count in zip((*UNTIL_S, "+Inf"), _added_up(counts), strict=True):
                yield f'{name}_bucket{{route="{route}",le="{until}"}} {count}'
            yield f'{name}_sum{{route="{route}"}} {seconds[route]:.6f}'
            yield f'{name}_count{{route="{route}"}} {sum(counts)}'


class Counted:
    """Counts each request by its route's pattern, never by the address that was asked for."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                method = scope["method"] if route != NO_ROUTE and scope["method"] in METHODS else "any"
                self._requests.answered(method, route, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, given: Given) -> PlainTextResponse:
    requests: Requests = request.app.state.requests
    unfinished = await asyncio.to_thread(given.catalogue.unfinished)
    lines = [*waiting_lines(unfinished), *requests.lines()]
    return PlainTextResponse("\n".join(lines) + "\n", media_type=MEDIA_TYPE)


def waiting_lines(unfinished: Iterable[Document]) -> Iterator[str]:
    counts = Counter(document.status for document in unfinished)
    yield from _head("exhibit_documents_unfinished", "gauge", "Documents on their way in.")
    for status in ("queued", "running"):
        yield f'exhibit_documents_unfinished{{status="{status}"}} {counts[status]}'


def _head(name: str, kind: str, what: str) -> tuple[str, str]:
    return f"# HELP {name} {what}", f"# TYPE {name} {kind}"


def _added_up(counts: Sequence[int]) -> Iterator[int]:
    total = 0
    for count in counts:
        total += count
        yield total
