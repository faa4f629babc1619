"""How far each claim of an answer, with what it cites, is about what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from answering.about.context import Context, of_evidence, of_row
from answering.about.judge import THRESHOLD, Looked, looked
from answering.about.learned import SURE
from domain.answers import Claim, Prompt, Verdict
from domain.question import Asks
from prompts.markers import quote_for


def with_about(claims: Sequence[Claim], prompt: Prompt, confidence: float | None) -> tuple[tuple[Claim, ...], Looked]:
    """The claims with their `about`, and how the question stands in all of them together. `confidence`: the learned
    chance that the quotes answer, where the generator tells it; a claim is no surer to be about the question."""
    most = 1.0 if confidence is None else confidence
    whole = prompt.question.intent.sort != "ordinary"  # about whole documents, which were chosen by their names
    asks = Asks() if whole else prompt.question.standalone.asks
    contexts = [_context(claim, prompt) for claim in claims]
    each = [looked(asks, [context]) for context in contexts]
    judged = tuple(
        replace(claim, about=round(min(one.share, most), 3)) for claim, one in zip(claims, each, strict=True)
    )
    return judged, looked(asks, contexts)


def verdict_about(verdict: Verdict, together: Looked, confidence: float | None) -> Verdict:
    """A claim that is supported, but about something else, is no answer; one about a part of it is a part of one, and
    so is one that is not surely about it. A thing may be named otherwise, which the learned chance tells best."""
    if verdict not in ("grounded", "partial"):
        return verdict
    if together.lacks:
        return "partial" if any(one.exact for one in together.found) else "ungrounded"
    sure = together.share >= THRESHOLD if confidence is None else confidence >= SURE
    return verdict if sure else "partial"


def _context(claim: Claim, prompt: Prompt) -> Context:
    """The claim's own words count too: a model may resolve "it"; whether they are true, its support tells."""
    texts = [claim.text] if len(claim.citations) > 0 else []
    for n in claim.citations:
        one = prompt.evidence[n - 1]
        quote = quote_for(claim.text, one.chunk.text)
        texts.append((of_row(one, quote) if quote.lstrip().startswith("|") else of_evidence(one)).text)
    return Context("\n".join(texts))
