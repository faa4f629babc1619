"""A data folder of the version before opens, answers the same, and what was under way in it goes on."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import Service

FOLDER = Path(__file__).parent / "former" / "0.1.0.tar.xz"


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("former")
    safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Debian 12's has none
    with tarfile.open(FOLDER) as kept:
        kept.extractall(folder, **safely)
    return folder


@pytest.fixture(scope="module")
def recorded(former: Path) -> dict[str, Any]:
    """What the version that made the folder answered."""
    found: dict[str, Any] = json.loads((former / "recorded.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def service(former: Path) -> Iterator[Service]:
    """Killed once more as soon as it works on what it found, and started again."""
    service = Service(former)
    service.start()
    service.kill()
    service.start()
    yield service
    service.stop()


def test_documents_are_as_they_were(service: Service, recorded: dict[str, Any]) -> None:
    for before in recorded["documents"]:
        now = service.document(before["id"])
        assert {name: now[name] for name in before} == before


def test_questions_are_answered_as_before(service: Service, recorded: dict[str, Any]) -> None:
    scope = {"collection": "default", "filter": {"document": [one["id"] for one in recorded["documents"]]}}
    verdicts: list[str] = []
    for asked in recorded["asked"]:
        message = {"role": "user", "content": asked["question"]}
        said = service.http.post("/v1/chat", json=scope | {"messages": [message]}).json()
        cited = [{"n": one["n"], "quote": one["quote"], "id": one["evidence"]["id"]} for one in said["citations"]]
        before, now = asked["answer"]["verdict"], said["verdict"]
        assert (before, now) in {(before, before), ("grounded", "partial")}, asked["question"]  # it is judged anew
        verdicts.append(now)
        if now == "abstained":
            assert said["abstained_because"] == "unsure"  # it is worded anew
        else:
            assert said["answer"] == asked["answer"]["answer"]
        assert cited == asked["citations"]
    assert verdicts.count("grounded") >= 4, verdicts  # of six


def test_the_same_evidence_is_found(service: Service, recorded: dict[str, Any]) -> None:
    scope = {"collection": "default", "filter": {"document": [one["id"] for one in recorded["documents"]]}}
    told = ("document", "kind", "page", "regions", "text")
    for asked in recorded["asked"]:
        found = service.http.post("/v1/search", json=scope | {"query": asked["question"]}).json()["evidence"]
        before = asked["evidence"]
        assert [one["id"] for one in found][:1] == [one["id"] for one in before][:1]
        now = {one["id"]: {name: one[name] for name in told} for one in found}
        assert all(now[one["id"]] == {name: one[name] for name in told} for one in before if one["id"] in now)


def test_what_was_under_way_goes_on_to_its_end(service: Service, recorded: dict[str, Any]) -> None:
    pending = service.finished(*recorded["pending"])
    assert {one["name"]: (one["status"], one["problems"]) for one in pending} == {
        "letter-1931-scanned.pdf": ("ready", []),
        "project-gannet.pptx": ("ready", []),
        "fleet.xlsx": ("ready", []),
    }
    found = service.http.post(
        "/v1/search", json={"collection": "default", "query": "which boat is in the fleet"}
    ).json()
    assert {one["document"] for one in found["evidence"]} >= {"fleet.xlsx"}


def test_nothing_that_is_kept_differs(service: Service, recorded: dict[str, Any]) -> None:
    service.finished(*recorded["pending"])
    report = service.http.post("/v1/admin/verify").json()
    assert (report["whole"], report["findings"]) == (True, [])
