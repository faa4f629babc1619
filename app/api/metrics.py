"""What the service does, in numbers, at `/metrics`: Prometheus's text format."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import get_args

import prometheus_client as prometheus
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.deps import Given
from domain.documents import Document, Part
from domain.errors import Unavailable

UNTIL_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
PARTS: tuple[Part, ...] = get_args(Part)
NO_ROUTE = "none"  # refused or not found: a path that a stranger chose must not become a label

router = APIRouter(tags=["health"])


class Requests:
    """Of this process only; Prometheus adds replicas up."""

    def __init__(self) -> None:
        # Else each series gets a second one, with the time when it began.
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = prometheus.CollectorRegistry()
        self._answered = prometheus.Counter(
            "exhibit_http_requests_total", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = prometheus.Histogram(
            "exhibit_http_response_start_seconds",
            "Time until an answer begins; streams go on after it.",
            ("route",),
            registry=self._registry,
            buckets=UNTIL_S,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._answered.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        return prometheus.generate_latest(self._registry)


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
async def metrics(request: Request, given: Given) -> Response:
    requests: Requests = request.app.state.requests
    parts = unreachable(given.outages.now())
    with suppress(Unavailable):  # the others are worth the more while the catalogue is gone
        parts = waiting(await asyncio.to_thread(given.documents.unfinished)) + parts
    return Response(parts + requests.text(), media_type=prometheus.CONTENT_TYPE_PLAIN_0_0_4)


def waiting(unfinished: Iterable[Document]) -> bytes:
    """Counted when asked for, since the documents are those of all processes."""
    registry = prometheus.CollectorRegistry()
    gauge = prometheus.Gauge(
        "exhibit_documents_unfinished", "Documents on their way in.", ("status",), registry=registry
    )
    counts = Counter(document.status for document in unfinished)
    for status in ("queued", "running"):
        gauge.labels(status).set(counts[status])
    return prometheus.generate_latest(registry)


def unreachable(outages: Collection[Part]) -> bytes:
    """1 for each part that this process can't reach."""
    registry = prometheus.CollectorRegistry()
    gauge = prometheus.Gauge(
        "exhibit_part_unreachable", "Parts that can't be reached from this process.", ("part",), registry=registry
    )
    for part in PARTS:
        gauge.labels(part.removeprefix("the ").replace(" ", "_")).set(part in outages)
    return prometheus.generate_latest(registry)
