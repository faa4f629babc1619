"""`OpenAIChat` against the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

import pytest

from answering.question.read import read
from app.adapters.llm.openai_chat import OpenAIChat
from domain.answers import Delta, Message, Prompt, TextPart
from domain.errors import ModelUnavailable, PromptTooLong, TooManyImages
from prompts.answer import build
from tests.vllm.engine import CONTEXT, MOST_IMAGES, Engine, evidence, free_port, picture
from tests.waiting import HANG_S

QUESTION = "How many letters were carried?"


def prompt_of(sources: int = 1, images: int = 0, text: str = "Skerry Post carried 412,000 letters.") -> Prompt:
    shown = [evidence(n, text, "figure" if n <= images else "text") for n in range(1, sources + 1)]
    return build(read(QUESTION), [], shown, {one.id: picture() for one in shown[:images]})


def chat_with(engine: Engine, max_tokens: int = 16) -> OpenAIChat:
    return OpenAIChat(engine.url, max_tokens=max_tokens, timeout_s=HANG_S)


async def answered(chat: OpenAIChat, prompt: Prompt) -> list[Delta]:
    return [delta async for delta in chat.generate(prompt)]


async def drained(deltas: AsyncIterator[Delta]) -> None:
    async for _ in deltas:
        pass


async def prompt_tokens(engine: Engine, prompt: Prompt) -> int:
    usage = (await answered(chat_with(engine, 1), prompt))[-1].usage
    assert usage is not None
    return usage.prompt_tokens


async def test_the_model_is_the_one_that_the_engine_serves(engine: Engine) -> None:
    chat = chat_with(engine)
    await answered(chat, prompt_of())
    assert chat.model == "tiny-llava"


async def test_the_engine_tells_how_long_a_prompt_may_be(engine: Engine) -> None:
    assert await chat_with(engine).room() == CONTEXT - 16
    assert await OpenAIChat(engine.url, "tiny-llava").room() == CONTEXT - 1024
    assert await OpenAIChat(engine.url, "another").room() is None


async def test_a_prompt_that_fills_the_room_leaves_room_for_the_answer(engine: Engine) -> None:
    """The engine counts prompt and answer together, and refuses what goes one token over."""
    chat = OpenAIChat(engine.url, max_tokens=1024)
    room = await chat.room()
    assert room is not None
    one, two = [await prompt_tokens(engine, prompt_of(text="a" + " letter" * count)) for count in (100, 200)]
    fits = 100 + (room - one) * 100 // (two - one)
    deltas = cast(AsyncGenerator[Delta], chat.generate(prompt_of(text="a" + " letter" * fits)))
    assert (await anext(deltas)).text
    await deltas.aclose()


async def test_the_text_of_the_evidence_reaches_the_model(engine: Engine) -> None:
    short = await prompt_tokens(engine, prompt_of(text="A letter."))
    long = await prompt_tokens(engine, prompt_of(text="A letter was carried over the sea. " * 20))
    assert long > short + 100


async def test_each_image_of_the_evidence_reaches_the_model_as_pixels(engine: Engine) -> None:
    none, one, two = [await prompt_tokens(engine, prompt_of(3, images)) for images in (0, 1, 2)]
    assert one >= none + 16  # the tiny model sees an image as 16 patches
    assert two >= one + 16


async def test_the_engine_counts_the_same_tokens_as_we_report(engine: Engine) -> None:
    before = engine.metric("vllm:prompt_tokens_total")
    told = await prompt_tokens(engine, prompt_of(2, 1))
    assert engine.metric("vllm:prompt_tokens_total") - before == told


async def test_an_answer_streams_in_pieces_and_ends_with_its_usage(engine: Engine) -> None:
    deltas = await answered(chat_with(engine, 40), prompt_of())
    assert sum(bool(delta.text) for delta in deltas) > 5
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.completion_tokens == 40
    assert deltas[-1].cut


async def test_the_first_piece_comes_before_the_last_is_made(engine: Engine) -> None:
    made_before = engine.metric("vllm:generation_tokens_total")
    deltas = cast(AsyncGenerator[Delta], chat_with(engine, 3000).generate(prompt_of()))
    assert (await anext(deltas)).text
    assert await asyncio.to_thread(engine.metric, "vllm:generation_tokens_total") - made_before < 3000
    await deltas.aclose()
    await asyncio.to_thread(engine.wait_until_idle)


async def test_an_answer_that_is_closed_is_aborted_in_the_engine(engine: Engine) -> None:
    most = 3000
    made_before = engine.metric("vllm:generation_tokens_total")
    deltas = cast(AsyncGenerator[Delta], chat_with(engine, most).generate(prompt_of()))
    await anext(deltas)
    assert await asyncio.to_thread(engine.running) == 1
    await deltas.aclose()
    await asyncio.to_thread(engine.wait_until_idle)
    assert engine.metric("vllm:generation_tokens_total") - made_before < most * 0.8


async def test_an_asker_who_is_cancelled_aborts_it_too(engine: Engine) -> None:
    begun = asyncio.Event()

    async def ask() -> None:
        async for _ in chat_with(engine, 3000).generate(prompt_of()):
            begun.set()

    asking = asyncio.create_task(ask())
    await begun.wait()
    assert await asyncio.to_thread(engine.running) == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.to_thread(engine.wait_until_idle)


async def test_more_images_than_the_engine_takes_are_told_with_the_limit(engine: Engine) -> None:
    with pytest.raises(TooManyImages) as caught:
        await answered(chat_with(engine), prompt_of(MOST_IMAGES + 1, MOST_IMAGES + 1))
    assert caught.value.limit == MOST_IMAGES


async def test_a_prompt_over_the_context_is_told_with_its_length(engine: Engine) -> None:
    with pytest.raises(PromptTooLong) as caught:
        await answered(chat_with(engine), prompt_of(text="letter " * 6000))
    assert caught.value.limit == CONTEXT


async def test_text_cannot_pass_for_an_image_placeholder(engine: Engine) -> None:
    """The tokenizer knows `<image>` as a special token: unescaped, this request is refused or miscounted."""
    history = [Message("user", (TextPart("<image> <image>"),))]
    prompt = build(read("What is in <image>?"), history, [evidence(1, "See <image> and <image>.")], {"d.1": picture()})
    assert (await answered(chat_with(engine), prompt))[-1].usage is not None


async def test_an_unknown_model_is_unavailable(engine: Engine) -> None:
    with pytest.raises(ModelUnavailable, match="no such model"):
        await answered(OpenAIChat(engine.url, "another"), prompt_of())


async def test_eight_questions_at_once_are_all_answered(engine: Engine) -> None:
    chat = chat_with(engine)
    many = await asyncio.gather(*(answered(chat, prompt_of(3, n % 3)) for n in range(8)))
    assert all(deltas[-1].usage for deltas in many)


async def test_no_server_is_told() -> None:
    with pytest.raises(ModelUnavailable, match="no language model answers"):
        await answered(OpenAIChat(f"http://127.0.0.1:{free_port()}"), prompt_of())


async def test_z_an_engine_killed_in_the_middle_of_an_answer_is_unavailable_not_a_hang(engine: Engine) -> None:
    deltas = chat_with(engine, 3000).generate(prompt_of())
    assert (await anext(deltas)).text
    await asyncio.to_thread(engine.kill)
    with pytest.raises(ModelUnavailable):
        await drained(deltas)
