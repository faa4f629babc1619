"""The harness against a small twin of the HTTP contract: what counts as found, as answered, as taken in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evaluation.client import Client
from evaluation.kept import TakenIn, digest, kept_index
from evaluation.measure import answer_all, contains, rank_all, take_in
from evaluation.questions import BadFolder, LabelledQuestion, load_folder
from evaluation.report import answers_report, hits_report, hits_table

IDS = {"report.pdf": "d1", "notes.md": "d2"}


def evidence(document_id: str, page: int | None, *more_pages: int) -> dict[str, Any]:
    regions = [{"page": each, "box": [0, 0, 1, 1]} for each in (page, *more_pages) if each is not None]
    return {"document_id": document_id, "page": page, "regions": regions}


class TwinOfTheService:
    """Answers as the contract says, from what it is given; remembers what it was asked."""

    def __init__(self, found: list[dict[str, Any]], verdict: str = "grounded") -> None:
        self.found, self.verdict = found, verdict
        self.bodies: list[dict[str, Any]] = []
        self.polls: dict[str, int] = {}

    def client(self) -> Client:
        return Client(httpx.Client(transport=httpx.MockTransport(self.reply), base_url="http://twin"), "eval")

    def reply(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/collections":
            return httpx.Response(409, json={"detail": "taken"})
        if path.endswith("/documents"):
            return self.upload(request)
        if path.startswith("/v1/documents/"):
            return httpx.Response(200, json=self.document(path.rsplit("/", 1)[1]))
        self.bodies.append(json.loads(request.content))
        return httpx.Response(200, json=self.answer() if path == "/v1/chat" else {"evidence": self.found})

    def upload(self, request: httpx.Request) -> httpx.Response:
        if b"broken" in request.content:
            return httpx.Response(415, json={"detail": "not taken in"})
        name = next(name for name in IDS if name.encode() in request.content)
        return httpx.Response(202, json={"documents": [{"id": IDS[name]}], "rejected": []})

    def document(self, document_id: str) -> dict[str, Any]:
        self.polls[document_id] = self.polls.get(document_id, 0) + 1
        status = "ready" if self.polls[document_id] > 1 else "running"
        problems = [{"page": 3, "message": "a bad page"}] if document_id == "d1" else []
        return {
            "id": document_id,
            "name": document_id,
            "status": status,
            "pages": 4 if document_id == "d1" else None,
            "chunks": {"text": 5},
            "problems": problems,
        }

    def answer(self) -> dict[str, Any]:
        citations = [{"n": 1, "evidence": one, "quote": ""} for one in self.found]
        return {"answer": "About 84.6 %.", "verdict": self.verdict, "confidence": 0.5, "citations": citations}


def ranked(found: list[dict[str, Any]], question: LabelledQuestion, known: bool = False) -> int | None:
    return rank_all(TwinOfTheService(found).client(), [question], IDS, known)[0].rank


ON_PAGE_3 = LabelledQuestion("How many?", "report.pdf", frozenset({3}))


def test_ten_chunks_of_one_page_are_one_place() -> None:
    assert ranked([evidence("d1", 1)] * 10 + [evidence("d1", 3)], ON_PAGE_3) == 2


def test_the_right_page_of_another_document_is_no_hit() -> None:
    assert ranked([evidence("d2", 3)], ON_PAGE_3) is None


def test_a_chunk_that_runs_on_to_the_right_page_is_a_hit_there() -> None:
    assert ranked([evidence("d1", 2, 3)], ON_PAGE_3) == 2


def test_a_document_without_pages_is_one_place() -> None:
    in_notes = LabelledQuestion("Who?", "notes.md")
    assert ranked([evidence("d1", 1), evidence("d1", 2), evidence("d2", None), evidence("d2", None)], in_notes) == 3


def test_a_question_about_a_document_that_was_refused_is_a_miss() -> None:
    assert ranked([evidence("d1", 3)], LabelledQuestion("Who?", "refused.pdf", frozenset({3}))) is None


def test_a_known_document_is_named_in_the_filter() -> None:
    twin = TwinOfTheService([])
    rank_all(twin.client(), [ON_PAGE_3], IDS, known_document=True)
    assert twin.bodies[-1]["filter"] == {"document": ["d1"]}
    assert "filter" not in twin.bodies[0]


def test_the_report_counts_by_kind_and_language() -> None:
    questions = [
        LabelledQuestion("Where?", "report.pdf", frozenset({3}), kinds=("text", "table")),
        LabelledQuestion("在哪里？", "report.pdf", frozenset({9}), kinds=("text",)),
    ]
    report = hits_report(rank_all(TwinOfTheService([evidence("d1", 3)]).client(), questions, IDS))
    assert report["all"]["hit@1"]["share"] == 0.5
    assert report["kinds"]["table"]["hit@5"]["share"] == 1
    assert report["kinds"]["text"]["questions"] == 2
    assert report["languages"]["zh"]["hit@10"]["share"] == 0
    assert "page hit@5" in hits_table("t", report)


def test_taking_in_waits_for_all_and_says_what_went_wrong(tmp_path: Path) -> None:
    for name, content in (("report.pdf", "r"), ("notes.md", "n"), ("bad.bin", "broken")):
        (tmp_path / name).write_text(content)
    taken = take_in(TwinOfTheService([]).client(), sorted(tmp_path.iterdir()), lambda line: None)
    assert taken.ids == IDS
    assert taken.status == {"bad.bin": "refused", "report.pdf": "ready", "notes.md": "ready"}
    assert (taken.pages, taken.chunks) == (4, {"text": 10})
    assert "report.pdf, page 3: a bad page" in taken.problems


def test_abstention_counts_on_both_sides() -> None:
    questions = [ON_PAGE_3, LabelledQuestion("How high?", "report.pdf", answerable=False)]
    report = answers_report(answer_all(TwinOfTheService([], verdict="abstained").client(), questions, IDS))
    assert report["abstained where the documents do not say"]["share"] == 1
    assert report["answered where they do"]["share"] == 0
    assert report["verdicts"]["abstained"] == 2


def test_a_citation_of_the_right_page_and_the_words_of_the_answer_are_seen() -> None:
    question = LabelledQuestion("How many?", "report.pdf", frozenset({3}), answer="84.6%")
    answered = answer_all(TwinOfTheService([evidence("d1", 3)]).client(), [question], IDS)[0]
    assert answered.cites_right_place
    assert answered.contains_answer
    assert not contains("About 84.6 %.", "85")
    assert not contains("anything", None)


# ---------------------------------------------------------------- folders and kept indexes


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    def made(questions: str) -> Path:
        (tmp_path / "documents").mkdir()
        (tmp_path / "documents" / "a.pdf").write_bytes(b"%PDF")
        (tmp_path / "questions.jsonl").write_text(questions, encoding="utf-8")
        return tmp_path

    return made


def test_a_folder_may_keep_its_documents_inside_or_beside(folder: Callable[[str], Path]) -> None:
    path = folder('{"question": "Q?", "document": "a.pdf", "pages": [2], "kinds": ["text"]}\n\n')
    inside = load_folder(path)
    assert [document.name for document in inside.documents] == ["a.pdf"]
    assert inside.questions == (LabelledQuestion("Q?", "a.pdf", frozenset({2}), kinds=("text",)),)
    (path / "documents" / "a.pdf").rename(path / "a.pdf")
    (path / "documents").rmdir()
    assert [document.name for document in load_folder(path).documents] == ["a.pdf"]


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "no document"}', '{"question": 3, "document": "a.pdf"}'])
def test_a_bad_line_is_named_with_its_number(folder: Callable[[str], Path], line: str) -> None:
    with pytest.raises(BadFolder, match="line 2"):
        load_folder(folder('{"question": "Q?", "document": "a.pdf"}\n' + line))


def test_a_question_about_an_absent_document_is_refused(folder: Callable[[str], Path]) -> None:
    with pytest.raises(BadFolder, match=r"b\.pdf"):
        load_folder(folder('{"question": "Q?", "document": "b.pdf"}'))


def test_a_kept_index_is_whole_or_not_there(tmp_path: Path) -> None:
    kept = kept_index(tmp_path, [])
    kept.data.mkdir(parents=True)
    assert kept.taken_in() is None
    taken = TakenIn({"a": "1"}, {"a": "ready"}, 1, {"text": 1}, 0.5)
    kept.finish(taken)
    assert kept_index(tmp_path, []).taken_in() == taken
    kept.clear()
    assert kept.taken_in() is None


def variants(root: Path) -> Iterator[None]:
    (root / "ingest" / "split.py").write_text("changed")
    yield
    (root / "a.pdf").write_bytes(b"changed")
    yield


def test_other_documents_or_another_way_of_ingesting_make_another_index(tmp_path: Path) -> None:
    (tmp_path / "ingest").mkdir()
    (tmp_path / "retrievers").mkdir()
    (tmp_path / "a.pdf").write_bytes(b"first")
    seen = {digest([tmp_path / "a.pdf"], tmp_path)}
    for _ in variants(tmp_path):
        seen.add(digest([tmp_path / "a.pdf"], tmp_path))
    assert len(seen) == 3
    (tmp_path / "retrievers" / "fused.py").write_text("searching otherwise needs no new index")
    assert digest([tmp_path / "a.pdf"], tmp_path) in seen
