"""The clients that people have already: curl, MCP, LangChain's and LlamaIndex's OpenAI classes, OpenAI's for Node."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from mcp import Client
from mcp.types import CallToolResult, ImageContent, TextContent
from pydantic import SecretStr

from answering.about.learned import SURE
from tests.e2e.service import ROOT, SAMPLES, Service

QUESTION = "What did the night boat cost in 2025?"
NODE_MODULES = Path(os.environ.get("EXHIBIT_NODE_MODULES", ROOT / ".cache" / "node" / "node_modules"))


@asynccontextmanager
async def mcp_client(service: Service) -> AsyncGenerator[Client]:
    async with Client(f"http://127.0.0.1:{service.port}/mcp") as client:
        yield client


def said(result: CallToolResult) -> Any:
    assert not result.is_error, result.content
    first = result.content[0]
    assert isinstance(first, TextContent)
    assert json.loads(first.text) == result.structured_content
    return result.structured_content


# ---------------------------------------------------------------- MCP


async def test_mcp_offers_its_four_tools_and_says_what_they_are_for(service: Service) -> None:
    async with mcp_client(service) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "ask", "read_page", "list_documents"}
    assert all(tool.description and tool.annotations and tool.annotations.read_only_hint for tool in tools.values())


async def test_mcp_answers_a_question_with_citations(service: Service) -> None:
    async with mcp_client(service) as client:
        answer = said(await client.call_tool("ask", {"question": QUESTION}))
    assert all(claim["supported"] for claim in answer["claims"])
    assert answer["verdict"] == ("grounded" if answer["confidence"] >= SURE else "partial")
    assert answer["citations"][0]["evidence"]["page"] is not None
    assert answer["citations"][0]["quote"]


async def test_mcp_gives_a_found_figure_as_pixels(service: Service) -> None:
    async with mcp_client(service) as client:
        result = await client.call_tool("search", {"query": "chart of passengers by line", "kinds": ["figure"]})
    evidence = said(result)["evidence"]
    assert {one["kind"] for one in evidence} == {"figure"}
    pictures = [block for block in result.content if isinstance(block, ImageContent)]
    assert pictures
    assert base64.b64decode(pictures[0].data).startswith((b"\x89PNG", b"\xff\xd8"))


async def test_mcp_reads_the_page_that_evidence_names(service: Service) -> None:
    async with mcp_client(service) as client:
        found = said(await client.call_tool("search", {"query": QUESTION}))["evidence"]
        one = next(one for one in found if one["document"].endswith(".pdf"))
        result = await client.call_tool("read_page", {"document_id": one["document_id"], "page": one["page"]})
    page = said(result)
    assert one["text"] in page["text"]
    assert one["id"] in {found["id"] for found in page["evidence"]}
    assert isinstance(result.content[1], ImageContent)


async def test_mcp_lists_documents_page_by_page(service: Service) -> None:
    names: list[str] = []
    cursor: str | None = None
    async with mcp_client(service) as client:
        while True:
            listed = said(await client.call_tool("list_documents", {"limit": 4, "cursor": cursor}))
            names += [document["name"] for document in listed["documents"]]
            cursor = listed["next_cursor"]
            if cursor is None:
                break
    assert sorted(names) == sorted(path.name for path in SAMPLES.iterdir())


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("search", {"query": "boats", "collection": "nowhere"}, "nowhere"),
        ("read_page", {"document_id": "0" * 32}, "no such document"),
        ("search", {"query": "boats", "top_k": 0}, "top_k"),
        ("ask", {"question": ""}, "question"),
    ],
)
async def test_mcp_says_what_was_wrong(tool: str, arguments: dict[str, Any], sentence: str, service: Service) -> None:
    async with mcp_client(service) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    assert sentence.lower() in result.content[0].text.lower()


# ---------------------------------------------------------------- OpenAI's protocol


def url(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}/v1"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_curl_streams_an_answer(service: Service) -> None:
    body = {"model": "default", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    command = ["curl", "-sN", f"{url(service)}/chat/completions", "-H", "content-type: application/json"]
    told = subprocess.run([*command, "-d", json.dumps(body)], check=True, capture_output=True, text=True).stdout
    chunks = [line.removeprefix("data: ") for line in told.splitlines() if line.startswith("data: ")]
    assert chunks[-1] == "[DONE]"
    last = json.loads(chunks[-2])
    whole = "".join(json.loads(chunk)["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["exhibit"]["answer"] == whole.strip()


def test_langchains_openai_class_asks_with_a_picture_in_the_message(service: Service) -> None:
    chat = ChatOpenAI(base_url=url(service), api_key=SecretStr("none"), model="default")
    picture = base64.b64encode((SAMPLES / "harbour-morning.jpg").read_bytes()).decode()
    parts: list[str | dict[str, Any]] = [
        {"type": "text", "text": "Where does this picture come from?"},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{picture}"}},
    ]
    assert chat.invoke([HumanMessage(content=parts)]).text
    assert "".join(chunk.text for chunk in chat.stream(QUESTION)) == chat.invoke(QUESTION).text


def test_llamaindexs_openai_class_completes_and_streams(service: Service) -> None:
    like = import_module("llama_index.llms.openai_like")
    llama = like.OpenAILike(api_base=url(service), api_key="none", model="default", is_chat_model=True)
    whole = llama.complete(QUESTION).text
    assert re.search(r"\[\d+\]", whole)
    assert list(llama.stream_complete(QUESTION))[-1].text == whole


NODE = """
import OpenAI from 'openai';
const client = new OpenAI({ baseURL: process.argv[1], apiKey: 'none' });
const messages = [{ role: 'user', content: process.argv[2] }];
const whole = await client.chat.completions.create({ model: 'default', messages });
let text = '', last = null;
for await (const chunk of await client.chat.completions.create({ model: 'default', messages, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? '';
  last = chunk;
}
const models = (await client.models.list()).data.map((model) => model.id);
console.log(JSON.stringify({ whole, text, last, models }));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
@pytest.mark.skipif(not (NODE_MODULES / "openai").is_dir(), reason="OpenAI's client for Node is not installed")
def test_openais_client_for_node_asks_streams_and_lists_models(service: Service) -> None:
    command = ["node", "--input-type=module", "-e", NODE, url(service), QUESTION]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=NODE_MODULES.parent).stdout
    found = json.loads(told)
    assert found["text"] == found["whole"]["choices"][0]["message"]["content"]
    assert found["last"]["exhibit"]["citations"] == found["whole"]["exhibit"]["citations"] != []
    assert "default" in found["models"]
