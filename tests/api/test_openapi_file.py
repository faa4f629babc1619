"""What `/openapi.json` says of the interface."""

from __future__ import annotations

from typing import Any

import pytest

from app.main import assembled


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return assembled(None, (), (), True).openapi()


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{method} {path}": one for path, methods in described["paths"].items() for method, one in methods.items()}


def test_every_route_says_what_it_does(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        assert " " in operation["summary"], name


def test_every_refusal_is_listed_in_its_routes_language(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        openai = "/v1/models" in name or "/v1/chat/completions" in name
        language = "application/json" if openai else "application/problem+json"
        refusals = {status: reply for status, reply in operation["responses"].items() if status >= "400"}
        assert refusals.keys() >= {"403", "422", "429", "503"}, name
        assert ("401" in refusals) == (operation.get("security") != []), name
        assert {*refusals} >= ({"404"} if "{" in name else set()), name
        assert {*refusals} >= ({"410"} if "{document_id}" in name or "{evidence_id}" in name else set()), name
        assert {*refusals} >= ({"413"} if "requestBody" in operation else set()), name
        assert all(set(reply["content"]) == {language} for reply in refusals.values()), name


def test_streams_pictures_and_keys_are_described(described: dict[str, Any]) -> None:
    found = operations(described)
    for name in ("post /v1/chat", "post /v1/chat/completions", "get /v1/documents/{document_id}/events"):
        assert "text/event-stream" in found[name]["responses"]["200"]["content"]
    for name in ("get /v1/documents/{document_id}/pages/{number}", "get /v1/evidence/{evidence_id}/image"):
        assert set(found[name]["responses"]["200"]["content"]) == {"image/png", "image/jpeg"}
    assert {"409", "410", "415", "502"} <= found["post /v1/collections/{name}/documents"]["responses"].keys()
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert described["components"]["securitySchemes"]["session"]["in"] == "cookie"
    assert described["security"] == [{"key": []}, {"session": []}, {}]


def test_uploads_are_described(described: dict[str, Any]) -> None:
    upload = operations(described)["post /v1/collections/{name}/documents"]
    assert set(upload["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
