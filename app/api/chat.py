"""Questions and answers, whole or as they are written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from answering.ask import Answered, Event, Retrieved, Said
from app.api.bodies import ChatIn
from app.api.deps import Caller, Given, Images
from app.api.messages import messages_of
from app.api.problems import problem_body
from app.api.refusals import STREAM, problems
from app.api.schemas import AnswerOut, evidence_out
from app.api.search import scope_of
from app.api.streams import event, event_stream
from domain.answers import Answer
from domain.errors import ExhibitError, HungUp
from prompts.problems import broken_off

router = APIRouter(prefix="/v1", tags=["chat"])
log = logging.getLogger(__name__)


@router.post(
    "/chat",
    response_model=AnswerOut,
    responses=STREAM | problems(404, 409, 413),
    summary="Ask a question",
)
async def chat(body: ChatIn, request: Request, given: Given, caller: Caller, images: Images) -> Response:
    """Answers from the documents alone. Each claim cites evidence and is checked against it; where the documents don't
    hold the answer, `verdict` is `abstained`. With `"stream": true` the reply is a stream of events (see Streams).
    With `conversation_id` question and answer are kept; the question also when the answer breaks off."""
    messages = messages_of(body.messages, images)
    if body.conversation_id is None:
        events = given.ask.answer(scope_of(body, caller), messages)
    else:
        asked = await given.conversations.asked(body.conversation_id, caller, messages)
        answering = given.ask.answer(scope_of(body, caller), asked.messages)
        events = _kept(answering, partial(given.conversations.answered, asked))
    found = await retrieved(events)
    if not body.stream:
        answer = await last_answer(events, request)
        return JSONResponse(AnswerOut.of(answer).model_dump(mode="json"))
    return event_stream(_told(found, events, request.url.path))


async def retrieved(events: AsyncGenerator[Event]) -> Retrieved:
    """The first event. What fails before it fails with its own status, as nothing is sent yet."""
    first = await anext(events)
    assert isinstance(first, Retrieved), "an answer begins with what was retrieved"
    return first


async def _kept(events: AsyncGenerator[Event], keep: Callable[[Answer], Awaitable[None]]) -> AsyncGenerator[Event]:
    """The same events. The answer is kept before anybody hears of it."""
    async with aclosing(events):
        async for one in events:
            if isinstance(one, Answered):
                await keep(one.answer)
            yield one


async def last_answer(events: AsyncGenerator[Event], request: Request) -> Answer:
    """The whole answer. If the client hangs up meanwhile, the answer is aborted, at the model's server too."""
    writing = asyncio.ensure_future(_last(events))
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            raise HungUp("The client hung up before the answer was written.")
        return writing.result()
    finally:
        leaving.cancel()
        writing.cancel()
        await asyncio.gather(writing, leaving, return_exceptions=True)
        await events.aclose()


async def _last(events: AsyncGenerator[Event]) -> Answer:
    answer: Answer | None = None
    async for one in events:
        if isinstance(one, Answered):
            answer = one.answer
    assert answer is not None, "the service ends with an answer or raises"
    return answer


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _told(found: Retrieved, events: AsyncGenerator[Event], path: str) -> AsyncGenerator[bytes]:
    """`evidence`, `delta`…, `answer`; or `problem` after the part that was said."""
    try:
        yield _event(found)
        async for one in events:
            yield _event(one)
    except Exception as error:  # the status is long sent: the stream itself must say that it failed
        yield event("problem", problem_body(path, noted(error), *broken_off(error, found.search.question)))
    finally:
        await events.aclose()


def noted(error: Exception) -> int:
    """The error's status. Details that a user must not see go to the log."""
    if isinstance(error, ExhibitError):
        log.warning("an answer broke off", extra={"why": str(error)})
        return error.status
    log.error("an answer failed", exc_info=error)
    return 500


def _event(one: Event) -> bytes:
    name, data = _content(one)
    return event(name, data)


def _content(one: Event) -> tuple[str, Any]:
    match one:
        case Retrieved(search):
            evidence = [out.model_dump(mode="json") for out in evidence_out(search.evidence)]
            return "evidence", {"evidence": evidence, "trace_id": search.trace_id}
        case Said(text):
            return "delta", {"text": text}
        case Answered(answer):
            return "answer", AnswerOut.of(answer).model_dump(mode="json")
