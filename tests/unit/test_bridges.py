"""The bridges, used in a real LangChain chain and a real LlamaIndex query engine, in process and over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import ImageNode

from domain.documents import Box, Chunk, Document, Region
from domain.errors import BadRequest, Unavailable
from domain.evidence import Evidence
from retrievers import langchain_bridge, llamaindex_bridge
from retrievers.bridges import InProcess, OverHttp, Source

PIXELS = b"\x89PNG pixels"
DOCUMENT = Document("d", "c", "default", "tower.pdf", "application/pdf", 9, "ab", "ready", datetime.now(UTC), pages=3)
REGIONS = (Region(2, Box(0.1, 0.2, 0.3, 0.4)),)
EVIDENCE = (
    Evidence(Chunk("d.0", "d", 0, "text", "The lantern burns whale oil.", "", 1), DOCUMENT, 0.9, {"words": 1}),
    Evidence(
        Chunk("d.1", "d", 1, "figure", "Figure 1: the tower", "", 2, REGIONS, None, "crop"), DOCUMENT, 0.5, {"text": 1}
    ),
)


async def search(query: str, image: bytes | None) -> Sequence[Evidence]:
    return EVIDENCE


def served(request: httpx.Request) -> httpx.Response:
    """What the service answers, as the contract has it."""
    if request.headers.get("authorization") != "Bearer key":
        return httpx.Response(401, json={"detail": "Send a key."})
    if request.url.path.endswith("/image"):
        return httpx.Response(200, content=PIXELS)
    if b'"nothing": ' in request.content or b'"nothing":' in request.content:
        return httpx.Response(422, json={"detail": "The filter has an unknown field 'nothing'."})
    shown = [
        {"id": "d.0", "document_id": "d", "document": "tower.pdf", "kind": "text", "page": 1, "regions": [],
         "place": None,
         "text": EVIDENCE[0].chunk.text, "image_url": "/v1/evidence/d.0/image", "page_url": "/v1/documents/d/pages/1",
         "found_by": ["words"], "ranks": {"words": 1}, "score": 0.9},
        {"id": "d.1", "document_id": "d", "document": "tower.pdf", "kind": "figure", "page": 2,
         "regions": [{"page": 2, "box": [0.1, 0.2, 0.3, 0.4]}], "place": None, "text": EVIDENCE[1].chunk.text,
         "image_url": "/v1/evidence/d.1/image", "page_url": "/v1/documents/d/pages/2", "found_by": ["text"],
         "ranks": {"text": 1}, "score": 0.5},
    ]  # fmt: skip
    return httpx.Response(200, json={"evidence": shown, "trace_id": "t"})


@pytest.fixture(params=["in process", "over HTTP"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Source:
    if request.param == "in process":
        return InProcess(search, lambda key: PIXELS)
    answering(monkeypatch)
    return OverHttp("http://exhibit.test/", api_key="key", pictures=True)


def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    real = httpx.AsyncClient

    def client(**options: Any) -> httpx.AsyncClient:
        return real(transport=httpx.MockTransport(served), **options)

    monkeypatch.setattr("retrievers.bridges.httpx.AsyncClient", client)


def chain_over(source: Source) -> tuple[Any, list[str]]:
    """The chain of LangChain's own tutorials."""
    shown: list[str] = []

    def told(documents: Sequence[Any]) -> str:
        shown.extend(f"{one.metadata['document']}, {one.metadata['page']}: {one.page_content}" for one in documents)
        return "\n".join(shown)

    model = GenericFakeChatModel(messages=iter([AIMessage("whale oil")]))
    prompt = ChatPromptTemplate.from_template("From {context} answer {question}")
    gathered = {"context": langchain_bridge.ExhibitRetriever(source=source) | told, "question": RunnablePassthrough()}
    return gathered | prompt | model | StrOutputParser(), shown


def test_a_langchain_chain_is_given_the_evidence(source: Source) -> None:
    chain, shown = chain_over(source)
    assert chain.invoke("What does the lantern burn?") == "whale oil"
    assert shown[0] == "tower.pdf, 1: The lantern burns whale oil."


async def test_a_langchain_chain_is_given_the_evidence_asynchronously(source: Source) -> None:
    chain, shown = chain_over(source)
    assert await chain.ainvoke("What does the lantern burn?") == "whale oil"
    assert len(shown) == 2


def test_langchain_documents_carry_page_regions_and_picture(source: Source) -> None:
    _, figure = langchain_bridge.ExhibitRetriever(source=source).invoke("the tower")
    assert (figure.id, figure.metadata["kind"], figure.metadata["page"]) == ("d.1", "figure", 2)
    assert figure.metadata["regions"] == [{"page": 2, "box": [0.1, 0.2, 0.3, 0.4]}]
    assert figure.metadata["image_url"].endswith("/v1/evidence/d.1/image")
    assert base64.b64decode(figure.metadata["image"]) == PIXELS


def engine_over(source: Source) -> RetrieverQueryEngine:
    synthesizer = get_response_synthesizer(llm=MockLLM())  # it says back what it was given
    return RetrieverQueryEngine(retriever=llamaindex_bridge.ExhibitRetriever(source), response_synthesizer=synthesizer)


def test_a_llamaindex_query_engine_is_given_the_evidence(source: Source) -> None:
    response = engine_over(source).query("What does the lantern burn?")
    assert "The lantern burns whale oil." in str(response)
    assert "page: 1" in str(response)
    assert "d.0" not in str(response)  # ids and addresses are not for the model
    assert [node.node_id for node in response.source_nodes] == ["d.0", "d.1"]


async def test_a_llamaindex_query_engine_is_given_the_evidence_asynchronously(source: Source) -> None:
    response = await engine_over(source).aquery("What does the lantern burn?")
    assert "The lantern burns whale oil." in str(response)


def test_a_figure_is_an_image_node_with_page_regions_and_picture(source: Source) -> None:
    _, figure = llamaindex_bridge.ExhibitRetriever(source).retrieve("the tower")
    node = figure.node
    assert isinstance(node, ImageNode)
    assert node.image is not None
    assert base64.b64decode(node.image) == PIXELS
    assert node.image_url is not None
    assert node.image_url.endswith("/v1/evidence/d.1/image")
    assert (node.metadata["page"], node.metadata["regions"][0]["page"], figure.score) == (2, 2, 0.5)


async def test_the_synchronous_way_works_inside_a_running_loop(source: Source) -> None:
    assert len(langchain_bridge.ExhibitRetriever(source=source).invoke("the tower")) == 2
    assert len(llamaindex_bridge.ExhibitRetriever(source).retrieve("the tower")) == 2


def test_what_the_service_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    with pytest.raises(BadRequest, match="unknown field"):
        langchain_bridge.ExhibitRetriever(
            source=OverHttp("http://exhibit.test", filter={"nothing": 1}, api_key="key")
        ).invoke("x")
    with pytest.raises(BadRequest, match="key"):
        langchain_bridge.ExhibitRetriever(source=OverHttp("http://exhibit.test")).invoke("x")


def test_a_service_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable, match="can't be reached"):
        langchain_bridge.ExhibitRetriever(source=OverHttp("http://127.0.0.1:9")).invoke("x")


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(OverHttp("http://exhibit.test", api_key="secret"))
