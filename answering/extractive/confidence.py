"""Confidence of the extractive reader: the chance that the evidence holds the answer to a question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from answering.extractive.fit import fits, has_form
from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought
from domain.evidence import Evidence
from domain.question import Wants
from language.numerals import numbers, spelled_numbers
from language.scripts import has_cjk
from language.terms import terms

THRESHOLD = 0.45  # below it the reader abstains
_EVEN = math.log(THRESHOLD / (1 - THRESHOLD))

# Weights of covered, around, cue and likeness, and the constant: a logistic regression on 120 questions per language,
# each with and without the passage that answers it. `_WORDS` is for a sentence without a likeness.
_ENGLISH = (6.0, 2.5, 1.0, 8.4, -9.0)
_ENGLISH_WORDS = (6.0, 3.9, 0.75, 0.0, -5.0)
_CHINESE_WORDS = (5.0, 9.0, 0.4, 0.0, -3.4)

# The fit of the best sentence decides where the evidence may be about another subject. Within the right document it
# says little: there the names and numbers of the question decide, if one piece of evidence has them together. Tuned on
# questions about whole reports (`python -m lab.measures.abstaining`), so that at most 1 in 80 of the passages that do
# answer (`python -m lab.measures.reading`) falls below the threshold.
_SLOPE = 0.07  # of the sentence's log-odds between the two bends; beyond them it is 1
_BENDS = (-5.0, 0.25)
_TOGETHER = 1.0
_MISSING = 0.8  # for each number of the question, years too, that no evidence has; at most two
_TABLES = 1.4  # in a document with tables the answer is mostly in a table
_PENALTY = 0.3  # factor for quotes without the form or the time that is asked for
_LEAST_FIT = 0.15  # chance by the sentence alone; with less it is not quoted, whatever the other evidence


def of_answer(question: Sought, best: Scored, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> float:
    """0..1 that the evidence holds the answer: from the best sentence, the evidence and the quotes."""
    penalty = _PENALTY if is_unfit(question, chosen, evidence) else 1.0
    return of_evidence(of_best(best), question.wants, evidence) * penalty


def is_unfit(question: Sought, chosen: Sequence[Quotable], evidence: Sequence[Evidence]) -> bool:
    """No quote has the form that is asked for, or none the year."""
    return min(_form_penalty(question, chosen), _time_penalty(question, chosen, evidence)) < 1.0


def of_best(best: Scored) -> float:
    return of_sentence(best.covered, best.around, best.cue, best.likeness, best.quotable.text)


def of_sentence(covered: float, around: float, cue: float, likeness: float | None, text: str) -> float:
    """0..1: how well the best sentence alone fits the question."""
    words_only = _CHINESE_WORDS if has_cjk(text) else _ENGLISH_WORDS
    weights = words_only if likeness is None else _ENGLISH
    features = (covered, around, cue, likeness or 0.0, 1.0)
    return _chance(sum(weight * value for weight, value in zip(weights, features, strict=True)))


def of_evidence(sentence: float, wants: Wants, evidence: Sequence[Evidence]) -> float:
    """0..1: corrected by whether the names and numbers of the question stand together in the evidence."""
    held = held_by(wants, evidence)
    odds = _bent(log_odds(sentence)) + _TABLES * held.tables
    odds -= _TOGETHER * (1 - held.together) + _MISSING * held.missing
    chance = _chance(_EVEN + odds)
    return chance if sentence >= _LEAST_FIT else min(chance, THRESHOLD - 0.001)


@dataclass(frozen=True, slots=True)
class Held:
    together: float  # share of the question's names and numbers in the best piece of evidence; 1 if it names none
    missing: int  # numbers of the question that no evidence has, at most 2
    tables: float  # share of tables in the evidence


def held_by(wants: Wants, evidence: Sequence[Evidence]) -> Held:
    exact = [*wants.numbers, *wants.names]
    held = [_held(f"{one.document.name} {one.chunk.own_search_text}") for one in evidence]
    anywhere = frozenset[str]().union(*held)
    together = max((sum(term in one for term in exact) for one in held), default=0) / len(exact) if exact else 1.0
    tables = sum(one.chunk.kind == "table" for one in evidence) / max(1, len(evidence))
    return Held(together, min(2, len(wants.numbers - anywhere)), tables)


def _held(text: str) -> frozenset[str]:
    return frozenset(terms(text)) | numbers(text) | spelled_numbers(text)


def _bent(odds: float) -> float:
    """Log-odds above the threshold's, with a low slope between the bends."""
    low, high = _BENDS
    return _SLOPE * (min(max(odds, low), high) - _EVEN) + min(0.0, odds - low) + max(0.0, odds - high)


def log_odds(chance: float) -> float:
    chance = min(max(chance, 0.001), 0.999)
    return math.log(chance / (1 - chance))


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


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
