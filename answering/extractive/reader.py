"""Answers without a language model: quotes the sentences and table rows that answer best, each with its marker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from answering.extractive.choosing import chosen_from
from answering.extractive.confidence import THRESHOLD, of_answer, of_best
from answering.extractive.passages import Quotable, quotables, quotables_of
from answering.extractive.quoting import gap_after, outline_quotes, quotes_of
from answering.extractive.scoring import Scored, can_answer, scored_by_words
from answering.extractive.sought import Sought
from domain.answers import Delta, Prompt, Usage
from domain.documents import Chunk
from domain.ports import TextEncoder
from domain.question import Wording
from prompts.answer import abstention

MODEL = "exhibit-extractive"

_SHORTLIST = 8  # sentences that the encoder sees; with 16 it finds no more, and takes twice as long


@dataclass(frozen=True, slots=True)
class Reading:
    quotes: tuple[str, ...]
    confidence: float


class ExtractiveReader:
    """A `Generator`; the encoder is used only for questions that it can read."""

    def __init__(self, encoder: TextEncoder | None = None) -> None:
        self._encoder = encoder

    @property
    def model(self) -> str:
        return MODEL

    async def room(self) -> int | None:
        """No limit: everything that was found is read."""
        return None

    async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        reading = await asyncio.to_thread(self.read, prompt)
        for i, quote in enumerate(reading.quotes):
            yield Delta(quote if i == 0 else f"{gap_after(reading.quotes[i - 1])}{quote}")
        yield Delta(usage=Usage(), confidence=reading.confidence)

    async def aclose(self) -> None:
        """Holds no connection."""

    def read(self, prompt: Prompt) -> Reading:
        if prompt.question.intent.sort == "summary" and (outlined := outline_quotes(prompt)):
            return Reading(outlined, 1.0)
        question = Sought.of(prompt.question.standalone)
        pieces = quotables(prompt.question.standalone, prompt.evidence)
        ranked = self._ranked(question, pieces)
        chosen = chosen_from(question, ranked, pieces) if ranked else []
        confidence = round(of_answer(question, ranked[0], chosen, prompt.evidence), 3) if ranked else 0.0
        if confidence < THRESHOLD:
            return Reading((abstention(prompt.question),), confidence)
        return Reading(quotes_of(question, chosen), confidence)

    def confidence(self, prompt: Prompt) -> float:
        """The probability that the evidence holds the answer, for any generator."""
        return self.read(prompt).confidence

    def fit(self, prompt: Prompt) -> float:
        """How well the best sentence fits the question, 0..1, without the other evidence."""
        ranked = self.ranked(prompt)
        return of_best(ranked[0]) if ranked else 0.0

    def best_fits(self, question: Wording, chunks: Sequence[Chunk]) -> list[float]:
        """The score by words of the best sentence of each chunk; 0 for a chunk without one."""
        best = [0.0] * len(chunks)
        for one in scored_by_words(Sought.of(question), quotables_of(question, chunks, [""] * len(chunks))):
            at = one.quotable.n - 1
            best[at] = max(best[at], one.by_words)
        return best

    def ranked(self, prompt: Prompt) -> list[Scored]:
        question = Sought.of(prompt.question.standalone)
        return self._ranked(question, quotables(prompt.question.standalone, prompt.evidence))

    def _ranked(self, question: Sought, pieces: Sequence[Quotable]) -> list[Scored]:
        scored = [one for one in scored_by_words(question, pieces) if can_answer(question, one)]
        shortlist = sorted(scored, key=_total, reverse=True)[:_SHORTLIST]
        return sorted(self._with_likeness(question.text, shortlist), key=_total, reverse=True)

    def _with_likeness(self, question: str, shortlist: list[Scored]) -> list[Scored]:
        if self._encoder is None or not shortlist or not self._encoder.sees(question):
            return shortlist
        seen = [i for i, one in enumerate(shortlist) if self._encoder.sees(one.quotable.read_as)]
        if not seen:
            return shortlist
        vectors = self._encoder.encode([shortlist[i].quotable.read_as for i in seen])
        likeness = vectors @ self._encoder.encode_query(question)  # (n,)
        for i, value in zip(seen, likeness, strict=True):
            shortlist[i] = replace(shortlist[i], likeness=float(value))
        return shortlist


def _total(one: Scored) -> float:
    return one.total
