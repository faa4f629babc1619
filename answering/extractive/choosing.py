"""Chooses the pieces to quote: the best, the sentence that completes it, and others that add to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.extractive.fit import fits
from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought

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
