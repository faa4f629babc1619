"""Errors as RFC 9457 problem documents; under the OpenAI-compatible routes, as OpenAI's error object."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.api.methods import allowed
from domain.errors import ExhibitError, HungUp, TooManyTries, Unavailable

OPENAI_PATHS = ("/v1/chat/completions", "/v1/models")
MOST_FAULTS = 20  # told one by one; no refusal is longer than 64 kB
LONGEST_DETAIL = 4000  # characters
LONGEST_PATH = 1000
LONGEST_PLACE = 100
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "server_error",
}
RETRY_AFTER_S = 5  # an outage of a part: most are over within seconds
HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_AFTER_S)}}

log = logging.getLogger(__name__)


class QuotedJSON(JSONResponse):
    """JSON that quotes a request, which may hold half a surrogate pair."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def problem(path: str, status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """What quotes the request is cut: a refusal is never longer than 64 kB."""
    path, detail = clipped(path, LONGEST_PATH), clipped(detail, LONGEST_DETAIL)
    if path.startswith(OPENAI_PATHS):
        kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        error = {"message": detail, "type": kind, "param": None, "code": status}
        return QuotedJSON({"error": error}, status_code=status, headers=_headers(status))
    body = problem_body(path, status, title, detail) | more
    return QuotedJSON(body, status, _headers(status), media_type="application/problem+json")


def problem_body(path: str, status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": path}


def clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def install(app: FastAPI) -> None:
    @app.exception_handler(ExhibitError)
    async def known(request: Request, error: ExhibitError) -> JSONResponse:
        if isinstance(error, Unavailable):
            request.app.state.services.outages.noticed(error)
        return problem(request.url.path, error.status, error.title, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        every = error.errors()
        faults = [_told(fault, error.body) for fault in every[:MOST_FAULTS]]
        detail = "; ".join(f"{fault['location']}: {fault['message']}" for fault in faults[:8])
        detail += f"; and {len(every) - 8} more" if len(every) > 8 else ""
        if _came_as_no_json(request, every):
            detail = "Send the body as JSON, with the header `Content-Type: application/json`."
        return problem(request.url.path, 422, "The request can't be understood", detail, errors=faults)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # FastAPI's: too deep, a number of too many digits, not UTF-8
            detail = "The body can't be read as JSON."
            return problem(request.url.path, 422, "The request can't be understood", detail)
        title = "Not found" if error.status_code == 404 else str(error.detail)
        detail = f"There is no {request.url.path} here." if error.status_code == 404 else f"{error.detail}."
        answer = problem(request.url.path, error.status_code, title, detail)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["allow"] = allowed(request.app.routes, request.scope)
        return answer

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        """Nobody reads this reply; it keeps a traceback out of the log."""
        return problem(request.url.path, HungUp.status, HungUp.title, "The client hung up before its request was read.")

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("a request failed", exc_info=error, extra={"path": request.url.path})
        return problem(request.url.path, 500, "Internal error", "Something went wrong inside Exhibit; see its log.")


async def refuse(scope: Scope, receive: Receive, send: Send, error: ExhibitError) -> None:
    """Answers from a middleware, outside the exception handlers."""
    answer = problem(scope["path"], error.status, error.title, str(error))
    if isinstance(error, TooManyTries):
        answer.headers["retry-after"] = str(error.after_s)
    await answer(scope, receive, send)


def _told(fault: Any, body: object) -> dict[str, str]:
    location = fault["loc"] if fault["type"] == "json_invalid" else _in_the_body(fault, body)
    return {
        "location": ".".join(clipped(str(part), LONGEST_PLACE) for part in location) or "body",
        "message": clipped(fault["msg"].removeprefix("Value error, "), 10 * LONGEST_PLACE),
    }


def _in_the_body(fault: Any, body: object) -> list[int | str]:
    """Where the fault is, without the names that pydantic gives to the branches of a union."""
    first, *rest = fault["loc"] or ("body",)
    if first != "body":
        return list(fault["loc"])
    kept, place = [first], body
    for left, part in enumerate(rest, 1 - len(rest)):
        if isinstance(place, dict) and (part in place or (left == 0 and fault["type"] == "missing")):
            kept, place = [*kept, part], place.get(part)
        elif isinstance(place, list) and isinstance(part, int) and part < len(place):
            kept, place = [*kept, part], place[part]
    return kept


def _came_as_no_json(request: Request, faults: Sequence[Any]) -> bool:
    """Whether the body was not parsed because its type was missing, or a form's (as curl sends)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    json_said = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return not json_said and any(fault["loc"] == ("body",) for fault in faults)


def _headers(status: int) -> dict[str, str]:
    return HEADERS.get(status, {})
