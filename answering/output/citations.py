"""Turns a generator's text into an answer: checked claims with citations, or an abstention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from answering.about.claims import verdict_about, with_about
from answering.grounding.check import Checker, Statement, verdict_of
from answering.output.suspicion import planted
from domain.answers import Answer, Because, Citation, Claim, Prompt
from domain.evidence import Evidence
from domain.searches import Search
from ingest.parse.tables import unruled
from prompts.answer import abstains, abstention, missing_from
from prompts.markers import claims_of, quote_for

NEAREST = 3

Holds = Callable[[Prompt], float]  # 0..1: that the evidence of a prompt holds the answer to its question


def read_back(
    text: str,
    prompt: Prompt,
    search: Search,
    model: str,
    confidence: float | None,
    checker: Checker,
    because: Because | None = None,
) -> Answer:
    """Reads what was said back into claims and citations, each checked against what it cites. `because`: the text is
    the wording of an abstention."""
    text = text.strip()
    if because is not None or not text or abstains(text):
        return _abstained(text, prompt, search, model, confidence, because or "unsure")
    claims = checker.check(
        [
            Statement(stated.text, stated.citations, tuple(cited(prompt.evidence[n - 1]) for n in stated.citations))
            for stated in claims_of(text)
            if not _obeys(stated.text, stated.citations, prompt)
        ]
    )
    claims, together = with_about(claims, prompt, confidence)
    marked = list(dict.fromkeys((n, claim.text) for claim in claims for n in claim.citations))
    return Answer(
        answer=text,
        verdict=verdict_about(verdict_of(claims), together, confidence),
        confidence=confidence if confidence is not None else _mean_support(claims),
        claims=claims,
        citations=_citations(marked, prompt),
        evidence=prompt.evidence,
        model=model,
        trace_id=search.trace_id,
    )


def with_confidence(answer: Answer, prompt: Prompt, holds: Holds) -> Answer:
    """The mean of two confidences: from the evidence, and from the claims. For an abstention, half the first."""
    expected = holds(prompt)
    if answer.verdict == "abstained":
        return replace(answer, confidence=round(expected / 2, 3))
    return replace(answer, confidence=round((expected + _mean_support(answer.claims)) / 2, 3))


def _mean_support(claims: Sequence[Claim]) -> float:
    return round(sum(claim.support for claim in claims) / len(claims), 3) if claims else 0.0


def _abstained(
    text: str, prompt: Prompt, search: Search, model: str, confidence: float | None, because: Because
) -> Answer:
    return Answer(
        answer=text or abstention(prompt.question),
        verdict="abstained",
        confidence=confidence if confidence is not None else 0.0,
        claims=(),
        citations=(),
        evidence=prompt.evidence,
        model=model,
        trace_id=search.trace_id,
        nearest=search.evidence[:NEAREST],
        missing=missing_from(prompt.question, [cited(one) for one in prompt.evidence]),
        abstained_because=because,
    )


def cited(evidence: Evidence) -> str:
    """What a claim is checked against: the text, and the title and headings that it stands under; never what a model
    said of it. A table's rows without its columns' heads would contradict claims that name these."""
    chunk = evidence.chunk
    context = chunk.own_search_text.replace(unruled(chunk.text), "") if chunk.kind == "table" else chunk.own_search_text
    return f"{chunk.text}\n\n{context}"


def _obeys(claim: str, citations: Sequence[int], prompt: Prompt) -> bool:
    """Whether a claim only repeats a document's orders to the model, off the question: it is no claim then."""
    quotes = [quote_for(claim, prompt.evidence[n - 1].chunk.text) for n in citations]
    asked = prompt.question.standalone.text
    return planted(asked, claim) or (bool(quotes) and all(planted(asked, quote) for quote in quotes))


def _citations(marked: Sequence[tuple[int, str]], prompt: Prompt) -> tuple[Citation, ...]:
    """One citation per marker and supporting span, in the order of the answer."""
    found = [
        Citation(n, prompt.evidence[n - 1], quote_for(claim, prompt.evidence[n - 1].chunk.text)) for n, claim in marked
    ]
    return tuple({(citation.n, citation.quote): citation for citation in found}.values())
