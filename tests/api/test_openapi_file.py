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


def test_errors_are_problem_documents(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        assert "application/problem+json" in operation["responses"]["default"]["content"], name
        assert "422" not in operation["responses"], name


def test_uploads_are_described(described: dict[str, Any]) -> None:
    upload = operations(described)["post /v1/collections/{name}/documents"]
    assert set(upload["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
