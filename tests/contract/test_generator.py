"""What every generator keeps, whoever writes the answer: a server, the reader of sentences, the scripted twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from app.adapters.llm.openai_chat import OpenAIChat
from app.adapters.memory.generator import MemoryGenerator
from domain.answers import Delta, Prompt
from domain.documents import Chunk, Document
from domain.evidence import Evidence
from domain.ports import Generator
from prompts.answer import build
from prompts.markers import MarkerFilter
from tests.contract.openai_server import OpenAIServer, said

DOCUMENT = Document(
    "d", "c", "default", "report.pdf", "application/pdf", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
)
TEXT = "The night boat stayed nine days in harbour because of the storm Ansgar."


def prompt_of(question: str = "How long did the night boat stay in harbour?", *texts: str) -> Prompt:
    shown = [
        Evidence(Chunk(f"d.{n}", "d", n, "text", text, text, page=n), replace(DOCUMENT))
        for n, text in enumerate(texts or (TEXT,), start=1)
    ]
    return build(read(question), [], shown, {})


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(said("Nine days", ", because of the storm", " [1].")) as server:
        yield server


@pytest.fixture(params=["scripted", "extractive", "openai"])
def make(request: pytest.FixtureRequest) -> Callable[[], Generator]:
    if request.param == "openai":
        server = cast(OpenAIServer, request.getfixturevalue("server"))
        return lambda: OpenAIChat(server.url)
    if request.param == "extractive":
        return ExtractiveReader
    return lambda: MemoryGenerator(["Nine days", " [1]."])


async def answered(generator: Generator, prompt: Prompt) -> list[Delta]:
    return [delta async for delta in generator.generate(prompt)]


async def test_an_answer_has_text_and_points_at_its_evidence(make: Callable[[], Generator]) -> None:
    text = "".join(delta.text for delta in await answered(make(), prompt_of()))
    markers = MarkerFilter(1)
    assert "nine days" in (markers.feed(text) + markers.end()).lower()
    assert markers.cited == [1]
    assert markers.removed == 0


async def test_the_usage_comes_last_and_once(make: Callable[[], Generator]) -> None:
    deltas = await answered(make(), prompt_of())
    assert [delta.usage is not None for delta in deltas] == [False] * (len(deltas) - 1) + [True]


async def test_who_answered_has_a_name(make: Callable[[], Generator]) -> None:
    generator = make()
    await answered(generator, prompt_of())
    assert generator.model not in ("", "unknown")


async def test_how_long_a_prompt_may_be_is_a_number_or_not_known(make: Callable[[], Generator]) -> None:
    room = await make().room()
    assert room is None or room > 0


async def test_an_answer_can_be_closed_after_its_first_piece(make: Callable[[], Generator]) -> None:
    generator = make()
    deltas = cast(AsyncGenerator[Delta], generator.generate(prompt_of()))
    await anext(deltas)
    await deltas.aclose()
    assert await answered(generator, prompt_of())


async def test_several_are_answered_at_once(make: Callable[[], Generator]) -> None:
    generator = make()
    many = await asyncio.gather(*(answered(generator, prompt_of()) for _ in range(6)))
    assert all(deltas[-1].usage for deltas in many)


def test_one_generator_serves_one_event_loop_after_another(make: Callable[[], Generator]) -> None:
    generator = make()
    first = asyncio.run(answered(generator, prompt_of()))
    assert asyncio.run(answered(generator, prompt_of())) == first


async def test_no_evidence_is_no_error(make: Callable[[], Generator]) -> None:
    assert await answered(make(), build(read("Why?"), [], [], {}))
