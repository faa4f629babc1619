"""A new format is one file and one row: that is all that is done here, and the service takes it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from ingest.parse.formats import FORMATS, WHOLE, Format, Parser, Signs
from ingest.parse.nouns import Noun
from tests.integration.toy_format import LEDGER
from tests.waiting import wait_until

ROW = Format(
    LEDGER,
    "ledgers",
    Signs(begins=re.compile(rb"LEDGER ")),
    Parser("tests.integration.toy_format", "open_ledger", "parse_ledger", WHOLE, timeout_s=60),
    Noun("ledger", "账本", r"ledgers?", r"账本"),
)
FILE = b"LEDGER Harbour dues 1931\nThe schooner Marjorie paid nine crowns.\nThe brig Amity paid eleven crowns.\n"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setitem(FORMATS, LEDGER, ROW)
    settings = Settings(_env_file=None, data_dir=tmp_path / "data", port=8000)  # type: ignore[call-arg]
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def asked(service: TestClient, question: str) -> str:
    reply = service.post("/v1/chat", json={"messages": [{"role": "user", "content": question}]})
    assert reply.status_code == 200, reply.text
    answer: str = reply.json()["answer"]
    return answer


def test_a_document_of_it_is_taken_in_found_and_named(service: TestClient) -> None:
    uploaded = service.post("/v1/collections/default/documents", files={"file": ("dues.dat", FILE)}).json()
    [document] = uploaded["documents"]
    path = f"/v1/documents/{document['id']}"

    def state() -> dict[str, Any]:
        found: dict[str, Any] = service.get(path).json()
        return found

    wait_until(lambda: state()["status"] not in ("queued", "running"))
    assert (state()["status"], state()["media_type"]) == ("ready", LEDGER)
    found = service.post("/v1/search", json={"query": "How much did the Marjorie pay?"}).json()
    assert "nine crowns" in found["evidence"][0]["text"]
    assert asked(service, "How many ledgers are there?").startswith("There is 1 ledger in the collection")
    assert "dues.dat (ledger)" in asked(service, "Which ledgers are there?")
    assert "dues.dat（账本）" in asked(service, "有哪些账本？")


def test_refusals_name_it_too(service: TestClient) -> None:
    refused = service.post("/v1/collections/default/documents", files={"file": ("a.bin", bytes(range(256)))})
    assert "ledgers" in refused.text
