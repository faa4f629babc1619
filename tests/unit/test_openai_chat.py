from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from answering.question.read import read
from app.adapters.llm.openai_chat import OpenAIChat
from domain.answers import Delta, ImagePart, Prompt, Usage
from domain.documents import Chunk, Document
from domain.errors import ExhibitError, ModelUnavailable, PromptTooLong, TooManyImages
from domain.evidence import Evidence
from prompts.answer import build
from tests.contract.openai_server import OpenAIServer, Reply, Script, contents, endless, said, until_set
from tests.waiting import HANG_S, until

DOCUMENT = Document(
    "d", "c", "default", "report.pdf", "application/pdf", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
)
FIGURE = Evidence(Chunk("d.1", "d", 0, "figure", "A chart of letters.", "", page=1), DOCUMENT)
TEXT_ONLY = build(read("Why?"), [], [FIGURE], {})


@pytest.fixture
def serving() -> Iterator[Callable[[Script], OpenAIServer]]:
    started: list[OpenAIServer] = []

    def start(script: Script) -> OpenAIServer:
        started.append(OpenAIServer(script).__enter__())
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None, None, None)


async def answered(chat: OpenAIChat, prompt: Prompt = TEXT_ONLY) -> list[Delta]:
    return [delta async for delta in chat.generate(prompt)]


async def failure(chat: OpenAIChat) -> ExhibitError:
    with pytest.raises(ExhibitError) as caught:
        await answered(chat)
    return caught.value


Serving = Callable[[Script], OpenAIServer]


async def test_pieces_come_as_they_are_said_and_the_usage_last(serving: Serving) -> None:
    deltas = await answered(OpenAIChat(serving(said("It ", "is [1].")).url))
    assert deltas == [Delta("It "), Delta("is [1]."), Delta(usage=Usage(11, 3))]


async def test_an_answer_that_met_its_limit_is_marked_as_cut(serving: Serving) -> None:
    assert (await answered(OpenAIChat(serving(said("It", finish="length")).url)))[-1].cut


async def test_images_go_as_data_urls_after_their_number(serving: Serving) -> None:
    server = serving(said("x"))
    await answered(
        OpenAIChat(server.url), build(read("Why?"), [], [FIGURE], {"d.1": ImagePart(b"\x89PNG", "image/png")})
    )
    system, user = server.requests[0]["messages"]
    assert isinstance(system["content"], str)
    text, image, question = contents(user)
    assert text["text"].endswith("[1] image:")
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    assert "Why?" in question["text"]


async def test_a_request_without_images_is_plain_text_and_asks_for_usage(serving: Serving) -> None:
    server = serving(said("x"))
    await answered(OpenAIChat(server.url, "named", "secret", max_tokens=77))
    sent = server.requests[0]
    assert all(isinstance(message["content"], str) for message in sent["messages"])
    assert (sent["model"], sent["max_tokens"], sent["stream_options"]) == ("named", 77, {"include_usage": True})
    assert {name.lower(): value for name, value in server.headers[0].items()}["authorization"] == "Bearer secret"


async def test_the_model_is_asked_for_once(serving: Serving) -> None:
    server = serving(said("x"))
    chat = OpenAIChat(server.url)
    assert chat.model == "unknown"
    await answered(chat)
    server.models = {"data": [{"id": "another"}]}
    await answered(chat)
    assert [request["model"] for request in server.requests] == ["scripted", "scripted"]


@pytest.mark.parametrize("models", [{"data": []}, {}, [], {"data": [{"id": None}]}, "no"])
async def test_a_server_that_lists_no_model_is_unavailable(serving: Serving, models: object) -> None:
    server = serving(said("x"))
    server.models = models
    assert isinstance(await failure(OpenAIChat(server.url)), ModelUnavailable)


VLLM = {"data": [{"id": "other", "max_model_len": 999}, {"id": "m", "object": "model", "max_model_len": 4096}]}


async def test_the_server_tells_how_long_a_prompt_may_be_and_is_asked_once(serving: Serving) -> None:
    server = serving(said("x"))
    server.models = VLLM
    chat = OpenAIChat(server.url, "m")
    assert await chat.room() == 4096 - 1024
    server.models = {}
    await answered(chat)
    assert await chat.room() == 4096 - 1024


async def test_of_a_small_context_a_quarter_is_kept_for_the_answer(serving: Serving) -> None:
    server = serving(said("x"))
    server.models = {"data": [{"id": "m", "max_model_len": 2048}]}
    chat = OpenAIChat(server.url)
    assert await chat.room() == 1536
    await answered(chat)
    assert server.requests[0]["max_tokens"] == 512


async def test_a_setting_wins_over_what_the_server_tells(serving: Serving) -> None:
    server = serving(said("x"))
    server.models = VLLM
    assert await OpenAIChat(server.url, "m", context=2048).room() == 1536
    assert await OpenAIChat(server.url, context=8192).room() == 8192 - 1024


@pytest.mark.parametrize(
    "models", [{"data": [{"id": "m"}]}, {"data": [{"id": "m", "max_model_len": "long"}]}, {"data": [3]}, {}, [], "no"]
)
async def test_a_server_that_does_not_tell_is_asked_without_a_limit(serving: Serving, models: object) -> None:
    server = serving(said("x"))
    server.models = models
    chat = OpenAIChat(server.url, "m")
    assert await chat.room() is None
    await answered(chat)
    assert server.requests[0]["max_tokens"] == 1024


async def test_a_server_that_hangs_on_its_list_still_answers(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.llm.openai_chat._LIST_S", 0.1)
    server = serving(said("x"))
    server.lists = threading.Event()
    chat = OpenAIChat(server.url, "m")
    assert await chat.room() is None
    assert (await answered(chat))[0].text == "x"
    assert server.lists_asked <= 1  # it waited once, and not for the list
    server.lists.set()


async def test_a_server_that_was_gone_is_asked_again(serving: Serving) -> None:
    server = serving(lambda reply: reply.refuse(503, "starting"))
    server.models = VLLM
    chat = OpenAIChat(server.url, "m")
    assert await chat.room() == 3072
    await failure(chat)
    server.models = {"data": [{"id": "m", "max_model_len": 32_768}]}
    assert await chat.room() == 32_768 - 1024


async def test_nobody_there_tells_nothing_and_is_no_error() -> None:
    assert await OpenAIChat("http://127.0.0.1:9", "m").room() is None
    assert await OpenAIChat("http://127.0.0.1:9").room() is None


async def test_thoughts_are_left_out_however_they_are_cut(serving: Serving) -> None:
    server = serving(said("<th", "ink>Let me ", "see [1]</thi", "nk>\n\nNine", " days [1]."))
    assert "".join(delta.text for delta in await answered(OpenAIChat(server.url))) == "Nine days [1]."


async def test_what_only_looks_like_a_thought_stays(serving: Serving) -> None:
    server = serving(said("<th", "e end> ", "of it"))
    assert "".join(delta.text for delta in await answered(OpenAIChat(server.url))) == "<the end> of it"


@pytest.mark.parametrize(
    ("message", "limit", "needed"),
    [
        ("maximum context length is 4096 tokens. However, your prompt contains at least 4097 input tokens", 4096, 4097),
        ("maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.", 8192, 9001),
        ("Input length (4125) exceeds model's maximum context length (4096).", 4096, 4125),
        ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096, 5000),
        ("the request exceeds the available context size (2048 tokens), try increasing it", 2048, None),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens", 4096, 5000),
        ("prompt is too long", None, None),
    ],
)  # fmt: skip
async def test_a_prompt_over_the_context_is_recognised(
    serving: Serving, message: str, limit: int | None, needed: int | None
) -> None:
    error = await failure(OpenAIChat(serving(lambda reply: reply.refuse(400, message)).url))
    assert isinstance(error, PromptTooLong)
    assert (error.limit, error.needed, error.status) == (limit, needed, 413)


@pytest.mark.parametrize(
    ("status", "message", "limit"),
    [
        (400, "At most 3 image(s) may be provided in one prompt. (parameter=image)", 3),
        (400, "At most 0 image(s) may be provided in one prompt.", 0),
        (400, "tiny is not a multimodal model", 0),
        (500, "image input is not supported - hint: you may need to provide the mmproj", 0),
        (400, "Too many images in request", None),
    ],
)
async def test_too_many_images_are_recognised(serving: Serving, status: int, message: str, limit: int | None) -> None:
    error = await failure(OpenAIChat(serving(lambda reply: reply.refuse(status, message)).url))
    assert isinstance(error, TooManyImages)
    assert error.limit == limit


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "refuses the key"), (404, "no such model"), (429, "is busy"), (500, "boom"), (503, "boom"), (400, "boom")],
)
async def test_every_other_refusal_is_one_sentence_at_once(serving: Serving, status: int, sentence: str) -> None:
    server = serving(lambda reply: reply.refuse(status, "boom\n" * 500))
    error = await failure(OpenAIChat(server.url, "m"))
    assert isinstance(error, ModelUnavailable)
    assert sentence in str(error)
    assert len(str(error)) < 300
    assert "\n" not in str(error)
    assert len(server.requests) == 1  # no silent retries


def broken_off(reply: Reply) -> None:
    reply.begin()
    reply.piece("It is ")


def an_error_in_the_stream(reply: Reply) -> None:
    reply.begin()
    reply.piece("It is ")
    reply.event({"error": {"message": "EngineCore encountered an issue", "code": 500}})


def a_web_page(reply: Reply) -> None:
    reply.raw(200, b"<html>It works!</html>", "text/html")


def no_json(reply: Reply) -> None:
    reply.begin()
    reply.event("{not json")


@pytest.mark.parametrize("script", [broken_off, an_error_in_the_stream, a_web_page, no_json])
async def test_an_answer_that_is_none_is_unavailable(serving: Serving, script: Script) -> None:
    assert isinstance(await failure(OpenAIChat(serving(script).url, "m")), ModelUnavailable)


async def test_silence_before_the_first_token_ends(serving: Serving) -> None:
    silence = threading.Event()
    error = await failure(OpenAIChat(serving(lambda reply: until_set(silence)).url, "m", timeout_s=0.2))
    assert "said nothing for 0.2 s" in str(error)
    silence.set()


async def test_silence_between_tokens_ends(serving: Serving) -> None:
    silence = threading.Event()

    def script(reply: Reply) -> None:
        reply.begin()
        reply.piece("It")
        until_set(silence)

    error = await failure(OpenAIChat(serving(script).url, "m", timeout_s=0.3))
    assert "said nothing" in str(error)
    silence.set()


async def test_nobody_there_is_told_with_the_address() -> None:
    error = await failure(OpenAIChat("http://127.0.0.1:9"))
    assert isinstance(error, ModelUnavailable)
    assert "http://127.0.0.1:9/v1" in str(error)


async def test_closing_the_answer_hangs_up(serving: Serving) -> None:
    server = serving(endless)
    deltas = cast(AsyncGenerator[Delta], OpenAIChat(server.url).generate(TEXT_ONLY))
    await anext(deltas)
    await deltas.aclose()
    assert await asyncio.to_thread(server.hung_up.wait, HANG_S)


async def test_a_cancelled_asker_hangs_up_also_while_tokens_rain(serving: Serving) -> None:
    server = serving(endless)
    asking = asyncio.create_task(answered(OpenAIChat(server.url)))
    await until(lambda: bool(server.requests))
    await asyncio.sleep(0.1)  # into the rain
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asyncio.to_thread(server.hung_up.wait, HANG_S)


async def test_nothing_is_traced_elsewhere_even_if_the_environment_says_so(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, server = serving(said("x")), serving(said("x"))
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", spy.url)
    monkeypatch.setenv("LANGSMITH_API_KEY", "k")
    await answered(OpenAIChat(server.url))
    await asyncio.sleep(0.5)
    assert spy.requests == []
