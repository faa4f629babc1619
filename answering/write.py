"""Writes an answer from evidence: builds the fullest prompt the model accepts, streams its words, and checks them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from answering.context.budget import Budget
from answering.context.images import Fit, PromptPictures, fewer_pictures, pictures_in, sizes
from answering.context.pack import packings, recent
from answering.grounding.check import Checker
from answering.output.abstaining import Abstaining
from answering.output.citations import Holds, read_back, with_confidence
from answering.output.held import Held
from answering.output.hidden_text import hidden_met
from answering.output.notices import CUT_SHORT, in_words
from answering.output.screen import Screen
from domain.answers import Answer, Because, Delta, ImagePart, Message, Noticed, Prompt, Usage
from domain.errors import ExhibitError, ModelUnavailable, PromptTooLong, TooManyImages
from domain.ports import Blobs, Documents, Generator
from domain.searches import Search
from prompts.answer import abstains, build

AT_ONCE = 1_000  # characters of a piece; looking through more may take 5 ms, in which nobody else is served


@dataclass(frozen=True, slots=True)
class _Accepted:
    prompt: Prompt
    noticed: tuple[Noticed, ...]
    deltas: AsyncGenerator[Delta]


@dataclass(slots=True)
class _Written:
    """What the model has written so far, without what the screen takes out."""

    said: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    confidence: float | None = None  # the generator's own, where it can tell
    cut: bool = False
    because: Because | None = None  # the text is the wording of an abstention

    def add(self, delta: Delta) -> None:
        self.usage = delta.usage or self.usage
        self.cut = self.cut or delta.cut
        self.confidence = delta.confidence if delta.confidence is not None else self.confidence


class AnswerWriter:
    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        generator: Generator,
        most_images: int,
        checker: Checker | None = None,
        fit: Fit | None = None,
        holds: Holds | None = None,
        abstaining: Abstaining | None = None,
    ) -> None:
        self._documents = documents
        self._pictures = PromptPictures(blobs, fit)
        self._generator = generator
        self._budget = Budget(most_images)
        self._checker = checker or Checker()
        self._holds = holds
        self._abstaining = abstaining or Abstaining()

    @property
    def model(self) -> str:
        return self._generator.model

    async def write(self, message: Message, history: Sequence[Message], search: Search) -> AsyncGenerator[str | Answer]:
        """Yields pieces of the answer, then the whole. Raises ModelUnavailable, PromptTooLong, TooManyImages."""
        began = time.perf_counter()
        self._budget.told(await self._generator.room())
        turns, left_out = recent(history, self._budget.tokens)
        shown, too_many = fewer_pictures(turns, self._budget.images)
        accepted = await self._accepted(message, search, shown, (*left_out, *too_many))
        timings = {**search.timings_ms, "first_token": _since(began)}
        screen, written, held = Screen(accepted.prompt), _Written(), Held()
        async with aclosing(_screened(accepted.deltas, screen, written)) as texts:
            async for text in texts:
                if shown_text := held.feed(text):
                    yield shown_text
        if rest := held.end():
            yield await self._instead(rest, accepted.prompt, search, written)
        timings["generate"] = _since(began)
        self._budget.counted(accepted.prompt, written.usage.prompt_tokens)
        answer = await self._read_back(accepted, written, screen, search)
        yield replace(answer, usage=written.usage, timings_ms=timings)

    async def _instead(self, rest: str, prompt: Prompt, search: Search, written: _Written) -> str:
        """The words of this abstention in the place of the sentence that models are given for any."""
        if not abstains(rest):
            return rest
        said = await asyncio.to_thread(self._abstaining.of, prompt.question, prompt.evidence, search.query)
        written.said, written.because = [said.text], said.because
        return said.text

    async def _read_back(self, accepted: _Accepted, written: _Written, screen: Screen, search: Search) -> Answer:
        """The model's words as checked claims and citations, with notices."""
        prompt, text = accepted.prompt, "".join(written.said)
        answer = await asyncio.to_thread(
            read_back, text, prompt, search, self.model, written.confidence, self._checker, written.because
        )
        if written.confidence is None and self._holds is not None:
            answer = await asyncio.to_thread(with_confidence, answer, prompt, self._holds)
        hidden = await asyncio.to_thread(hidden_met, self._documents, answer.evidence)
        screened = await asyncio.to_thread(lambda: screen.noticed)  # looks at all evidence
        noticed = (*accepted.noticed, *screened, *hidden, *_of_the_end(written.cut, text))
        return replace(answer, notices=(*search.notices, *in_words(noticed, prompt.question)))

    async def _accepted(
        self, message: Message, search: Search, history: Sequence[Message], noticed: tuple[Noticed, ...]
    ) -> _Accepted:
        """Begins to generate from the fullest prompt that the model accepts, and waits for its first words."""
        evidence = search.evidence
        asked = tuple(part for part in message.parts if isinstance(part, ImagePart))
        taken = len(asked) + pictures_in(history)
        images = await self._pictures.of(evidence, self._budget.images - taken)
        refusal: ExhibitError = ModelUnavailable("The model accepted no prompt.")
        steps = list(packings(evidence, sizes(images), max(0, self._budget.images - taken)))
        for packing in steps:
            if packing.images and len(packing.images) > self._budget.images - taken:
                continue
            fitted = await self._pictures.fitted(packing, images)
            prompt = await asyncio.to_thread(build, search.question, history, packing.evidence, fitted, asked)
            if packing is not steps[-1] and self._budget.is_over(prompt):
                continue
            try:
                deltas = await _begun(self._generator.generate(prompt))
            except (PromptTooLong, TooManyImages) as error:
                refusal = error
                self._budget.refused(error, prompt, taken + len(packing.images))
                continue
            return _Accepted(prompt, (*noticed, *packing.noticed), deltas)
        raise refusal


async def _begun(deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta]:
    """The same deltas, once the first has arrived: a model that refuses a prompt does so before it."""
    first = await anext(deltas, None)

    async def all_of_them() -> AsyncGenerator[Delta]:
        try:
            if first is not None:
                yield first
            async for delta in deltas:
                yield delta
        finally:
            if isinstance(deltas, AsyncGenerator):
                await deltas.aclose()

    return all_of_them()


async def _screened(deltas: AsyncGenerator[Delta], screen: Screen, written: _Written) -> AsyncGenerator[str]:
    """The text that may be shown, as the model writes it."""
    async with aclosing(deltas):
        async for delta in deltas:
            written.add(delta)
            at_once = len(delta.text) <= AT_ONCE
            if text := screen.feed(delta.text) if at_once else await asyncio.to_thread(screen.feed, delta.text):
                written.said.append(text)
                yield text
    if text := screen.end():
        written.said.append(text)
        yield text


def _of_the_end(cut: bool, said: str) -> Iterator[Noticed]:
    if cut:
        yield Noticed(CUT_SHORT)
    if not said.strip():
        yield Noticed("model_silent")


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
