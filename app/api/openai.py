"""OpenAI's chat protocol, so that existing clients work: the model is the collection, the answer rides along."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from answering.ask import Answered, Event, Said
from answering.output.notices import CUT_SHORT
from answering.parts import Scope
from app.api.bodies import CompletionIn
from app.api.chat import last_answer, noted, retrieved
from app.api.deps import Caller, Given, Images
from app.api.messages import messages_of
from app.api.openai_schemas import CompletionOut, ModelOut, ModelsOut
from app.api.refusals import STREAM, openai_errors
from app.api.schemas import AnswerOut
from app.api.streams import HEADERS, with_heartbeat
from domain.answers import Answer
from domain.documents import Collection
from domain.question import Question
from prompts.problems import broken_off

router = APIRouter(prefix="/v1", tags=["openai"])


@router.get("/models", summary="List the collections as models (OpenAI)")
async def models(given: Given) -> ModelsOut:
    """All of them: OpenAI's list has no pages."""
    found: list[Collection] = []
    cursor: str | None = None
    while not found or cursor is not None:  # the protocol's list has no pages
        page = await asyncio.to_thread(given.collections.page, 200, cursor)
        found, cursor = [*found, *page.items], page.next_cursor
    return ModelsOut(data=[_model(one) for one in found])


@router.get("/models/{name}", responses=openai_errors(404), summary="Show a collection as a model (OpenAI)")
async def model(name: str, given: Given) -> ModelOut:
    return _model(await asyncio.to_thread(given.collections.find, name))


def _model(one: Collection) -> ModelOut:
    return ModelOut(id=one.name, created=int(one.created_at.timestamp()))


@router.post(
    "/chat/completions",
    response_model=CompletionOut,
    responses=STREAM | openai_errors(404, 409, 413),
    summary="Ask a question (OpenAI)",
)
async def completions(body: CompletionIn, request: Request, given: Given, caller: Caller, images: Images) -> Response:
    """As `POST /v1/chat`, in OpenAI's protocol: `model` is the collection, and the reply has the field `exhibit` with
    the whole answer (see OpenAI's protocol)."""
    messages = messages_of(body.messages, images)
    scope = Scope(collections=(body.model,), kinds=frozenset(body.kinds), where=body.filter, caller=caller)
    events = given.ask.answer(scope, messages)
    found = await retrieved(events)  # from here on the status is 200
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": body.model}
    if body.stream:
        with_usage = bool((body.stream_options or {}).get("include_usage"))
        stream = with_heartbeat(_chunks(head, events, found.search.question, with_usage))
        return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)
    answer = await last_answer(events, request)
    message = {"role": "assistant", "content": answer.answer, "refusal": None}
    return JSONResponse(
        {
            **head,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}],
            "usage": _usage(answer),
            "exhibit": AnswerOut.of(answer).model_dump(mode="json"),
        }
    )


async def _chunks(
    head: dict[str, Any], events: AsyncGenerator[Event], question: Question, with_usage: bool
) -> AsyncGenerator[bytes]:
    """OpenAI's chunks; the last with a choice carries the whole answer in `exhibit`."""
    try:
        yield _chunk(head, {"role": "assistant", "content": ""})
        async for one in events:
            if isinstance(one, Said):
                yield _chunk(head, {"content": one.text})
            elif isinstance(one, Answered):
                exhibit = AnswerOut.of(one.answer).model_dump(mode="json")
                yield _chunk(head, {}, finish=_finish(one.answer), exhibit=exhibit)
                if with_usage:
                    yield _data({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(one.answer)})
        yield b"data: [DONE]\n\n"
    except Exception as error:  # the status is long sent: the stream itself must say that it failed
        status, (_, message) = noted(error), broken_off(error, question)
        yield _data({"error": {"message": message, "type": "server_error", "param": None, "code": status}})
    finally:
        await events.aclose()


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _data({**head, "object": "chat.completion.chunk", "choices": [choice], **more})


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


def _finish(answer: Answer) -> str:
    return "length" if any(notice.code == CUT_SHORT for notice in answer.notices) else "stop"


def _usage(answer: Answer) -> dict[str, int]:
    prompt, completion = answer.usage.prompt_tokens, answer.usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
