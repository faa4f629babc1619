"""Reads a question; a follow-up is made standalone by the language model where there is one, else by patterns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing

from answering.question.read import read, written_out
from domain.answers import ImagePart, Message
from domain.errors import ExhibitError
from domain.ports import Generator
from domain.question import Question
from prompts.condense import LONGEST_REPLY, condensed, condensing

AT_ONCE = 500  # characters, and earlier messages: reading more may take 5 ms, in which nobody else is served
TIMEOUT_S = 8.0  # then terms are carried over instead

log = logging.getLogger(__name__)


class QuestionReader:
    """`generator` None: no language model."""

    def __init__(self, generator: Generator | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._generator = generator
        self._timeout_s = timeout_s

    async def read(self, message: Message, history: Sequence[Message] = ()) -> Question:
        """Never raises for the model's sake, and asks it only when the question leans on the conversation."""
        pictured = any(isinstance(part, ImagePart) for part in message.parts)
        text = message.text
        if len(text) > AT_ONCE or len(history) > AT_ONCE:
            question = await asyncio.to_thread(read, text, history, pictured)
        else:
            question = read(text, history, pictured)
        if question.leans and self._generator is not None and (written := await self._written(question, history)):
            return written_out(question, written, self._generator.model)
        return question

    async def _written(self, question: Question, history: Sequence[Message]) -> str:
        """The model's wording; empty when it fails or takes too long."""
        assert self._generator is not None
        said: list[str] = []
        try:
            async with asyncio.timeout(self._timeout_s):
                stream = self._generator.generate(condensing(question, history))
                async with aclosing(stream) as deltas:  # type: ignore[type-var]
                    async for delta in deltas:
                        said.append(delta.text)
                        if sum(map(len, said)) > 2 * LONGEST_REPLY:
                            return ""
        except (ExhibitError, TimeoutError) as error:
            log.warning("a follow-up was not written out", extra={"why": str(error) or "the model took too long"})
            return ""
        return condensed("".join(said))
