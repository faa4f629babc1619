"""A question's way: read, find evidence, show it, write an answer from it, keep what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from answering.context.pack import spread
from answering.output.notices import in_words
from answering.output.small_talk import reply_to
from answering.output.suspicion import suspicions
from answering.parts import Finder, ReaderOfQuestions, Retrieval, Scope, Writer
from domain.answers import Answer, ImagePart, Message, Noticed, TextPart
from domain.evidence import Evidence
from domain.question import Question
from domain.searches import Search

POOL = 2  # candidates for each piece shown, so that different things can be shown


@dataclass(frozen=True, slots=True)
class Retrieved:
    search: Search


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer


Event = Retrieved | Said | Answered


class Ask:
    def __init__(self, reader: ReaderOfQuestions, finder: Finder, writer: Writer) -> None:
        self._reader = reader
        self._finder = finder
        self._writer = writer

    @property
    def model(self) -> str:
        return self._writer.model

    async def search(self, scope: Scope, text: str = "", image: bytes | None = None) -> Search:
        """The evidence for a query, best first. Raises Missing, BadRequest, ModelMismatch, Unavailable."""
        question = await self._reader.read(Message("user", (TextPart(text.strip()),)))
        search = (await self._finder.find(scope, question, image)).search
        await asyncio.to_thread(_screened, search.evidence)
        return search

    async def answer(self, scope: Scope, messages: Sequence[Message]) -> AsyncGenerator[Event]:
        """Yields the evidence, pieces of the answer, then the whole answer. Raises as `search`, ModelUnavailable."""
        *history, last = messages
        question = await self._reader.read(last, history)
        if question.small_talk:
            search = await self._finder.nothing(scope, question)
            for event in _talk(question, search, self.model):
                yield event
            return
        wider = replace(scope, top_k=POOL * scope.top_k)
        found = await self._finder.find(wider, question, _first_picture(last))
        began = time.perf_counter()
        shown = await asyncio.to_thread(_shown, found, scope.top_k)
        timings = {**found.search.timings_ms, "spread": round((time.perf_counter() - began) * 1000, 1)}
        search = replace(found.search, evidence=shown, timings_ms=timings)
        yield Retrieved(search)
        if found.told is not None:
            answer = replace(found.told, trace_id=search.trace_id, timings_ms=search.timings_ms)
            self._finder.answered(search, answer)
            yield Said(answer.answer)
            yield Answered(answer)
            return
        async with aclosing(self._writer.write(last, history, search)) as written:
            async for one in written:
                if isinstance(one, Answer):
                    self._finder.answered(search, one)
                yield Answered(one) if isinstance(one, Answer) else Said(one)


def _first_picture(message: Message) -> bytes | None:
    return next((part.data for part in message.parts if isinstance(part, ImagePart)), None)


def _shown(found: Retrieval, most: int) -> tuple[Evidence, ...]:
    """The evidence that covers most; answers about the library and outlines keep their order."""
    evidence = found.search.evidence
    return _screened(evidence[:most] if found.told is not None or found.ordered else spread(evidence, most))


def _screened(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The same, once its texts were looked at: 200 take longer than the event loop may wait, and what was found is
    remembered for the reply."""
    for one in evidence:
        suspicions(one.chunk.text)
    return evidence


def _talk(question: Question, search: Search, model: str) -> tuple[Event, ...]:
    """The reply to small talk: without a search and without citations."""
    reply = reply_to(question)
    notices = in_words([Noticed("small_talk")], question)
    answer = Answer(reply, "abstained", 0.0, (), (), (), model, search.trace_id, notices=notices)
    return Retrieved(search), Said(reply), Answered(answer)
