"""The protocol's tools over in-memory parts, through the SDK's own client, and the route behind the guard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client
from mcp.types import CallToolResult, ImageContent, TextContent
from starlette.testclient import TestClient

from app.api.deps import Services
from app.api.mcp import server_of
from app.main import create_app
from app.settings import Settings
from domain.errors import Missing
from tests.unit.test_ask import PNG, SENTENCES, asking


class FewPages:
    async def page(self, document_id: str, number: int, evidence_id: str | None = None) -> bytes:
        if number != 1:
            raise Missing(f"The document has 1 pages; there is no page {number}.")
        return PNG

    async def evidence(self, evidence_id: str) -> bytes:
        return PNG


class Given:
    def __init__(self, *scripts: Sequence[str]) -> None:
        self.ask, _, retriever = asking(*scripts)
        catalogue = retriever.catalogue
        self.collections, self.documents, self.chunks = catalogue.collections, catalogue.documents, catalogue.chunks
        self.pages = FewPages()


async def call(tool: str, arguments: dict[str, Any], *scripts: Sequence[str]) -> CallToolResult:
    async with Client(server_of(cast(Services, Given(*scripts)))) as client:
        return await client.call_tool(tool, arguments)


def said(result: CallToolResult) -> Any:
    assert not result.is_error, result.content
    assert isinstance(result.content[0], TextContent)
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def test_search_gives_evidence_and_the_pixels_of_figures() -> None:
    result = await call("search", {"query": "the tower"})
    assert [one["text"] for one in said(result)["evidence"]] == list(SENTENCES)
    assert [type(block) for block in result.content[1:]] == [TextContent, ImageContent]


async def test_ask_gives_the_whole_answer() -> None:
    answer = said(await call("ask", {"question": "What does the lantern burn?"}, ["The lantern burns whale oil [1]."]))
    assert (answer["verdict"], answer["citations"][0]["quote"]) == ("grounded", SENTENCES[0])


async def test_a_page_is_its_text_and_its_picture() -> None:
    result = await call("read_page", {"document_id": "d", "page": 1})
    assert said(result)["text"].split("\n\n") == list(SENTENCES)
    assert isinstance(result.content[1], ImageContent)


async def test_documents_are_listed() -> None:
    assert [one["name"] for one in said(await call("list_documents", {}))["documents"]] == ["tower.pdf"]


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("search", {"query": "boats", "collection": "nowhere"}, "nowhere"),
        ("read_page", {"document_id": "d", "page": 9}, "no page 9"),
        ("search", {"query": "boats", "top_k": 0}, "top_k"),
        ("ask", {"question": ""}, "question"),
    ],
)
async def test_what_was_wrong_is_said(tool: str, arguments: dict[str, Any], sentence: str) -> None:
    result = await call(tool, arguments)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    assert sentence in result.content[0].text


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream"}


def test_the_route_answers_at_its_path_on_every_start_of_an_application(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    app = create_app(settings, cast(Services, Given()))
    for _ in range(2):
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            reply = client.post("/mcp", json=INITIALIZE, headers=ACCEPT)
            assert reply.status_code == 200
            assert reply.json()["result"]["serverInfo"]["name"] == "Exhibit"
            assert client.post("/mcp", json=INITIALIZE, headers={**ACCEPT, "host": "evil.example"}).status_code == 403


def test_methods_that_the_protocol_has_no_use_for_are_told_which_there_are(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    with TestClient(create_app(settings, cast(Services, Given())), base_url="http://127.0.0.1:8000") as client:
        for method in ("DELETE", "PUT"):  # there are no sessions that could be deleted
            reply = client.request(method, "/mcp", headers=ACCEPT)
            assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, POST")
        head = client.head("/mcp", headers=ACCEPT)
        assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "resources/read", "params": {"uri": "a:" + "x" * 29_000}},
        {"method": "x" * 29_000},
        {"params": {"name": "search", "arguments": {"query": "x", "kinds": ["?"] * 5_000}}},
        {"params": {"name": "search", "arguments": {"query": "x" * 100_000}}},
    ],
    ids=["resource", "method", "kinds", "length"],
)
def test_a_refusal_is_short_whatever_is_quoted(wrong: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    with TestClient(create_app(settings, cast(Services, Given())), base_url="http://127.0.0.1:8000") as client:
        called = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {}} | wrong
        assert len(client.post("/mcp", json=called, headers=ACCEPT).content) < 64_000
