"""A stream whose answer breaks off says so in the language of the question."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from answering.ask import Ask
from answering.parts import Scope
from answering.question.read import read
from app.api.chat import _told, retrieved
from app.api.openai import _chunks
from domain import errors
from domain.answers import Message, TextPart
from domain.errors import ExhibitError, ModelUnavailable, PromptTooLong, TooManyImages, Unavailable
from language.scripts import is_chinese
from prompts.problems import broken_off
from tests.unit.test_ask import asking

ENGLISH, CHINESE = "What does the lantern burn?", "灯塔里烧的是什么？"
SILENT = ModelUnavailable("the language model said nothing for 30 s")


KINDS = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ExhibitError)]


@pytest.mark.parametrize("kind", [*KINDS, RuntimeError])
def test_every_error_has_words_in_chinese_and_tells_nothing_in_english(kind: type[Exception]) -> None:
    for text in broken_off(kind("the disk is full"), read(CHINESE)):
        assert is_chinese(text)
        assert "disk" not in text


def test_what_a_reader_can_do_is_told_by_the_kind() -> None:
    told = (SILENT, PromptTooLong("9 tokens"), TooManyImages("2 images"), Unavailable("locked"), OSError("insides"))
    assert len({broken_off(error, read(CHINESE)) for error in told}) == len(told)


def test_in_english_the_error_itself_speaks_unless_nobody_foresaw_it() -> None:
    assert broken_off(SILENT, read(ENGLISH)) == (
        "The model can't be reached",
        "the language model said nothing for 30 s",
    )
    assert "insides" not in "".join(broken_off(ValueError("insides"), read(ENGLISH)))


async def last(stream: AsyncIterator[bytes]) -> str:
    return [piece async for piece in stream][-1].decode()


def breaking(question: str) -> tuple[Ask, list[Message]]:
    return asking(["It burns ", SILENT])[0], [Message("user", (TextPart(question),))]


@pytest.mark.parametrize(("question", "chinese"), [(ENGLISH, False), (CHINESE, True)])
async def test_a_model_that_fails_midway_is_told_in_both_protocols(question: str, chinese: bool) -> None:
    ask, messages = breaking(question)
    events = ask.answer(Scope(), messages)
    told = await last(_told(await retrieved(events), events, "/v1/chat"))
    assert told.startswith("event: problem\n")
    problem = json.loads(told.partition("data: ")[2])
    assert (problem["status"], is_chinese(problem["detail"]), is_chinese(problem["title"])) == (503, chinese, chinese)
    ask, messages = breaking(question)
    events = ask.answer(Scope(), messages)
    await anext(events)
    error = json.loads((await last(_chunks({}, events, read(question), False))).removeprefix("data: "))["error"]
    assert (error["code"], error["message"]) == (503, problem["detail"])


async def test_what_nobody_foresaw_ends_a_stream_too(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> AsyncIterator[object]:
        raise ZeroDivisionError("insides")
        yield

    ask, messages = breaking(CHINESE)
    first = await retrieved(ask.answer(Scope(), messages))
    told = await last(_told(first, broken(), "/v1/chat"))  # type: ignore[arg-type]
    assert json.loads(told.partition("data: ")[2])["status"] == 500
    assert "insides" not in told
    assert "ZeroDivisionError" in caplog.text
