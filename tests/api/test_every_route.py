"""Walks every route there is: none answers a stranger."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from app.api.deps import Services
from app.main import create_app
from app.settings import Settings

OPEN = {"/healthz", "/readyz", "/", "/page/version/path:path"}  # the page's own files hold nothing of anybody's
UNOPENED = cast(Services, object())  # a request that got past the guard would break on it, loudly


def app_on(host: str, folder: Path) -> FastAPI:
    settings = Settings(_env_file=None, data_dir=folder, host=host, api_keys="the-key")  # type: ignore[call-arg,arg-type]
    if host == "127.0.0.1":
        settings = Settings(_env_file=None, data_dir=folder, host=host)  # type: ignore[call-arg]
    return create_app(settings, UNOPENED)


def routes(app: FastAPI) -> list[tuple[str, str]]:
    found = [
        (method, route.path.replace("{number}", "1").replace("{", "").replace("}", ""))
        for route in flat(app.routes)
        for method in sorted(route.methods or ())
    ]
    assert len(found) > 20
    return found


def flat(given: object) -> list[Route]:
    found: list[Route] = []
    for route in given:  # type: ignore[attr-defined]
        if isinstance(route, Route):
            found.append(route)
        elif hasattr(route, "original_router"):  # FastAPI includes routers lazily
            found.extend(flat(route.original_router.routes))
    return found


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
def test_without_the_key_no_route_but_health_and_the_page_answers(headers: dict[str, str], tmp_path: Path) -> None:
    app = app_on("0.0.0.0", tmp_path)
    client = TestClient(app, base_url="http://10.1.2.3:8000")
    for method, path in routes(app):
        if path not in OPEN:
            assert client.request(method, path, headers=headers).status_code == 401, (method, path)
    assert client.get("/healthz").status_code == 200
    assert client.get("/no/such/route").status_code == 401


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
def test_on_loopback_no_route_answers_foreigners(headers: dict[str, str], tmp_path: Path) -> None:
    app = app_on("127.0.0.1", tmp_path)
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    for method, path in routes(app):
        assert client.request(method, path, headers=headers).status_code == 403, (method, path)


def test_refusals_speak_each_routes_language(tmp_path: Path) -> None:
    client = TestClient(app_on("0.0.0.0", tmp_path), base_url="http://10.1.2.3:8000")
    assert client.post("/v1/chat/completions").json()["error"]["type"] == "authentication_error"
    assert client.post("/v1/search").headers["content-type"] == "application/problem+json"
