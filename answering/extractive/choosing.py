"""Chooses the pieces to quote: the best, the sentence that completes it, and others that add to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from answering.about.context import Context, of_evidence, of_row
from answering.about.judge import looked
from answering.about.standing import of_subject
from answering.extractive.fit import fits
from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought
from domain.evidence import Evidence
from domain.question import Asks
from language.terms import terms

_COMPARED = 2  # things at least
_MOST_QUOTES = 3
_POINTS_BACK = re.compile(
    r"(?:that|this) (?:is|was) (?:also )?why\b|(?:therefore|thus|hence|as a result|for (?:this|that) reason)\b"
    r"|因此|所以|为此|这(?:就是|也是|正是)",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"(?:he|she|it|they|his|her|its|their|this|these|that|there)\b|[他她它这那其]", re.I)


def chosen_from(question: Sought, ranked: Sequence[Scored], pieces: Sequence[Quotable]) -> list[Quotable]:
    """A row that has what is asked for is quoted alone."""
    best = ranked[0]
    chosen = [best.quotable, *_completing(question, best.quotable, pieces)]
    several = question.wants.kind not in ("number", "time") and question.wants.several
    if best.quotable.form == "row" and best.cue == 1.0 and (best.quotable.singled or not several):
        return chosen
    for one in ranked[1:]:
        if len(chosen) >= _MOST_QUOTES or one.total < (0.8 if several else 0.9) * best.total:
            break
        if one.quotable.form in ("bare", "label") or not all(_adds(one.quotable, other) for other in chosen):
            continue
        if several or question.found_in(one.quotable) - question.found_in(*chosen):
            chosen.append(one.quotable)
    return chosen


def without_others(asks: Asks, chosen: Sequence[Quotable]) -> list[Quotable]:
    """Where the best piece itself has the code that is asked for, pieces without it are about other codes."""
    codes = [one for one in asks.subjects if one.kind == "code"]
    own = [one for one in codes if of_subject(one, Context(chosen[0].text)) > 0]
    return [
        piece for piece in chosen if piece is chosen[0] or all(of_subject(one, Context(piece.text)) > 0 for one in own)
    ]


class Contexts:
    """What each piece stands in, made once."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._evidence = evidence
        self._known: dict[tuple[int, str], Context] = {}

    def of(self, piece: Quotable) -> Context:
        key = piece.n, piece.text if piece.form == "row" else ""
        if key not in self._known:
            one = self._evidence[piece.n - 1]
            self._known[key] = of_row(one, piece.text) if piece.form == "row" else of_evidence(one)
        return self._known[key]


def first_about(asks: Asks, ranked: Sequence[Scored], contexts: Contexts) -> list[Scored]:
    """Pieces near which more of the names, codes and restrictions of the question stand come first."""
    exact = [one for one in asks.subjects if one.exact]
    if not exact and not asks.restrictions:
        return list(ranked)
    narrowed = replace(asks, subjects=tuple(exact))
    return sorted(ranked, key=lambda one: len(looked(narrowed, [contexts.of(one.quotable)]).lacks))


def of_each(asks: Asks, ranked: Sequence[Scored], contexts: Contexts) -> list[Quotable]:
    """For a comparison of named things, the best piece for each; none where one of them has none of its own."""
    named = [one for one in asks.subjects if one.exact]
    if asks.shape != "comparison" or len(named) < _COMPARED:
        return []
    attribute, chosen = frozenset(terms(asks.attribute)), []
    for subject in named:
        others = [one for one in named if one is not subject]
        own = (
            one.quotable
            for one in ranked
            if attribute <= one.quotable.terms | one.quotable.about | one.quotable.context
            and of_subject(subject, contexts.of(one.quotable)) > 0
            and not any(of_subject(other, contexts.of(one.quotable)) > 0 for other in others)
        )
        if (best := next(own, None)) is None:
            return []
        chosen.append(best)
    return chosen


def _completing(question: Sought, best: Quotable, pieces: Sequence[Quotable]) -> list[Quotable]:
    """The neighbour of the best sentence that has what the best lacks: the reason before "that is why", a number, time
    or person, or, after a pronoun, a term of the question."""
    if best.form != "sentence":
        return []
    beside = [one for one in pieces if one.n == best.n and one.form == "sentence" and abs(one.at - best.at) == 1]
    if question.wants.kind == "reason" and _POINTS_BACK.match(best.text):
        return [one for one in beside if one.at < best.at]
    beside.sort(key=lambda one: one.at < best.at)  # the following sentence first
    lacks = question.wants.kind in ("person", "number", "time") and fits(question, best) < 0.5
    fitting = [one for one in beside if lacks and fits(question, one) == 1.0]
    missing = question.strong - best.terms - best.about
    continuing = [one for one in beside if one.at > best.at and _CONTINUES.match(one.text) and missing & one.terms]
    return (fitting or continuing)[:1]


def _adds(piece: Quotable, other: Quotable) -> bool:
    """Whether it says something new: the same sentence is often in two chunks."""
    return len(piece.terms - other.terms) > 0.3 * len(piece.terms)
