"""Makes a follow-up a question of its own: by the language model where there is one, by carried-over terms else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from answering.question.follow_up import leans, standalone
from domain.errors import ExhibitError
from domain.ports import Generator
from domain.types import Message
from prompts.condense import LONGEST_REPLY, condensed, condensing

TIMEOUT_S = 8.0  # for a question that waits: then the terms alone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standalone:
    text: str
    why: str = ""  # it is another than was asked


class Condense:
    """`generator` None: no language model."""

    def __init__(self, generator: Generator | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._generator = generator
        self._timeout_s = timeout_s

    async def standalone(self, question: str, history: Sequence[Message]) -> Standalone:
        """Never raises for the model's sake, and asks it only when the question leans on the conversation."""
        earlier = [message.text for message in history if message.role == "user" and message.text.strip()]
        how = leans(question)
        if not how or not earlier:
            return Standalone(question)
        if self._generator is not None and (written := await self._written(question, history)):
            return Standalone(written, f"it leans on the conversation ({how}): written out by {self._generator.model}")
        answers = [message.text for message in history if message.role == "assistant"]
        text = standalone(question, earlier, answers[-1] if answers else "")
        return Standalone(text, f"it leans on the conversation ({how}): terms were carried over")

    async def _written(self, question: str, history: Sequence[Message]) -> str:
        """What the model wrote; empty when it did not, in time."""
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
