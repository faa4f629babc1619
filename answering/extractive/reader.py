"""Answers without a language model: quotes the sentences and table rows that answer best, each with its marker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from answering.about.alignment import SENTENCES, Aligned, aligned
from answering.about.features import features_of
from answering.about.judge import Looked, looked
from answering.about.learned import ANSWERED, SURE, shipped
from answering.extractive.choosing import Contexts, chosen_from, first_about, of_each, without_others
from answering.extractive.confidence import THRESHOLD, is_unfit, of_answer, of_best
from answering.extractive.counting import matching
from answering.extractive.listing import clause, listed
from answering.extractive.passages import Quotable, quotables, quotables_of
from answering.extractive.quoting import gap_after, outline_quotes, quotes_of
from answering.extractive.scoring import Scored, can_answer, scored_by_words
from answering.extractive.sought import Sought
from domain.answers import Delta, Prompt, Usage
from domain.documents import Chunk
from domain.ports import TokenEncoder, Tokens
from domain.question import Wording
from prompts.answer import abstention

MODEL = "exhibit-extractive"

WHOLE = 0.8  # confidence in a whole list under its heading, or all rows that a question's words choose
_COMPUTED = 0.7  # at most: a quote that such a question is computed from is no more than a part of the answer
_FITS, _CLEARLY = 0.8, 0.1
_SHORTLIST = 8  # sentences that the encoder sees; with 16 it finds no more, and takes twice as long


@dataclass(frozen=True, slots=True)
class Reading:
    quotes: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Considered:
    """What the reader would quote, and what tells whether that is an answer."""

    question: Sought
    ranked: tuple[Scored, ...]
    chosen: tuple[Quotable, ...]
    whole: bool  # a list under the heading asked for, the clause of that number, or a piece for each compared thing
    together: Looked  # how subjects and restrictions stand where the chosen pieces stand
    features: tuple[float, ...]
    tokens: Aligned | None  # None where the encoder can't read the question or the best pieces
    fit: float  # 0..1 by rules alone: how well the best piece and the evidence fit
    computed: bool  # what is asked is mostly computed from what a document prints: a ratio, a margin
    unfit: bool  # no quote has the form or the year that is asked for

    @property
    def is_a_cell(self) -> bool:
        """A row that has what is asked for, stands clearly first and under all that is named: of such rows of tables
        with text .91 are right (`python -m lab.measures.about`), where the learned chance is often lower."""
        best = self.ranked[0]
        clear = len(self.ranked) == 1 or best.total - self.ranked[1].total > _CLEARLY
        stands = self.together.share >= _FITS and self.fit >= _FITS
        return best.quotable.form == "row" and best.cue == 1.0 and clear and stands


class ExtractiveReader:
    """A `Generator`; the encoder is used only for questions that it can read."""

    def __init__(self, encoder: TokenEncoder | None = None) -> None:
        self._encoder = encoder
        self._learned = shipped()
        self._knows_tokens = encoder is not None and encoder.name == self._learned.encoder

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
        asks = prompt.question.standalone.asks
        if rows := matching(Sought.of(prompt.question.standalone), asks, prompt.evidence):
            return Reading(rows.quotes(), WHOLE)
        seen = self.considered(prompt)
        confidence = self.confidence_of(seen) if seen else 0.0
        if seen is None or confidence < ANSWERED:
            return Reading((abstention(prompt.question),), confidence)
        return Reading(quotes_of(seen.question, seen.chosen), confidence)

    def confidence_of(self, seen: Considered) -> float:
        """0 where of the names and codes that are asked for none stands near the quotes: they are about another."""
        if seen.together.of_another:
            return 0.0
        if seen.whole:
            return WHOLE
        # Without tokens (Chinese) the learned chance tells no more than the rules (AUROC .883 and .880), and answered
        # fewer questions: .64 of the Chinese passages' own instead of .77.
        if seen.tokens is None or seen.unfit:  # by rules alone, on the learned scale
            return round(min(1.0, seen.fit + (ANSWERED - THRESHOLD if seen.fit >= THRESHOLD else 0.0)), 3)
        chance = self._learned.chance(seen.features, seen.tokens, seen.fit)
        if seen.computed:
            return round(min(chance, _COMPUTED), 3)
        if seen.chosen[0].singled and seen.fit >= THRESHOLD:
            return round(max(chance, WHOLE), 3)
        return round(max(chance, SURE) if seen.is_a_cell else chance, 3)

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
        return self._ranked(question, quotables(prompt.question.standalone, prompt.evidence))[0]

    def considered(self, prompt: Prompt) -> Considered | None:
        """None where no piece of the evidence could be quoted."""
        wording = prompt.question.standalone
        question, pieces = Sought.of(wording), quotables(wording, prompt.evidence)
        ranked, asked = self._ranked(question, pieces)
        if not ranked:
            return None
        contexts = Contexts(prompt.evidence)
        ranked = first_about(wording.asks, ranked, contexts)
        whole = (
            clause(wording.asks, pieces)
            or listed(question, wording.asks, ranked, pieces)
            or of_each(wording.asks, ranked, contexts)
        )
        chosen = whole or without_others(wording.asks, chosen_from(question, ranked, pieces))
        together = looked(wording.asks, [contexts.of(one) for one in chosen])
        features = features_of(question, wording.asks, prompt.question.cues, ranked, together, prompt.evidence, pieces)
        return Considered(
            question,
            tuple(ranked),
            tuple(chosen),
            bool(whole),
            together,
            features,
            _beside(asked, ranked) if self._knows_tokens else None,
            of_answer(question, ranked[0], chosen, prompt.evidence),
            bool(prompt.question.hints),
            is_unfit(question, chosen, prompt.evidence),
        )

    def _ranked(self, question: Sought, pieces: Sequence[Quotable]) -> tuple[list[Scored], Tokens | None]:
        """Best first, and the question's tokens, where the encoder tells them."""
        scored = [one for one in scored_by_words(question, pieces) if can_answer(question, one)]
        shortlist = sorted(scored, key=_total, reverse=True)[:_SHORTLIST]
        asked = self._read(question.text, shortlist)
        return sorted(shortlist, key=_total, reverse=True), asked

    def _read(self, question: str, shortlist: list[Scored]) -> Tokens | None:
        """Adds to the shortlist what the encoder sees of it."""
        if self._encoder is None or not shortlist or not self._encoder.sees(question):
            return None
        seen = [i for i, one in enumerate(shortlist) if self._encoder.sees(one.quotable.read_as)]
        if not seen:
            return None
        (asked, *vectors), tokens = self._encoder.encode_tokens(
            [question, *(shortlist[i].quotable.read_as for i in seen)]
        )
        for i, vector, one in zip(seen, vectors, tokens[1:], strict=True):
            shortlist[i] = replace(shortlist[i], likeness=float(vector @ asked), tokens=one)
        return tokens[0]


def _beside(asked: Tokens | None, ranked: Sequence[Scored]) -> Aligned | None:
    best = [one.tokens for one in ranked[:SENTENCES] if one.tokens is not None]
    return aligned(asked, best) if asked is not None and ranked[0].tokens is not None else None


def _total(one: Scored) -> float:
    return one.total
