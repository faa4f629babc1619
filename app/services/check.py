"""Checks each claim of an answer against the text it cites: words, numbers and negations, without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.types import Claim, Verdict
from prompts.sentences import spans
from prompts.terms import has_cjk, numbers, spelled_numbers, terms

THRESHOLD = 0.5  # of support, from which a claim counts as supported
_NUMBER_MISSING = 0.3  # the most that a claim gets whose numbers the cited text doesn't have
_NEGATION_DIFFERS = 0.45  # times, where one says "not" and the other doesn't
_WINDOW = 3  # sentences that may bear one claim out together
_NEGATIONS = re.compile(
    r"\b(?:not|never|no|none|neither|nor|without|cannot)\b|n['’]t\b|不|没|未|无(?!论)|并非",
    re.IGNORECASE,
)


def checked(text: str, citations: Sequence[int], cited: Sequence[str]) -> Claim:
    """`cited` is the text of the evidence that the citations name."""
    worth = round(support(text, cited), 3)
    return Claim(text, tuple(citations), worth, worth >= THRESHOLD)


def support(claim: str, cited: Sequence[str]) -> float:
    """0..1: how far the cited text says the same. A claim that cites nothing has no support."""
    if not cited:
        return 0.0
    text = "\n\n".join(cited)
    if has_cjk(claim) != has_cjk(text):
        return _across_languages(claim, text)
    worth = _words(claim, text)
    if not numbers(claim) <= numbers(text) | spelled_numbers(text):
        return min(worth, _NUMBER_MISSING)
    return worth


def verdict_of(claims: Sequence[Claim]) -> Verdict:
    supported = sum(claim.supported for claim in claims)
    if supported == 0:
        return "ungrounded"
    return "grounded" if supported == len(claims) else "partial"


def confidence_of(claims: Sequence[Claim]) -> float:
    """Of an answer whose generator can't tell: the mean support of its claims."""
    return round(sum(claim.support for claim in claims) / len(claims), 3) if claims else 0.0


def _words(claim: str, text: str) -> float:
    """Half for the words being there at all, half for their standing together."""
    wanted = set(terms(claim))
    if not wanted:
        return 0.0
    near, closest = _closest(wanted, text)
    anywhere = len(wanted & set(terms(text))) / len(wanted)
    worth = (near + anywhere) / 2
    return worth * _NEGATION_DIFFERS if _negated(claim) != _negated(closest) else worth


def _closest(wanted: set[str], text: str) -> tuple[float, str]:
    """The share of these terms in the best few neighbouring sentences, and the best sentence of all."""
    pieces = [text[a:b] for a, b in spans(text)]
    has = [wanted & set(terms(piece)) for piece in pieces]
    header = next((found for piece, found in zip(pieces, has, strict=True) if piece.startswith("|")), set[str]())
    has = [found | header if piece.startswith("|") else found for piece, found in zip(pieces, has, strict=True)]
    windows = [set[str]().union(*has[i : i + _WINDOW]) for i in range(len(has))]
    best = max(range(len(pieces)), key=lambda i: len(has[i]), default=None)
    share = max((len(window) for window in windows), default=0) / len(wanted)
    return share, pieces[best] if best is not None else ""


def _negated(text: str) -> bool:
    return _NEGATIONS.search(text) is not None


def _across_languages(claim: str, text: str) -> float:
    """A Chinese sentence about an English page shares its numbers and names, and nothing else."""
    known = set(terms(text)) | numbers(text) | spelled_numbers(text)
    shared = set(numbers(claim))
    if has_cjk(claim):
        shared |= {term for term in terms(claim) if not has_cjk(term)}
    if not shared:
        return THRESHOLD - 0.1  # nothing to compare: not shown to be right
    if not numbers(claim) <= known:
        return _NUMBER_MISSING
    return 0.3 + 0.5 * len(shared & known) / len(shared)
