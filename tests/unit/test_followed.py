"""Whoever follows a document is told how it ended, also when the catalogue breaks meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.documents import SqlDocuments
from app.api import documents
from app.api.documents import LOOKS, _followed
from domain.documents import Document
from domain.errors import Unavailable
from tests.catalogues import fresh_catalogue

LOCKED = Unavailable("The catalogue is locked.")


class Breaking(SqlDocuments):
    def __init__(self, database: Database, *breaks: Exception) -> None:
        super().__init__(database)
        self.breaks = list(breaks)

    def find(self, document_id: str) -> Document:
        if self.breaks:
            raise self.breaks.pop(0)
        return super().find(document_id)


@dataclass
class Given:
    documents: SqlDocuments


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FOLLOW_EVERY_S", 0.001)


async def told(*breaks: Exception) -> list[tuple[str, Any]]:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default").id
    catalogue.documents.record(
        Document("d", collection, "default", "d", "text/plain", 1, "ab", "queued", datetime.now(UTC))
    )
    catalogue.runs.update("d", 1, status="failed")
    found = []
    async for event in _followed("d", Given(Breaking(catalogue.database, *breaks))):  # type: ignore[arg-type]
        name, data = event.decode().strip().split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_catalogue_locked_for_a_moment_is_asked_again() -> None:
    [(name, _)] = await told(LOCKED, LOCKED)
    assert name == "failed"


async def test_a_catalogue_that_stays_locked_ends_it_with_a_problem() -> None:
    [(name, data)] = await told(*[LOCKED] * LOOKS)
    assert (name, data["status"], data["detail"]) == ("problem", 503, "The catalogue is locked.")


async def test_whatever_breaks_ends_it_with_a_problem_that_tells_no_insides() -> None:
    [(name, data)] = await told(ZeroDivisionError("insides"))
    assert (name, data["status"]) == ("problem", 500)
    assert "insides" not in json.dumps(data)
