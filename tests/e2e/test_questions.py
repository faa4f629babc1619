"""What may be asked, over a real service with the samples in it: libraries, follow-ups, filters, traces, bad input."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import Service

SAMPLES = Path(__file__).parents[2] / "samples"
LIBRARY: list[dict[str, Any]] = [
    json.loads(line) for line in (SAMPLES / "library_questions.jsonl").read_text(encoding="utf-8").splitlines()
]
FOLLOW_UPS: list[dict[str, Any]] = [
    json.loads(line) for line in (SAMPLES / "follow_ups.jsonl").read_text(encoding="utf-8").splitlines()
]


def ids(service: Service) -> dict[str, str]:
    documents = service.http.get("/v1/collections/default/documents?limit=200").json()["documents"]
    return {document["name"]: document["id"] for document in documents}


def trace(service: Service, trace_id: str) -> dict[str, Any]:
    answer = service.http.get(f"/v1/traces/{trace_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# ---------------------------------------------------------------- the library and whole documents


def test_the_set_is_large_enough_and_in_both_languages() -> None:
    assert len(LIBRARY) >= 40
    assert sum(any("\u4e00" <= letter <= "\u9fff" for letter in one["question"]) for one in LIBRARY) >= 12


def test_questions_about_the_library_and_whole_documents_are_answered(service: Service) -> None:
    known = ids(service)
    wrong = [fault for one in LIBRARY if (fault := fault_of(service, one, known))]
    assert not wrong, "\n".join(wrong)


def fault_of(service: Service, one: dict[str, Any], known: dict[str, str]) -> str:
    """What is wrong with the answer; empty when nothing is."""
    scope = {"filter": {"document": [known[one["scope"]]]}} if "scope" in one else {}
    answer = service.ask(one["question"], **scope)
    about = f"{one['question']}: {answer['answer'][:200]!r}"
    why = trace(service, answer["trace_id"])["query"]["why"]
    if one.get("ordinary"):
        return f"{about}: {why}" if why else ""
    if not why:
        return f"{about}: taken for an ordinary question"
    cited = {citation["evidence"]["document"] for citation in answer["citations"]}
    wanted = set(one.get("documents", cited))
    if not (wanted <= cited if one.get("at_least") else wanted == cited):
        return f"{about}: cites {sorted(cited)}"
    if answer["verdict"] != one.get("verdict", "grounded"):
        return f"{about}: is {answer['verdict']}"
    missing = [words for words in one.get("says", ()) if words not in answer["answer"]]
    return f"{about}: lacks {missing}" if missing else ""


def test_an_outline_can_be_cited_and_looked_up_but_does_not_compete(service: Service) -> None:
    answer = service.ask("Summarise the annual report")
    [outline, *_] = [one for one in answer["evidence"] if one["id"].endswith(".outline")]
    assert service.http.get(f"/v1/evidence/{outline['id']}").json()["text"] == outline["text"]
    assert "Sections" in outline["text"]
    found = service.search("annual report 2025 Windrose Post", top_k=200)
    assert not any(one["id"].endswith(".outline") for one in found)


# ---------------------------------------------------------------- follow-ups


def test_follow_ups_find_what_the_complete_questions_find(service: Service) -> None:
    found = [one for one in FOLLOW_UPS if found_with_history(service, one)]
    missed = [one["question"] for one in FOLLOW_UPS if one not in found]
    assert len(found) >= 0.85 * len(FOLLOW_UPS), missed


def found_with_history(service: Service, one: dict[str, Any]) -> bool:
    history = [{"role": "user", "content": one["earlier"]}, {"role": "assistant", "content": "…"}]
    messages = [*history, {"role": "user", "content": one["question"]}]
    answer = service.http.post("/v1/chat", json={"messages": messages, "top_k": 5}).json()
    query = trace(service, answer["trace_id"])["query"]
    if one.get("topic_change"):
        assert query["searched"] == one["question"]  # nothing is carried over into a new topic
    places = {(evidence["document"], evidence["page"]) for evidence in answer["evidence"]}
    pages = one["pages"] or [page for document, page in places if document == one["document"]]
    return any((one["document"], page) in places for page in pages)


# ---------------------------------------------------------------- traces


def test_a_trace_tells_how_a_search_came_about(service: Service) -> None:
    body = {"query": "What does the goat Biscuit get?", "filter": {"page": {"gte": 3}}, "kinds": ["text", "table"]}
    found = service.http.post("/v1/search", json=body).json()
    told = trace(service, found["trace_id"])
    assert told["query"]["asked"] == body["query"]
    assert (told["query"]["filter"], told["query"]["kinds"]) == (body["filter"], ["table", "text"])
    assert [space["space"] for space in told["spaces"]] == ["words", "text", "image"]
    assert all(space["voted"] or space["why"] for space in told["spaces"])
    assert told["spaces"][0]["candidates"][0].keys() >= {"rank", "score", "evidence_id", "document"}
    assert {"fuse", "rerank", "join"} <= {step["step"] for step in told["steps"]}
    assert [one["evidence_id"] for one in told["evidence"]] == [one["id"] for one in found["evidence"]]
    assert told["timings_ms"]["retrieve"] > 0
    assert "bucket of barley" not in json.dumps(told)  # ids and numbers, no document's text


def test_an_unknown_trace_is_not_found(service: Service) -> None:
    for trace_id in ("nothing", "' OR 1=1 --", "../../etc/passwd", "\U0001f4a5"):
        assert service.http.get(f"/v1/traces/{trace_id}").status_code == 404


# ---------------------------------------------------------------- bad input

QUERIES = [
    "?!…。，；",
    "\U0001f4a9\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f600",
    "\x00\x01\x07\x1b[31m\x7f\u202e\ufeff",
    "'; DROP TABLE documents; --",
    '" OR 1=1 UNION SELECT * FROM documents',
    'text:goat AND (kind:"figure"^5 OR document:*) NOT [a TO b]~2 +wage -barley /re.*/',
    "{{7*7}} ${jndi:ldap://x} <script>alert(1)</script> %s %n {0}",
    "../../etc/passwd",
    "goat " * 20_000,  # 100 kB
    "山羊" * 20_000,
    "a" * 100_000,
    "\ud800 half a pair",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_no_query_breaks_the_search_or_the_answer(service: Service, query: str) -> None:
    search = service.http.post("/v1/search", content=json.dumps({"query": query}))
    chat = service.http.post("/v1/chat", content=json.dumps({"messages": [{"role": "user", "content": query}]}))
    for answer in (search, chat):
        assert answer.status_code in (200, 422), answer.text
        assert "Traceback" not in answer.text
    assert service.http.get("/v1/collections/default/documents").json()["documents"]


@pytest.mark.parametrize("query", ["", "   ", "\n\t", "\u0000"])
def test_an_empty_query_is_refused_with_a_sentence(service: Service, query: str) -> None:
    answer = service.http.post("/v1/search", json={"query": query})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("query", [text for text in QUERIES if "goat" in text and len(text) < 1000])
def test_query_syntax_is_plain_words(service: Service, query: str) -> None:
    assert "goat" in json.dumps(service.search(query)).lower()


@pytest.mark.parametrize("top_k", [0, -1, 201, 10**6, 10**30, 1.5, "many"])
def test_a_top_k_out_of_bounds_is_refused_with_a_sentence(service: Service, top_k: object) -> None:
    answer = service.http.post("/v1/search", json={"query": "goat", "top_k": top_k})
    assert answer.status_code == 422
    assert "top_k" in answer.json()["detail"]


@pytest.mark.parametrize(
    "filter",
    [
        {"colour": {"eq": 1}},
        {"metadata": {"eq": 1}},
        {"page": {"like": "%"}},
        {"page": {"gte": "three"}},
        {"document": "x' OR 1=1"},
        {"and": []},
        {"not": {"not": {"nothing": 1}}},
        {"$where": "1"},
    ],
)
def test_a_filter_that_is_not_understood_is_refused_with_a_sentence(service: Service, filter: dict[str, Any]) -> None:
    answer = service.http.post("/v1/search", json={"query": "goat", "filter": filter})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The filter")


@pytest.mark.parametrize(
    "image",
    [
        "",
        "not a url",
        "http://127.0.0.1/picture.png",
        "file:///etc/passwd",
        "data:image/png;base64,!!!",
        "data:image/png;base64," + base64.b64encode(b"this is no picture").decode(),
        "data:image/svg+xml;base64,"
        + base64.b64encode(b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>").decode(),
        "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 64).decode(),
        "data:text/html;base64," + base64.b64encode(b"<html>").decode(),
    ],
)
def test_an_image_that_is_none_is_refused_with_a_sentence(service: Service, image: str) -> None:
    answer = service.http.post("/v1/search", json={"image": image})
    assert answer.status_code in (415, 422), answer.text
    assert answer.json()["detail"].endswith(".")


# ---------------------------------------------------------------- filters and scope


def test_a_filtered_search_finds_all_there_is(service: Service) -> None:
    known = ids(service)
    report = known["annual-report-2025.pdf"]
    every = service.search("post", top_k=200, filter={"document": [report]})
    deep = service.search("post", top_k=200, filter={"and": [{"document": [report]}, {"page": {"gte": 7}}]})
    assert {one["document_id"] for one in every} == {report}
    assert {one["id"] for one in deep} == {one["id"] for one in every if one["page"] and one["page"] >= 7}


def test_several_collections_are_searched_as_one(service: Service) -> None:
    service.http.post("/v1/collections", json={"name": "other"})
    try:
        [document] = service.upload(("note.md", b"# Note\n\nThe walrus Otto collects stamps."), collection="other")
        service.finished(document)
        both = service.search("walrus Otto and the goat Biscuit", collection=["default", "other"], top_k=20)
        assert {"note.md", "annual-report-2025.pdf"} <= {one["document"] for one in both}
        named = service.search("walrus", collection=["default", "other"], filter={"document": [document["id"]]})
        assert {one["document"] for one in named} == {"note.md"}
        assert "note.md" not in {one["document"] for one in service.search("walrus Otto")}
    finally:
        service.http.delete("/v1/collections/other")
