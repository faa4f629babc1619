"""What is kept of an answer, and how it is read again from the evidence that still stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.answers import Answer, Citation, Claim
from domain.conversations import KeptAnswer, KeptCitation, KeptClaim
from domain.evidence import Evidence
from language.analyser import matchable
from prompts.markers import blanked

WITHHELD = "[…]"  # in the place of a claim that says a deleted document's own words
LONGEST_OWN = 24  # letters and digits in a row that a claim may share with its evidence without repeating it


@dataclass(frozen=True, slots=True)
class Recalled:
    """An answer with its evidence as it is now. Of a citation whose evidence doesn't stand, `evidence` is its id."""

    kept: KeptAnswer
    answer: str
    claims: tuple[Claim, ...]
    citations: tuple[tuple[int, Evidence | str, str], ...]  # number, evidence, quote
    evidence: tuple[Evidence | str, ...]
    nearest: tuple[Evidence | str, ...]


def kept(answer: Answer) -> KeptAnswer:
    everything = (*answer.evidence, *answer.nearest, *(one.evidence for one in answer.citations))
    return KeptAnswer(
        answer=answer.answer,
        verdict=answer.verdict,
        confidence=answer.confidence,
        claims=tuple(_claimed(claim, answer) for claim in answer.claims),
        citations=tuple(map(_placed, answer.citations)),
        evidence=tuple(one.id for one in answer.evidence),
        nearest=tuple(one.id for one in answer.nearest),
        collections=tuple({one.document.collection_id: None for one in everything}),
        model=answer.model,
        trace_id=answer.trace_id,
        missing=answer.missing,
        abstained_because=answer.abstained_because,
        notices=answer.notices,
        usage=answer.usage,
        timings_ms=dict(answer.timings_ms),
    )


def ids_in(answer: KeptAnswer) -> tuple[str, ...]:
    """Of all its evidence."""
    cited = (one.chunk_id for one in answer.citations)
    return tuple(dict.fromkeys((*answer.evidence, *answer.nearest, *cited)))


def recalled(answer: KeptAnswer, standing: Mapping[str, Evidence]) -> Recalled:
    """`standing`: the evidence that there still is, by id."""
    citations = tuple(
        (one.n, standing.get(one.chunk_id, one.chunk_id), _quote(one, standing)) for one in answer.citations
    )
    gone = {n for n, evidence, _ in citations if isinstance(evidence, str)}
    withheld = [one for one in answer.claims if one.repeats and gone.intersection(one.claim.citations)]
    claims = (replace(one.claim, text=WITHHELD) if one in withheld else one.claim for one in answer.claims)
    return Recalled(
        answer,
        _without(answer.answer, withheld),
        tuple(claims),
        citations,
        tuple(standing.get(one, one) for one in answer.evidence),
        tuple(standing.get(one, one) for one in answer.nearest),
    )


def _without(answer: str, withheld: Sequence[KeptClaim]) -> str:
    if any(one.begin == one.end for one in withheld):
        return WITHHELD
    for one in sorted(withheld, key=lambda one: one.begin, reverse=True):
        answer = f"{answer[: one.begin]}{WITHHELD}{answer[one.end :]}"
    return answer


def _claimed(claim: Claim, answer: Answer) -> KeptClaim:
    return KeptClaim(claim, _repeats(claim, answer.citations), *_span(claim.text, answer.answer))


def _span(claim: str, answer: str) -> tuple[int, int]:
    """Where the answer says a claim, markers and signs apart: a claim has none, and its full stop may be moved."""
    unmarked = blanked(answer)
    places = [at for at, letter in enumerate(unmarked) if letter.isalnum()]
    said = "".join(letter for letter in claim if letter.isalnum())
    at = "".join(unmarked[place] for place in places).find(said) if said else -1
    return (places[at], places[at + len(said) - 1] + 1) if at >= 0 else (0, 0)


def _placed(citation: Citation) -> KeptCitation:
    text = citation.evidence.chunk.text
    begin = max(text.find(citation.quote), 0)
    end = begin + len(citation.quote) if citation.quote in text else begin
    return KeptCitation(citation.n, citation.evidence.id, begin, end, _check(text))


def _quote(citation: KeptCitation, standing: Mapping[str, Evidence]) -> str:
    """Empty where the text is no longer what it was."""
    evidence = standing.get(citation.chunk_id)
    if evidence is None or _check(evidence.chunk.text) != citation.check:
        return ""
    return evidence.chunk.text[citation.begin : citation.end]


def _check(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _repeats(claim: Claim, citations: Sequence[Citation]) -> bool:
    """Whether it shares a run of letters with what it cites that is too long for chance."""
    said = _letters(claim.text)
    cited = [_letters(one.evidence.chunk.text) for one in citations if one.n in claim.citations]
    if not said:
        return False
    if len(said) <= LONGEST_OWN:
        return any(said in text for text in cited)
    return any(not _runs(said).isdisjoint(_runs(text)) for text in cited)


def _runs(letters: str) -> set[str]:
    return {letters[at : at + LONGEST_OWN] for at in range(len(letters) - LONGEST_OWN + 1)}


def _letters(text: str) -> str:
    return "".join(letter for letter in matchable(text) if letter.isalnum())
