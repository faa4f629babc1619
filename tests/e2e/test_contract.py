"""The HTTP contract over a real service with the samples in it."""

from __future__ import annotations

import base64
import json
import time
from io import BytesIO

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionUserMessageParam
from PIL import Image

from ingest.libreoffice import installed
from tests.e2e.described import tried
from tests.e2e.service import SAMPLES, Service
from tests.waiting import wait_until

DOCUMENT = {
    "id", "collection", "name", "media_type", "size", "sha256", "status", "stage", "findable", "progress", "pages",
    "chunks", "problems", "page_report", "metadata", "created_at", "ready_at",
}  # fmt: skip
EVIDENCE = {
    "id", "document_id", "document", "kind", "page", "regions", "place", "text", "image_url", "found_by", "ranks",
    "score",
}  # fmt: skip
ANSWER = {
    "answer", "verdict", "confidence", "claims", "citations", "evidence", "nearest", "missing", "notices", "model",
    "usage", "timings_ms", "trace_id",
}  # fmt: skip


def picture(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def of(service: Service, name: str) -> dict[str, object]:
    documents = service.http.get("/v1/collections/default/documents?limit=200").json()["documents"]
    found: dict[str, object] = next(document for document in documents if document["name"] == name)
    return found


def test_a_document_tells_how_it_was_read(service: Service) -> None:
    document = of(service, "letter-1931-scanned.pdf")
    assert document.keys() >= DOCUMENT
    assert document["findable"] is True
    assert document["page_report"][0]["read_as"] == "ocr"  # type: ignore[index]


def test_an_answer_does_not_wait_for_the_network_stack(service: Service) -> None:
    """Nagle's algorithm and delayed acknowledgements add 40 ms to every answer on a connection that is kept; a new one
    for each answer has none of it."""

    def quickest_s(**headers: str) -> float:
        times = []
        for _ in range(20):
            began = time.monotonic()
            service.http.get("/healthz", headers=headers)
            times.append(time.monotonic() - began)
        return min(times)

    assert quickest_s() < quickest_s(connection="close") + 0.03


def test_a_paragraph_is_found_with_its_page_and_regions(service: Service) -> None:
    found = service.search("Who suggested that the sorting hall's computer should read the tide tables?")
    top = found[0]
    assert top.keys() >= EVIDENCE
    assert (top["document"], top["page"]) == ("annual-report-2025.pdf", 4)
    assert set(top["found_by"]) >= {"words", "text"}
    for region in top["regions"]:
        x0, y0, x1, y1 = region["box"]
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1


def test_the_page_image_is_drawn_on_where_the_evidence_stands(service: Service) -> None:
    top = service.search("Who suggested that the sorting hall's computer should read the tide tables?")[0]
    plain = picture(service.http.get(top["page_url"].partition("?")[0]).content).convert("RGB")
    drawn = picture(service.http.get(top["page_url"]).content).convert("RGB")
    assert plain.size == drawn.size
    x0, y0, x1, y1 = top["regions"][0]["box"]
    width, height = plain.size
    inside = (int((x0 + x1) / 2 * width), int((y0 + y1) / 2 * height))
    corner = (2, 2)
    assert plain.getpixel(corner) == drawn.getpixel(corner)
    box = (int(x0 * width), int(y0 * height), int(x1 * width), int(y1 * height))
    assert plain.crop(box).tobytes() != drawn.crop(box).tobytes(), inside


def test_chinese_finds_chinese(service: Service) -> None:
    found = service.search("灯塔守则")
    assert found[0]["document"] == "灯塔守则.pdf"


def test_an_image_finds_itself(service: Service) -> None:
    image = "data:image/jpeg;base64," + base64.b64encode((SAMPLES / "harbour-morning.jpg").read_bytes()).decode()
    answer = service.http.post("/v1/search", json={"image": image})
    [top, *_] = answer.json()["evidence"]
    assert top["document"] == "harbour-morning.jpg"
    assert top["ranks"]["image"] == 1


def data_url(image: Image.Image, quality: int) -> str:
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def test_a_pasted_chart_finds_the_page_it_came_from_alone_and_with_words(service: Service) -> None:
    """As somebody cuts it out: a little smaller, without its edges, recompressed."""
    figures = service.search("chart diagram figure", kinds=["figure"], top_k=20)
    charts = [one for one in figures if one["document"] == "annual-report-2025.pdf"]
    assert len(charts) >= 3
    for chart in charts:
        crop = picture(service.http.get(chart["image_url"]).content)
        width, height = crop.size
        cut = crop.crop((width // 40, height // 40, width - width // 40, height - height // 40))
        pasted = data_url(cut.resize((int(cut.width * 0.7), int(cut.height * 0.7))), 60)
        for words in ({}, {"query": "what does this chart show"}):
            answer = service.http.post("/v1/search", json={"image": pasted, **words})
            [top, *_] = answer.json()["evidence"]
            assert (top["id"], top["page"]) == (chart["id"], chart["page"])
            assert top["regions"]


def test_an_answer_cites_page_and_quote(service: Service) -> None:
    answer = service.ask("What share of the items for Skerry was delivered on time in 2025?")
    assert answer.keys() >= ANSWER
    assert "84.6" in answer["answer"]
    assert answer["verdict"] == "grounded"
    citation = answer["citations"][0]
    assert f"[{citation['n']}]" in answer["answer"]
    assert citation["quote"] in citation["evidence"]["text"]
    assert (citation["evidence"]["document"], citation["evidence"]["page"]) == ("annual-report-2025.pdf", 2)
    assert answer["model"] == "exhibit-extractive"


def test_what_is_not_there_is_said_so(service: Service) -> None:
    answer = service.ask("What did a first-class stamp to the mainland cost in 2025?")
    assert answer["verdict"] == "abstained"
    assert answer["citations"] == []
    assert answer["nearest"]
    assert answer["missing"]


def test_streamed_and_unstreamed_are_equal(service: Service) -> None:
    question = "How long did the night boat stay in harbour because of the storm Ansgar?"
    body = {"messages": [{"role": "user", "content": question}], "stream": True}
    events = []
    with service.http.stream("POST", "/v1/chat", json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                events.append((name, json.loads(line[6:])))
    names = [name for name, _ in events]
    assert names[0] == "evidence"
    assert names[-1] == "answer"
    assert set(names[1:-1]) == {"delta"}
    whole = service.ask(question)
    assert events[-1][1]["answer"] == whole["answer"] == "".join(data["text"] for _, data in events[1:-1]).strip()
    assert events[-1][1]["citations"] == whole["citations"]


def test_the_stock_openai_client_works(service: Service) -> None:
    client = OpenAI(base_url=f"http://127.0.0.1:{service.port}/v1", api_key="none")
    assert "default" in [model.id for model in client.models.list()]
    question: ChatCompletionUserMessageParam = {
        "role": "user",
        "content": "How long did the night boat stay in harbour because of the storm Ansgar?",
    }
    whole = client.chat.completions.create(model="default", messages=[question])
    assert "nine days" in (whole.choices[0].message.content or "")
    assert whole.model_extra is not None
    assert whole.model_extra["exhibit"]["citations"]
    stream = client.chat.completions.create(model="default", messages=[question], stream=True)
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said.strip() == whole.choices[0].message.content
    assert (chunks[-1].model_extra or {})["exhibit"]["answer"] == said.strip()
    client.close()


def test_an_unknown_model_is_openais_error(service: Service) -> None:
    answer = service.http.post(
        "/v1/chat/completions", json={"model": "nowhere", "messages": [{"role": "user", "content": "hi"}]}
    )
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_the_events_of_a_document_end_with_its_status(service: Service) -> None:
    [document] = service.upload(("follow.md", f"# Followed\n\nA note made at {time.time()}.".encode()))
    with service.http.stream("GET", f"/v1/documents/{document['id']}/events") as answer:
        names = [line[7:] for line in answer.iter_lines() if line.startswith("event: ")]
    assert names[-1] == "ready"
    assert set(names[:-1]) <= {"progress"}


def test_the_same_bytes_are_one_document(service: Service) -> None:
    [document] = service.upload(SAMPLES / "carriers-notes.md")
    assert document["duplicate"] is True
    assert document["status"] == "ready"


def test_deleted_is_unfindable_at_once_and_gone_soon(service: Service) -> None:
    [document] = service.upload(("secret.md", b"# Vault\n\nThe vault of Ormsby opens with the word marzipan."))
    service.finished(document)
    [evidence, *_] = service.search("vault of Ormsby word marzipan")
    assert evidence["document"] == "secret.md"
    assert service.http.delete(f"/v1/documents/{document['id']}").status_code == 204
    assert all(one["document"] != "secret.md" for one in service.search("vault of Ormsby word marzipan"))
    assert service.http.get(f"/v1/documents/{document['id']}").status_code == 410
    assert service.http.get(f"/v1/evidence/{evidence['id']}").status_code == 410
    blobs = service.folder / "data" / "blobs"
    wait_until(lambda: not list((blobs / "originals").rglob(f"*{document['sha256']}*")))
    wait_until(lambda: not (blobs / "documents" / document["id"]).exists())


def test_a_document_without_pages_says_so(service: Service) -> None:
    answer = service.http.get(f"/v1/documents/{of(service, 'carriers-notes.md')['id']}/pages/1")
    assert answer.status_code == 404
    assert "no pages" in answer.json()["detail"]


def test_the_original_comes_back_as_it_was(service: Service) -> None:
    answer = service.http.get(f"/v1/documents/{of(service, '灯塔守则.pdf')['id']}/file")
    assert answer.content == (SAMPLES / "灯塔守则.pdf").read_bytes()
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_original_can_be_asked_about_without_its_bytes_and_claims_no_encoding(service: Service) -> None:
    [document] = service.upload(("gbk.txt", "戴胜鸟的巢有臭味。".encode("gbk")))
    answer = service.http.head(f"/v1/documents/{document['id']}/file")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("18", "text/plain")
    assert service.http.head("/healthz").status_code == service.http.head("/readyz").status_code == 200


@pytest.mark.skipif(installed() is None, reason="LibreOffice is not installed")
def test_slides_and_sheets_are_pages_that_are_drawn(service: Service) -> None:
    [top, *_] = service.search("payload of the drone that was rented", kinds=["table"])
    assert (top["document"], top["page"]) == ("project-gannet.pptx", 3)
    drawn = picture(service.http.get(top["page_url"]).content)
    plain = picture(service.http.get(top["page_url"].partition("?")[0]).content)
    assert drawn.size == plain.size == (1600, 900)
    assert drawn.tobytes() != plain.tobytes()
    fleet = of(service, "fleet.xlsx")["id"]
    assert [service.http.get(f"/v1/documents/{fleet}/pages/{page}").status_code for page in (1, 2, 3)] == [
        200,
        200,
        404,
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/collections/nowhere", None, 404),
        ("GET", "/v1/documents/nothing", None, 404),
        ("GET", "/v1/evidence/nothing", None, 404),
        ("GET", "/v1/no/such/route", None, 404),
        ("POST", "/v1/collections", {"name": "../x"}, 422),
        ("POST", "/v1/collections", {"name": "default"}, 409),
        ("POST", "/v1/search", {"query": ""}, 422),
        ("POST", "/v1/search", {"query": "x", "top_k": 0}, 422),
        ("POST", "/v1/search", {"query": "x", "top_k": 1_000_000}, 422),
        ("POST", "/v1/search", {"query": "x", "collection": "nowhere"}, 404),
        ("POST", "/v1/search", {"query": "x", "filter": {"colour": "red"}}, 422),
        ("POST", "/v1/search", {"query": "x", "image": "http://127.0.0.1/x.png"}, 422),
        ("POST", "/v1/search", {"image": "data:image/png;base64,aGVsbG8="}, 422),
        ("POST", "/v1/chat", {"messages": []}, 422),
        ("POST", "/v1/chat", {"messages": [{"role": "user", "content": " "}]}, 422),
        ("POST", "/v1/chat", {"messages": [{"role": "robot", "content": "x"}]}, 422),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_sentence(
    method: str, path: str, body: object, status: int, service: Service
) -> None:
    answer = service.http.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "instance"}
    assert problem["detail"]


@pytest.mark.parametrize(
    "query", ["?!…", "🙂", "\u0000\u0007", "' OR 1=1 --", "AND OR NOT (", "a" * 100_000, "*:*", "x:y^2~"]
)
def test_odd_queries_are_answered(query: str, service: Service) -> None:
    answer = service.http.post("/v1/search", json={"query": query})
    assert answer.status_code in (200, 422)


def test_malformed_json_is_located(service: Service) -> None:
    answer = service.http.post("/v1/search", content=b'{"query": ', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"].startswith("body")


def test_requests_without_keys_are_answered_as_described(service: Service) -> None:
    document = of(service, "annual-report-2025.pdf")["id"]
    there = {"name": "default", "collection": "default", "document_id": str(document), "number": "1"}
    answered = tried(f"http://127.0.0.1:{service.port}", there)
    assert {status for _, status in answered} >= {200, 201, 202, 404, 409, 422}


def test_openais_route_honours_filter_and_kinds(service: Service) -> None:
    question = {"role": "user", "content": "How long did the night boat stay in harbour because of the storm Ansgar?"}
    body = {"model": "default", "messages": [question]}
    notes = of(service, "carriers-notes.md")["id"]
    for narrowed in ({"filter": {"document": [notes]}}, {"kinds": ["table"]}):
        exhibit = service.http.post("/v1/chat/completions", json=body | narrowed).json()["exhibit"]
        shown = [*exhibit["evidence"], *exhibit["nearest"]]
        assert shown
        assert all(one["document_id"] == notes or one["kind"] == "table" for one in shown), narrowed
    refused = service.http.post("/v1/chat/completions", json=body | {"filter": {"colour": 1}})
    assert refused.status_code == 422
    assert "colour" in refused.json()["error"]["message"]


def test_why_and_then_and_him_is_answered(service: Service) -> None:
    said = [{"role": "user", "content": "why?"}, {"role": "assistant", "content": "x"}]
    body = {"messages": [*said, {"role": "user", "content": "And him?"}]}
    assert service.http.post("/v1/chat", json=body).status_code == 200


def test_the_data_folder_is_for_its_owner_alone(service: Service) -> None:
    paths = [service.folder / "data", *(service.folder / "data").rglob("*")]
    names = {path.name for path in paths}
    assert names >= {"queue.db", "catalogue.db", "meta.json", "chroma.sqlite3", "exhibit.lock"}
    assert [path for path in paths if path.exists() and path.stat().st_mode & 0o077] == []
