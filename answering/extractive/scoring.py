"""Scores each piece of evidence as an answer to a question, by its words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from answering.extractive.fit import fits
from answering.extractive.passages import Quotable
from answering.extractive.sought import WEAK, Sought, boundary_pairs
from domain.ports import Tokens
from language.sentences import is_caption

_SINGLED = 0.3  # added for the row with the highest or lowest value, if that is asked for
_HEADED = 0.7  # weight of a term in the heading or caption, against 1 in the sentence
_WEAK_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Scored:
    quotable: Quotable
    covered: float  # of the question's terms, weighted by rarity: in the sentence and its headings
    around: float  # the same, with the neighbouring sentences
    cue: float  # 1: has what such a question asks for (a name, a number, a reason …); 0: has not; 0.5: can't tell
    likeness: float | None = None  # cosine to the question; None where the encoder can't read the sentence
    tokens: Tokens | None = None  # of the sentence, where the encoder tells them

    @property
    def by_words(self) -> float:
        return self.covered + 0.5 * (self.around - self.covered) + 0.25 * self.cue

    @property
    def total(self) -> float:
        first = 0.1 / self.quotable.n  # for its rank in the retrieval
        singled = _SINGLED if self.quotable.singled else 0.0
        return self.by_words + first + 0.8 * (self.likeness or 0.0) + singled


def scored_by_words(question: Sought, pieces: Sequence[Quotable]) -> list[Scored]:
    weights = _weights(question, pieces)
    total = sum(weights.values()) or 1.0

    def share(found: frozenset[str]) -> float:
        return sum(weights[term] for term in question.terms & found) / total

    def scored(piece: Quotable) -> Scored:
        itself, headed = share(piece.terms), share(piece.terms | piece.about)
        around = share(piece.terms | piece.about | piece.context)
        return Scored(piece, itself + _HEADED * (headed - itself), around, fits(question, piece))

    return [scored(piece) for piece in pieces]


def _weights(question: Sought, pieces: Sequence[Quotable]) -> Mapping[str, float]:
    """Inverse document frequency of each term of the question, a piece being a document."""
    spread = Counter(term for piece in pieces for term in question.terms & piece.terms)
    weak = WEAK | boundary_pairs(question.text, spread) | question.wants.source
    return {
        term: math.log(1 + len(pieces) / (0.5 + spread[term])) * (_WEAK_WEIGHT if term in weak else 1.0)
        for term in question.terms
    }


def can_answer(question: Sought, one: Scored) -> bool:
    """A caption or heading is an answer only where the question asks for one, or where it has the number asked for.
    A row or a label must have a term of the question itself: its context is the same for every row."""
    if one.quotable.form == "label" or (one.quotable.form == "row" and question.wants.forms):
        return bool(question.found_in(one.quotable))
    if one.quotable.form != "bare" or question.wants.figure:
        return True
    return not is_caption(one.quotable.text) and question.wants.kind in ("number", "time") and one.cue == 1.0
