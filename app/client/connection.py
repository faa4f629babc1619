"""One HTTP connection to a service: what it answers as the shapes of the contract, or as `Refused` or `Unreachable`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from domain.errors import ExhibitError

M = TypeVar("M", bound=BaseModel)


class Refused(ExhibitError):
    """The service answered with a problem; `status` is its HTTP status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Unreachable(ExhibitError):
    """The service doesn't answer, or what answers is no Exhibit."""


class Connection:
    """Thread-safe."""

    def __init__(self, url: str, key: str | None, timeout_s: float | None) -> None:
        self.url = url.rstrip("/")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=httpx.Timeout(timeout_s, connect=10))

    def close(self) -> None:
        self._http.close()

    def ready(self) -> bool:
        try:
            return self._http.get("/readyz", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def pages(self, path: str, shape: type[M], wanted: Mapping[str, Any]) -> Iterator[M]:
        asked = {name: value for name, value in wanted.items() if value is not None}
        while True:
            page = self.checked(shape, "GET", path, params=asked)
            yield page
            cursor = getattr(page, "next_cursor", None)
            if cursor is None:
                return
            asked["cursor"] = cursor

    def checked(self, shape: type[M], method: str, path: str, **options: Any) -> M:
        return parsed(shape, _json(self.send(method, path, **options)))

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with self._translated():
            answer = self._http.request(method, path, **options)
        if not answer.is_success:
            raise _refused(answer)
        return answer

    def events(self, method: str, path: str, **options: Any) -> Iterator[tuple[str, Any]]:
        """Server-sent events: (name, JSON). A `problem` among them is raised."""
        with self._translated(), self._http.stream(method, path, **options) as answer:
            if not answer.is_success:
                answer.read()
                raise _refused(answer)
            for event, data in _events(answer.iter_lines()):
                if event == "problem":
                    raise Refused(int(data.get("status", 500)), str(data.get("detail", "Something went wrong.")))
                yield event, data

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise Unreachable(f"Exhibit at {self.url} didn't answer in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"Exhibit can't be reached at {self.url}: {error}.") from error


def safe(segment: str) -> str:
    """Quoted for a path, so that an id or a name from the user can't change the path."""
    return quote(segment, safe="") or "-"


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise Unreachable(f"What answers at {answer.request.url} is no Exhibit: that was no JSON.") from error


def parsed(shape: type[M], data: Any) -> M:
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise Unreachable(f"What answers is no Exhibit of this version: {error.errors()[0]['msg']}.") from error


def _refused(answer: httpx.Response) -> Refused:
    try:
        said = answer.json()
        detail = said.get("detail") or said["error"]["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}."
    return Refused(answer.status_code, str(detail))


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name, data = "message", list[str]()
    for line in lines:
        if not line and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []
        elif line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
