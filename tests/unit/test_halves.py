"""Halves of surrogate pairs are refused with one sentence, wherever they stand in a request."""

from __future__ import annotations

import asyncio
import json

import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message

from app.api.letters import WholeLetters, check_json
from domain.errors import BadRequest

HALF = b"\xed\xa0\x80"


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.add_middleware(WholeLetters)

    @app.api_route("/{rest:path}", methods=["GET", "POST"])
    async def echo(request: Request) -> int:
        return len(await request.body())

    return TestClient(app)


@pytest.mark.parametrize("path", ["/v1/search", "/mcp", "/v1/collections"])
@pytest.mark.parametrize(
    "body",
    [
        rb'{"query": "a\ud800"}',
        rb'{"query": "a\udc00\ud800"}',
        rb'{"\uDBFF": 1}',
        rb'{"a": [{"b": "\\\ud83d"}]}',
        rb'{"query": "' + HALF + b'"}',
        '{"query": "\ud800"}'.encode("utf-16-le", "surrogatepass"),
        b'{"query": "' + b"a" * 100_000 + rb'\ud800"}',
    ],
    ids=lambda body: repr(body[-20:]),
)
def test_in_json_it_is_refused(path: str, body: bytes, client: TestClient) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "The body holds half of a surrogate pair, which is no character."


def test_in_paths_and_queries_it_is_refused(client: TestClient) -> None:
    for answer in (client.get("/v1/collections/%ED%A0%80"), client.get("/v1/collections?name=%ed%bf%bf")):
        assert answer.status_code == 422
        assert "half of a surrogate pair" in answer.text
    assert "error" in client.get("/v1/models/%ED%A0%80").json()


async def test_in_headers_it_is_refused() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/models", "query_string": b"", "headers": [(b"x-a", HALF)]}
    await WholeLetters(FastAPI())(scope, lambda: asyncio.sleep(0, {"type": "http.disconnect"}), send)
    assert sent[0]["status"] == 422
    assert b"The header x-a holds half" in sent[1]["body"]


@pytest.mark.parametrize("body", [rb'{"q": "\ud83d\ude00 \\ud800 \u00e9"}', '{"q": "😀 í 한"}'.encode(), b"{", b"\0\0"])
def test_whole_characters_and_what_is_no_json_pass(body: bytes, client: TestClient) -> None:
    answer = client.post("/v1/search?q=%F0%9F%98%80", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.text) == (200, str(len(body)))


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=8), st.booleans())
def test_it_is_seen_just_where_there_is_one(text: str, escaped: bool) -> None:
    body = json.dumps(text, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        json.loads(body).encode()
    except UnicodeEncodeError:
        with pytest.raises(BadRequest):
            check_json("The body", body)
    else:
        check_json("The body", body)
