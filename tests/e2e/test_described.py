"""What `/openapi.json` says of the interface is what a running service does, with and without keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.e2e.described import Known, tried
from tests.e2e.service import Service
from tests.waiting import HANG_S, wait_until

KEY = {"authorization": "Bearer the-key"}
OTHER = {"authorization": "Bearer other-key"}
QUESTION = "How long did the night boat stay in harbour because of the storm Ansgar?"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def keyed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("keyed")
    shutil.copytree(filled, folder / "data")
    one = Service(folder, EXHIBIT_API_KEYS="the-key,other-key")
    one.start()
    yield one
    one.stop()


def what_is_there(service: Service) -> Known:
    listed = service.http.get("/v1/collections/default/documents?limit=200", headers=KEY).json()["documents"]
    document = next(one["id"] for one in listed if one["name"] == "annual-report-2025.pdf")
    found = service.http.post("/v1/search", json={"query": "night boat"}, headers=KEY).json()
    return {
        "name": "default",
        "collection": "default",
        "document_id": document,
        "number": "1",
        "evidence_id": found["evidence"][0]["id"],
        "trace_id": found["trace_id"],
        "session_id": "nothing",
        "conversation_id": service.http.post("/v1/conversations", headers=KEY).json()["id"],
    }


def test_requests_with_the_key_are_answered_as_described(keyed: Service) -> None:
    answered = tried(f"http://127.0.0.1:{keyed.port}", what_is_there(keyed), KEY, wrong=False)
    assert {status for _, status in answered} >= {200, 201, 202, 404, 409}
    assert not {status for _, status in answered} & {401, 403}


def test_requests_without_a_key_are_refused_as_described(keyed: Service) -> None:
    described = keyed.http.get("/openapi.json", headers=KEY).json()["paths"]
    for path, operations in described.items():
        for method, operation in operations.items():
            answer = keyed.http.request(method.upper(), path.replace("{number}", "1"))
            if operation.get("security") == []:
                assert answer.status_code == 200, path
                continue
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] in operation["responses"]["401"]["content"]


def test_every_get_has_a_head_and_other_methods_are_told_what_there_is(keyed: Service) -> None:
    there = what_is_there(keyed)
    described = keyed.http.get("/openapi.json", headers=KEY).json()["paths"]
    for path, operations in [*described.items(), ("/metrics", {"get": {}}), ("/openapi.json", {"get": {}})]:
        address = path.format(**there)
        methods = {method.upper() for method in operations} | ({"HEAD"} if "get" in operations else set())
        if "get" in operations:
            whole = keyed.http.get(address, headers=KEY)
            head = keyed.http.head(address, headers=KEY)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            assert head.headers["content-type"] == whole.headers["content-type"]
        for method in set(METHODS) - methods:
            answer = keyed.http.request(method, address, headers=KEY)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == methods, (method, path)


def test_a_page_comes_as_narrow_as_it_is_wanted_and_once(keyed: Service) -> None:
    address = f"/v1/documents/{what_is_there(keyed)['document_id']}/pages/1"
    thumbnail = keyed.http.get(f"{address}?width=200", headers=KEY)
    with Image.open(BytesIO(thumbnail.content)) as picture:
        assert picture.width == 200
    assert "private, max-age" in thumbnail.headers["cache-control"]
    again = keyed.http.get(f"{address}?width=200", headers=KEY | {"if-none-match": thumbnail.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert keyed.http.get(f"{address}?width=9999", headers=KEY).status_code == 422


def test_the_words_of_printed_and_of_scanned_pages_have_their_boxes(keyed: Service) -> None:
    listed = keyed.http.get("/v1/collections/default/documents?limit=200", headers=KEY).json()["documents"]
    ids = {one["name"]: one["id"] for one in listed}
    for name, known in (("annual-report-2025.pdf", "Annual"), ("letter-1931-scanned.pdf", "Schoolmistress")):
        words = keyed.http.get(f"/v1/documents/{ids[name]}/pages/1/words", headers=KEY).json()
        [box] = [word["box"] for word in words if word["text"] == known][:1]
        assert 0 < box[0] < box[2] < 1
        assert 0 < box[1] < box[3] < 1
    without = keyed.http.get(f"/v1/documents/{ids['carriers-notes.md']}/pages/1/words", headers=KEY)
    assert (without.status_code, "no pages" in without.json()["detail"]) == (404, True)


def asked(service: Service, conversation: str, question: str, **more: object) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": question}], "conversation_id": conversation, **more}
    return service.http.post("/v1/chat", json=body, headers=KEY)


def test_a_conversation_holds_whole_answers_for_its_caller_alone(keyed: Service) -> None:
    id = keyed.http.post("/v1/conversations", headers=KEY).json()["id"]
    answer = asked(keyed, id, QUESTION).json()
    streamed = asked(keyed, id, "And in 2025, on which island?", stream=True)
    assert "event: answer" in streamed.text
    kept = keyed.http.get(f"/v1/conversations/{id}", headers=KEY).json()
    assert [message["role"] for message in kept["messages"]] == ["user", "assistant"] * 2
    first = kept["messages"][1]["answer"]
    unranked = [
        one | {"evidence": one["evidence"] | {"found_by": [], "ranks": {}, "score": 0.0}} for one in answer["citations"]
    ]
    assert first["citations"] == unranked
    assert first["citations"][0]["evidence"]["regions"]
    assert {name: first[name] for name in ("answer", "claims", "verdict")} == {
        name: answer[name] for name in ("answer", "claims", "verdict")
    }
    assert kept["title"] == QUESTION
    [listed] = keyed.http.get("/v1/conversations?q=storm+BOAT", headers=KEY).json()["conversations"]
    assert (listed["id"], listed["turns"]) == (id, 2)
    for method, path in (("GET", ""), ("GET", "/export"), ("DELETE", "")):
        assert keyed.http.request(method, f"/v1/conversations/{id}{path}", headers=OTHER).status_code == 404
    assert keyed.http.get("/v1/conversations", headers=OTHER).json()["conversations"] == []
    assert keyed.http.patch(f"/v1/conversations/{id}", json={"title": "x"}, headers=OTHER).status_code == 404
    body = {"messages": [{"role": "user", "content": "x"}], "conversation_id": id}
    assert keyed.http.post("/v1/chat", json=body, headers=OTHER).status_code == 404


def test_a_follow_up_leans_on_the_conversation(keyed: Service) -> None:
    id = keyed.http.post("/v1/conversations", headers=KEY).json()["id"]
    asked(keyed, id, "What share of the items for Skerry was delivered on time in 2025?")
    leaning = asked(keyed, id, "And for all islands?").json()
    trace = keyed.http.get(f"/v1/traces/{leaning['trace_id']}", headers=KEY).json()
    assert "items" in trace["query"]["searched"]


def test_a_question_whose_answer_breaks_off_is_kept(keyed: Service) -> None:
    id = keyed.http.post("/v1/conversations", headers=KEY).json()["id"]
    body = {"messages": [{"role": "user", "content": QUESTION}], "conversation_id": id, "stream": True}
    with keyed.http.stream("POST", "/v1/chat", json=body, headers=KEY) as stream:
        next(stream.iter_lines())  # and hangs up
    kept = keyed.http.get(f"/v1/conversations/{id}", headers=KEY).json()
    assert kept["messages"][0]["content"] == QUESTION


def test_a_conversation_is_exported_whole(keyed: Service) -> None:
    id = keyed.http.post("/v1/conversations", json={"title": "Boats"}, headers=KEY).json()["id"]
    asked(keyed, id, QUESTION)
    markdown = keyed.http.get(f"/v1/conversations/{id}/export", headers=KEY)
    assert markdown.headers["content-type"].startswith("text/markdown")
    assert ".md" in markdown.headers["content-disposition"]
    assert "# Boats" in markdown.text
    assert "annual-report-2025.pdf, page" in markdown.text
    exported = keyed.http.get(f"/v1/conversations/{id}/export?format=json", headers=KEY).json()
    kept = keyed.http.get(f"/v1/conversations/{id}", headers=KEY).json()
    assert exported == {name: value for name, value in kept.items() if name != "next_cursor"}


def test_a_conversation_outlives_the_document_it_is_about(keyed: Service) -> None:
    id = keyed.http.post("/v1/conversations", headers=KEY).json()["id"]
    keyed.http.post("/v1/collections", json={"name": "vault"}, headers=KEY)
    files = [("file", ("vault.md", b"# Vault\n\nThe vault of Ormsby opens with the word marzipan and a brass key."))]
    [document] = keyed.http.post("/v1/collections/vault/documents", files=files, headers=KEY).json()["documents"]
    wait_until(lambda: keyed.http.get(f"/v1/documents/{document['id']}", headers=KEY).json()["status"] == "ready")
    answer = asked(keyed, id, "With which word does the vault of Ormsby open?", collection="vault").json()
    assert "marzipan" in answer["answer"]
    assert keyed.http.delete("/v1/collections/vault", headers=KEY).status_code == 204
    for path in ("", "/export", "/export?format=json"):
        kept = keyed.http.get(f"/v1/conversations/{id}{path}", headers=KEY)
        assert kept.status_code == 200
        assert "marzipan" not in kept.text
        assert "deleted" in kept.text


def test_a_browser_gives_the_key_once_and_its_session_is_listed_and_revoked(keyed: Service) -> None:
    address = f"http://127.0.0.1:{keyed.port}"
    own = {"origin": address}
    assert keyed.http.post("/v1/session").status_code == 401
    with httpx.Client(base_url=address, headers={"user-agent": "A Browser"}, timeout=HANG_S) as browser:
        opened = browser.post("/v1/session", headers=KEY | own)
        attributes = {part.strip() for part in opened.headers["set-cookie"].split(";")[1:]}
        assert attributes == {"Path=/", f"Max-Age={30 * 24 * 3600}", "HttpOnly", "SameSite=Strict"}
        id = browser.post("/v1/conversations", headers=own).json()["id"]
        assert keyed.http.get(f"/v1/conversations/{id}", headers=KEY).status_code == 200  # of the same caller
        [listed] = browser.get("/v1/sessions").json()["sessions"]
        assert (listed["agent"], listed["current"], listed["id"]) == ("A Browser", True, opened.json()["id"])
        assert keyed.http.get("/v1/sessions", headers=OTHER).json()["sessions"] == []
        revoke = f"/v1/sessions/{listed['id']}"
        assert keyed.http.delete(revoke, headers=OTHER).status_code == 404
        assert keyed.http.delete(revoke, headers=KEY).status_code == 204
        assert browser.get("/v1/sessions").status_code == 401
        browser.post("/v1/session", headers=KEY | own)
        assert browser.delete("/v1/session", headers=own).status_code == 204
        assert "exhibit_session" not in browser.cookies
