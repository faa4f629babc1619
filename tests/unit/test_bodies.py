"""Bodies that no honest client sends get an answer that says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.testclient import TestClient
from starlette.types import Message

from app.api.bodies import ChatIn, CollectionIn, CollectionPatch, CompletionIn, ConversationIn, ConversationPatch
from app.api.limits import BodyLimit
from app.api.problems import install
from app.api.streams import event
from app.api.uploads import UrlIn


def client(most_text: int = 200_000, most_bytes: int = 64 * 2**20) -> TestClient:
    app = FastAPI()
    install(app)

    @app.post("/v1/chat")
    async def chat(body: ChatIn) -> list[str]:
        return list(body.names)

    @app.post("/v1/chat/completions")
    async def completions(body: CompletionIn) -> str:
        return body.model

    app.add_middleware(BodyLimit, with_images=("/v1/chat",), most_bytes=most_bytes, most_text=most_text)
    return TestClient(app, raise_server_exceptions=False)


def pieces() -> Iterator[bytes]:
    for _ in range(10):
        yield b" " * 100


def test_a_body_over_the_limit_is_refused_announced_or_not() -> None:
    assert client(500).post("/v1/chat", content=b" " * 1000).status_code == 413
    answer = client(500).post("/v1/chat/completions", content=pieces())
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == 413


def test_an_upload_alone_has_no_limit_here() -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    upload = client(500).post("/v1/collections/default/documents", content=b" " * 1000, headers=headers)
    assert upload.status_code == 404
    assert client(500).post("/v1/chat", content=b" " * 1000, headers=headers).status_code == 413


def test_images_have_room_of_their_own_where_there_may_be_some() -> None:
    url = "data:image/png;base64," + "AAAA" * 100_000
    body = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}
    assert client().post("/v1/chat", json=body).status_code == 200
    assert client(most_bytes=300_000).post("/v1/chat", json=body).status_code == 413
    assert client().post("/v1/chat/completions", json=body).status_code == 413
    assert client().post("/v1/chat", json=body | {"filter": {"a": "x" * 200_000}}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        {f"field {i}": i for i in range(14_000)},
        {"collection": ["?"] * 14_000},
        {"messages": [{"role": "?"}] * 5_000},
        {"messages": [], "x" * 500_000: 1},
        {"messages": [], "kinds": ["\0" * 100_000], "top_k": "x" * 100_000, "filter": 1, "stream": 7},
    ],
)
def test_a_refusal_is_short_whatever_is_refused(body: dict[str, object]) -> None:
    answer = client(2**20).post("/v1/chat", json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 64_000
    assert 1 <= len(answer.json()["errors"]) <= 20


def test_faults_over_twenty_are_counted() -> None:
    app = FastAPI()
    install(app)

    @app.post("/v1/x")
    async def x(body: list[int]) -> int:
        return len(body)

    answer = TestClient(app).post("/v1/x", json=["?"] * 50).json()
    assert (len(answer["errors"]), answer["detail"].endswith("; and 42 more")) == (20, True)


def test_a_refusal_of_a_long_path_is_short() -> None:
    assert len(client().get("/" + "%00" * 20_000).content) < 64_000


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"top_k": ' + b"1" * 5000 + b"}", b'"\xff\xfe"'])
def test_a_body_that_cannot_be_parsed_is_not_understood(body: bytes) -> None:
    answer = client().post("/v1/chat", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", [r"\ud800", r"a\u0000"])
def test_half_a_character_breaks_no_answer(name: str) -> None:
    said = r'"messages": [{"role": "user", "content": "hi \ud800"}]'
    headers = {"content-type": "application/json"}
    for path, field in (("/v1/chat", "collection"), ("/v1/chat/completions", "model"), ("/v1/chat", r"x\ud800")):
        answer = client().post(path, content=f'{{"{field}": "{name}", {said}}}', headers=headers)
        assert answer.status_code in (200, 422)
    assert b"?" in event("delta", {"text": "\ud800"})


@pytest.mark.parametrize(
    "more",
    [
        {"collection": ["a"] * 101},
        {"messages": [{"role": "user", "content": "x" * 1_000_001}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}] * 33}]},
    ],
)
def test_too_much_of_a_thing_is_refused(more: dict[str, object]) -> None:
    body = {"messages": [{"role": "user", "content": "hi"}]} | more
    assert client(2**20).post("/v1/chat", json=body).status_code == 422


def test_metadata_has_a_limit_as_it_is_kept() -> None:
    for model, more in ((CollectionIn, {"name": "x"}), (CollectionPatch, {}), (UrlIn, {"url": "https://example.org/"})):
        assert model.model_validate({"metadata": {"a": "\u4e2d" * 5_000}, **more}).metadata
        with pytest.raises(ValidationError, match="16384 bytes"):
            model.model_validate({"metadata": {"a": "\u4e2d" * 5_500}, **more})


def test_what_is_allowed_is_told() -> None:
    answer = client().get("/v1/chat")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_client_that_hangs_up_is_no_failure_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    install(app)

    @app.post("/v1/x")
    async def read(request: Request) -> int:
        return len(await request.body())

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/x", "headers": [], "query_string": b"", "root_path": ""}
    await app(scope, gone, send)
    assert sent[0]["status"] == 499
    assert not caplog.records


@pytest.mark.parametrize("body", [ConversationIn, ConversationPatch])
def test_a_title_has_some_letters_and_no_blanks_around_them(body: type[ConversationIn | ConversationPatch]) -> None:
    assert body(title=" Lamps ").title == "Lamps"
    with pytest.raises(ValidationError, match="some letters"):
        body(title="  ")
    assert ConversationIn().title == ""
