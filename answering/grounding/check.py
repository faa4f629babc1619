"""Checks each claim of an answer against the text that it cites, by rules; no second model is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from answering.grounding.compare import Comparison, compare
from answering.grounding.parsed import Cited
from domain.answers import Claim, Verdict
from domain.ports import Judge, TextEncoder
from language.quantities import quantities
from language.scripts import has_cjk, is_chinese
from language.terms import terms

THRESHOLD = 0.5  # of support, from which a claim counts as supported

# Weights of a comparison's `shape`, of the likeness to the best sentence, and the constant: a logistic regression on
# the first half of the documents of `python -m evaluation.checking` (it reports on the second half).
_ENGLISH = (0.45, 2.86, 0.95, 0.09, 8.43, 0.95, 3.84, 4.99, 2.36, 2.21, -5.59, -7.11, -0.65, 3.19, -26.57)
_ENGLISH_WORDS = (0.73, 3.06, 1.31, 1.26, 8.1, 1.18, 3.91, 5.05, 2.35, 2.73, -5.45, -7.29, -0.77, 0.0, -25.89)
_CHINESE = (1.34, 0.0, 2.1, 0.0, 5.31, 0.48, 0.0, 0.6, 4.37, 1.62, -4.49, -5.41, -0.46, 0.0, -12.64)

_NOT_THERE = 0.4  # highest support of a claim with a number, date or name that the cited text lacks
_OFF_TOPIC = 0.3  # of its words; with fewer in the cited sentences, equal numbers prove nothing
_MOST_COMPARED = 300  # different claims of one answer
_MOST_ENCODED = 40  # claims of one answer; in a longer one the rest is checked by words
_UNCOMPARABLE = 0.4  # support of a claim in another language that has no number or name to compare


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim, its markers, and the text of the evidence that they name."""

    text: str
    citations: tuple[int, ...]
    cited: tuple[str, ...]


class Checker:
    """The encoder is asked once for all claims of an answer, about at most two sentences each, chosen by words.

    A judge, if there is one, decides on meaning; the rules decide on numbers, dates and names.
    """

    def __init__(self, encoder: TextEncoder | None = None, judge: Judge | None = None) -> None:
        self._encoder = encoder
        self._judge = judge

    def check(self, statements: Sequence[Statement]) -> tuple[Claim, ...]:
        compared = _each_once(statements)
        likeness = self._likeness(statements, compared)
        supports = [_support(*each) for each in zip(statements, compared, likeness, strict=True)]
        if self._judge is not None:
            supports = _judged(self._judge, statements, compared, supports)
        return tuple(
            Claim(one.text, one.citations, round(support, 3), round(support, 3) >= THRESHOLD)
            for one, support in zip(statements, supports, strict=True)
        )

    def _likeness(self, statements: Sequence[Statement], compared: Sequence[Comparison | None]) -> list[float | None]:
        """The cosine of each claim to the closer of its sentences; None if the encoder can't read them."""
        encoder = self._encoder
        if encoder is None:
            return [None] * len(statements)
        texts: list[str] = []
        places: list[tuple[int, int]] = []
        for at, (one, comparison) in enumerate(zip(statements, compared, strict=True)):
            near = comparison.best if comparison and at < _MOST_ENCODED else ()
            best = [text for text in near if encoder.sees(text)]
            seen = [one.text, *best] if best and encoder.sees(one.text) else []
            places.append((len(texts), len(texts) + len(seen)))
            texts += seen
        if not texts:
            return [None] * len(statements)
        vectors = encoder.encode(texts)
        return [float((vectors[a + 1 : b] @ vectors[a]).max()) if b > a else None for a, b in places]


def verdict_of(claims: Sequence[Claim]) -> Verdict:
    supported = sum(claim.supported for claim in claims)
    if supported == 0:
        return "ungrounded"
    return "grounded" if supported == len(claims) else "partial"


def _each_once(statements: Sequence[Statement]) -> list[Comparison | None]:
    """Each distinct claim is compared once, as models may repeat themselves. Those beyond the limit have no support."""
    known: dict[tuple[str, tuple[str, ...]], Comparison | None] = {}
    for one in statements:
        key = one.text, one.cited
        if key not in known:
            known[key] = _compared(one) if len(known) < _MOST_COMPARED else None
    return [known[one.text, one.cited] for one in statements]


def _compared(one: Statement) -> Comparison | None:
    """None if there is nothing to compare: no citation, no terms, or no common script."""
    text = "\n\n".join(one.cited)
    if not text.strip() or not terms(one.text) or is_chinese(one.text) != is_chinese(text):
        return None
    return compare(one.text, Cited.of(text))


def _support(one: Statement, comparison: Comparison | None, likeness: float | None) -> float:
    """0..1: how much of the claim the cited text says. A claim that cites nothing has no support."""
    if comparison is None:
        if is_chinese(one.text) == is_chinese("\n\n".join(one.cited)):
            return 0.0
        return _across_languages(one.text, "\n\n".join(one.cited)) if terms(one.text) and any(one.cited) else 0.0
    in_english = _ENGLISH_WORDS if likeness is None else _ENGLISH
    weights = _CHINESE if is_chinese(one.text) else in_english
    features = (*comparison.shape, likeness or 0.0, 1.0)
    support = 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, features, strict=True))))
    if _contradicted(comparison):
        support = min(support, _NOT_THERE)
    return support if comparison.covered >= _OFF_TOPIC else min(support, comparison.covered)


def _contradicted(comparison: Comparison) -> bool:
    return min(comparison.numbers, comparison.dates, comparison.names, comparison.column) == 0.0


def _across_languages(claim: str, text: str) -> float:
    """A Chinese claim about an English page can share numbers and names only."""
    cited = Cited.of(text)
    stripped = " ".join(term for term in terms(claim) if not has_cjk(term))
    comparison = compare(claim, cited)
    if min(comparison.numbers, comparison.dates) == 0.0:
        return _NOT_THERE / 2
    names = [term for term in terms(stripped) if not term[0].isdigit()]
    shared = [term for term in names if term in cited.all_terms]
    counted = len(quantities(claim))
    if not names and not counted:
        return _UNCOMPARABLE  # nothing to compare, so not shown to be right
    return 0.3 + 0.5 * (len(shared) + counted) / (len(names) + counted)


def _judged(
    judge: Judge,
    statements: Sequence[Statement],
    compared: Sequence[Comparison | None],
    supports: Sequence[float],
) -> list[float]:
    """The judge's support of each claim that cites something; where it can't tell, the rules' support stays."""
    asked = [at for at, one in enumerate(statements) if any(one.cited)]
    judged = judge.judge([(statements[at].text, "\n\n".join(statements[at].cited)) for at in asked])
    found = list(supports)
    for at, support in zip(asked, judged, strict=True):
        comparison = compared[at]
        if support is not None:
            found[at] = min(support, _NOT_THERE) if comparison and _contradicted(comparison) else support
    return found
