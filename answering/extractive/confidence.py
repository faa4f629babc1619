"""How sure the extractive reader is that the evidence holds the answer to a question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from answering.extractive.fit import fits, has_form
from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought
from domain.question import Wants
from domain.types import Evidence
from language.numerals import numbers, spelled_numbers
from language.scripts import has_cjk
from language.terms import terms

THRESHOLD = 0.45  # below it the reader abstains
_EVEN = math.log(THRESHOLD / (1 - THRESHOLD))

# Logistic regression on 120 questions a language with and without the passage that answers them: the weights of
# covered, around, cue and likeness, and the constant. Without likeness it is the words alone that tell.
_ENGLISH = (6.0, 2.5, 1.0, 8.4, -9.0)
_ENGLISH_WORDS = (6.0, 3.9, 0.75, 0.0, -5.0)
_CHINESE_WORDS = (5.0, 9.0, 0.4, 0.0, -3.4)

# How well the best sentence fits says nearly all where the evidence may be about something else, and little where it
# is of the document that is asked about: there what counts is whether the things that the question names stand in it
# together. Found on questions about whole reports (`python -m lab.measures.abstaining`) so that no more than one in
# eighty of the passages that do answer (`python -m lab.measures.reading`) falls under the threshold.
_FIT = 0.07  # of the sentence's log-odds between the two bends; beyond them it fits hardly at all, or well: all of them
_BENDS = (-5.0, 0.25)
_TOGETHER = 1.0
_MISSING = 0.8  # for each number, years among them, that is in none of the evidence, two at most
_TABLES = 1.4  # what is asked of a document with tables is mostly in them, and tables can be read
_PENALTY = 0.3  # factor for quotes without the form or the time that is asked for
_FITS = 0.15  # chance by the sentence alone, under which it is not quoted, whatever stands beside it


def of_answer(question: Sought, best: Scored, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> float:
    """0..1 that the evidence holds the answer: from the best sentence, the evidence and the quotes."""
    penalty = min(_form_penalty(question, chosen), _time_penalty(question, chosen, evidence))
    return of_evidence(of_best(best), question.wants, evidence) * penalty


def of_best(best: Scored) -> float:
    return of_sentence(best.covered, best.around, best.cue, best.likeness, best.quotable.text)


def of_sentence(covered: float, around: float, cue: float, likeness: float | None, text: str) -> float:
    """0..1, from how well the best sentence fits the question alone."""
    words_only = _CHINESE_WORDS if has_cjk(text) else _ENGLISH_WORDS
    weights = words_only if likeness is None else _ENGLISH
    features = (covered, around, cue, likeness or 0.0, 1.0)
    return _chance(sum(weight * value for weight, value in zip(weights, features, strict=True)))


def of_evidence(sentence: float, wants: Wants, evidence: Sequence[Evidence]) -> float:
    """0..1: corrected by whether the names and numbers of the question stand together in the evidence."""
    held = held_by(wants, evidence)
    told = _bent(log_odds(sentence)) + _TABLES * held.tables
    told -= _TOGETHER * (1 - held.together) + _MISSING * held.missing
    chance = _chance(_EVEN + told)
    return chance if sentence >= _FITS else min(chance, THRESHOLD - 0.001)


@dataclass(frozen=True, slots=True)
class Held:
    together: float  # share of the names and numbers of the question that one piece of evidence has; 1 for none
    missing: int  # numbers that none has, at most 2
    tables: float  # share of the evidence


def held_by(wants: Wants, evidence: Sequence[Evidence]) -> Held:
    exact = [*wants.numbers, *wants.names]
    held = [_held(f"{one.document.name} {one.chunk.own_search_text}") for one in evidence]
    anywhere = frozenset[str]().union(*held)
    together = max((sum(term in one for term in exact) for one in held), default=0) / len(exact) if exact else 1.0
    tables = sum(one.chunk.kind == "table" for one in evidence) / max(1, len(evidence))
    return Held(together, min(2, len(wants.numbers - anywhere)), tables)


def _held(text: str) -> frozenset[str]:
    return frozenset(terms(text)) | numbers(text) | spelled_numbers(text)


def _bent(told: float) -> float:
    """Log-odds over the threshold's, less steep between the bends."""
    low, high = _BENDS
    return _FIT * (min(max(told, low), high) - _EVEN) + min(0.0, told - low) + max(0.0, told - high)


def log_odds(chance: float) -> float:
    chance = min(max(chance, 0.001), 0.999)
    return math.log(chance / (1 - chance))


def _chance(told: float) -> float:
    return 1 / (1 + math.exp(-told))


# ---------------------------------------------------------------- quotes without what is asked for


def _form_penalty(question: Sought, chosen: Sequence[Quotable]) -> float:
    """A factor under 1 where no quote has the form that is asked for: a length, a clock time."""
    rows = [one for one in chosen if one.form == "row"]
    if rows:  # the unit may be in the table's caption, so the noun of the amount decides
        if question.wants.kind == "number" and all(fits(question, one) == 0.0 for one in rows):
            return _PENALTY
        noun = question.wants.amount_of
        return 1.0 if not noun or any(noun in one.terms | one.about for one in rows) else _PENALTY
    if question.wants.amount and all(fits(question, one) == 0.0 for one in chosen):
        return _PENALTY
    return 1.0 if has_form(question, " ".join(one.text for one in chosen)) else _PENALTY


def _time_penalty(question: Sought, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> float:
    """A factor under 1 where the quoted chunks have no year or ordinal of the question: they may be of another year."""
    asked = question.wants.times
    shown = [evidence[one.n - 1] for one in chosen]
    texts = " ".join(f"{one.document.name} {one.document.title} {one.chunk.search_text}" for one in shown)
    return 1.0 if not asked or any(one in texts for one in asked) else _PENALTY
