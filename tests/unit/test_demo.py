"""The demonstration judges what it sees: it must not end well when the service did not do well."""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.waiting import HANG_S

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]

RIGHT_PLACES = {
    question["question"]: (question["document"], question["pages"])
    for question in map(json.loads, (ROOT / "samples" / "questions.jsonl").read_text(encoding="utf-8").splitlines())
}


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", ROOT / "scripts" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TwinOfTheService:
    """Takes everything in at once, and cites the right page; `spoil` may change any reply."""

    def __init__(self, spoil: Callable[[str, Json], Json] = lambda path, body: body) -> None:
        self.spoil = spoil

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/collections":
            return httpx.Response(409, json={"detail": "the name is taken"})
        body = self.spoil(path, self.reply(path, request))
        return httpx.Response(body.pop("http", 200), json=body)

    def reply(self, path: str, request: httpx.Request) -> Json:
        if path.endswith("/documents"):
            count = request.content.count(b'name="file"')
            documents = [self.document(f"d{number}") for number in range(count)]
            return {"documents": documents, "rejected": []}
        if path.startswith("/v1/documents/"):
            return self.document(path.rsplit("/", 1)[1])
        return self.answer(json.loads(request.content)["messages"][0]["content"])

    def document(self, id: str) -> Json:
        return {"id": id, "name": id, "status": "ready", "chunks": {"text": 2}, "pages": 1, "problems": []}

    def answer(self, question: str) -> Json:
        document, pages = RIGHT_PLACES[question]
        page = pages[0] if pages else None
        evidence = {"id": "e", "document_id": "d0", "document": document, "page": page, "regions": [], "place": None}
        citations = [
            {"n": 1, "quote": "words", "evidence": evidence | {"kind": "figure", "image_url": "/v1/evidence/e/image"}}
        ]
        body = {"answer": "words [1]", "verdict": "grounded", "confidence": 0.9, "citations": citations, "model": "m"}
        unanswered: Json = {"verdict": "abstained", "citations": []}
        return body | {"nearest": []} | ({} if pages else unanswered)


def run(demo: ModuleType, twin: TwinOfTheService) -> list[str]:
    options = argparse.Namespace(samples=ROOT / "samples", collection="samples", timeout=HANG_S)
    with httpx.Client(transport=httpx.MockTransport(twin), base_url="http://twin") as http:
        failures: list[str] = demo.demonstrate(http, options)
    return failures


def test_four_answers_with_their_evidence_are_shown(demo: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(demo, TwinOfTheService()) == []
    shown = capsys.readouterr().out
    assert "10 documents handed in" in shown
    assert [f"\n{n}. " in shown for n in (1, 2, 3, 4)] == [True] * 4
    assert "annual-report-2025.pdf, page 2" in shown
    assert "http://twin/v1/evidence/e/image" in shown


def test_an_abstention_where_the_samples_answer_is_a_failure(demo: ModuleType) -> None:
    twin = TwinOfTheService(lambda path, body: body | ({"verdict": "abstained"} if path == "/v1/chat" else {}))
    assert [failure.split(":")[0] for failure in run(demo, twin)] == ["not answered"] * 3


def test_an_answer_to_the_unanswerable_is_a_failure(demo: ModuleType) -> None:
    twin = TwinOfTheService(lambda path, body: body | ({"verdict": "grounded"} if path == "/v1/chat" else {}))
    assert [failure.split(":")[0] for failure in run(demo, twin)] == ["answered, though no document says it"]


def test_evidence_from_elsewhere_is_a_failure(demo: ModuleType) -> None:
    twin = TwinOfTheService(lambda path, body: body | ({"citations": []} if path == "/v1/chat" else {}))
    assert len(run(demo, twin)) == 3


def test_a_document_that_failed_is_named_with_its_reason(demo: ModuleType) -> None:
    def spoil(path: str, body: Json) -> Json:
        failed = {"status": "failed", "problems": [{"page": None, "message": "needs a password"}]}
        return body | (failed if path == "/v1/documents/d3" else {})

    assert run(demo, TwinOfTheService(spoil)) == ["d3 is failed: needs a password"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"http": 500, "detail": "something went wrong"},
        {"rejected": [{"name": "fleet.xlsx", "status": 415, "detail": "something went wrong"}]},
    ],
)
def test_a_refusal_ends_it_with_the_services_own_sentence(
    demo: ModuleType, capsys: pytest.CaptureFixture[str], spoil: Json
) -> None:
    twin = TwinOfTheService(lambda path, body: body | (spoil if path.endswith("/documents") else {}))
    with pytest.raises(SystemExit, match="1"):
        run(demo, twin)
    assert "something went wrong" in capsys.readouterr().err


def test_a_document_that_is_never_read_does_not_hold_it_for_ever(
    demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    stuck = {"status": "running", "stage": "parse", "progress": 0.5}
    twin = TwinOfTheService(lambda path, body: body | (stuck if path == "/v1/documents/d1" else {}))
    options = argparse.Namespace(samples=ROOT / "samples", collection="samples", timeout=0.0)
    with (
        httpx.Client(transport=httpx.MockTransport(twin), base_url="http://twin") as http,
        pytest.raises(SystemExit, match="1"),
    ):
        demo.demonstrate(http, options)
    assert "still not read: d1" in capsys.readouterr().err


def test_a_log_that_tells_why_it_did_not_start_is_shown(demo: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "exhibit.log"
    log.write_text("\n".join(f"line {n}" for n in range(100)), encoding="utf-8")
    assert demo.tail(log, 2) == "line 98\nline 99"


def test_the_pages_address_asks_the_first_question(demo: ModuleType) -> None:
    options = argparse.Namespace(url="http://127.0.0.1:8000", samples=ROOT / "samples", collection="samples")
    address = demo.page_of(options)
    assert address.startswith("http://127.0.0.1:8000/#/ask?q=How+long+did+the+night+boat+stay")
    assert address.endswith("&in=samples")
