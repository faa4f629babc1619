"""How a search came about: what was understood, who voted, what was fused and reranked, what was dropped and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from answering.explain import Explained
from app.api.deps import Caller, Given
from app.api.refusals import problems
from app.api.schemas import Out
from domain.answers import Verdict
from domain.documents import Kind
from domain.evidence import Evidence, Space
from domain.searches import Hit, Shown, TraceStep, Vote

router = APIRouter(prefix="/v1", tags=["traces"])


class QueryOut(Out):
    asked: str = Field(description="as it came")
    searched: str = Field(description="as it was searched for: a follow-up made complete")
    why: str = Field(description="why it was changed, or taken for a question about the library")
    language: str
    image: bool = Field(description="whether it had an image")
    collections: list[str]
    kinds: list[Kind]
    filter: dict[str, Any] | None
    documents: int | None = Field(description="how many documents can match the filter; null without a filter")
    top_k: int


class CandidateOut(BaseModel):
    rank: int
    evidence_id: str
    score: float
    ranks: dict[Space, int]
    document: str | None = Field(description="null: it is not in the catalogue, or no longer")
    page: int | None
    kind: Kind | None


class SpaceOut(BaseModel):
    space: Space
    voted: bool = Field(description="whether it took part")
    why: str = Field(description="why it didn't")
    found: int
    took_ms: float
    candidates: list[CandidateOut]


class StepOut(BaseModel):
    step: str
    took_ms: float
    details: dict[str, Any]
    candidates: list[CandidateOut]


class DroppedOut(BaseModel):
    evidence_id: str
    why: str


class OutcomeOut(Out):
    verdict: Verdict
    confidence: float
    model: str
    shown: list[str]
    notices: list[str]


class TraceOut(BaseModel):
    trace_id: str
    at: datetime
    query: QueryOut
    spaces: list[SpaceOut]
    steps: list[StepOut]
    evidence: list[CandidateOut]
    dropped: list[DroppedOut]
    answer: OutcomeOut | None
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, explained: Explained) -> TraceOut:
        trace, standing = explained.trace, explained.standing
        query = trace.query
        spaces = {vote.space for vote in trace.votes}
        by_name = {step.name: step for step in trace.steps}
        return cls(
            trace_id=trace.id,
            at=trace.at,
            query=QueryOut(
                **{name: getattr(query, name) for name in QueryOut.model_fields if name != "filter"},
                filter=None if query.where is None else dict(query.where),
            ),
            spaces=[_space(vote, by_name.get(vote.space), standing) for vote in trace.votes],
            steps=[_step(step, standing) for step in trace.steps if step.name not in spaces],
            evidence=_candidates(trace.evidence, standing),
            dropped=[DroppedOut(evidence_id=one.chunk_id, why=one.why) for one in trace.dropped],
            answer=None if trace.outcome is None else OutcomeOut.model_validate(trace.outcome),
            timings_ms=dict(trace.timings_ms),
        )


@router.get("/traces/{trace_id}", responses=problems(404), summary="Explain a search")
async def trace(trace_id: str, given: Given, caller: Caller) -> TraceOut:
    """How the query was understood, what each space found, how the candidates were fused and ranked, what was dropped
    and why. Kept for the newest searches (`EXHIBIT_TRACES`, 2,000) and shown to the caller who searched, by key."""
    return TraceOut.of(await given.explain.find(trace_id, caller))


def _space(vote: Vote, step: TraceStep | None, standing: Mapping[str, Evidence]) -> SpaceOut:
    return SpaceOut(
        space=vote.space,
        voted=vote.voted,
        why=vote.why,
        found=vote.found,
        took_ms=round(vote.took_ms, 2),
        candidates=_candidates(step.candidates if step is not None else (), standing),
    )


def _step(step: TraceStep, standing: Mapping[str, Evidence]) -> StepOut:
    return StepOut(
        step=step.name,
        took_ms=round(step.took_ms, 2),
        details=dict(step.details),
        candidates=_candidates(step.candidates, standing),
    )


def _candidates(hits: Sequence[Hit | Shown], standing: Mapping[str, Evidence]) -> list[CandidateOut]:
    return [_candidate(rank, hit, standing.get(hit.chunk_id)) for rank, hit in enumerate(hits, start=1)]


def _candidate(rank: int, hit: Hit | Shown, evidence: Evidence | None) -> CandidateOut:
    return CandidateOut(
        rank=rank,
        evidence_id=hit.chunk_id,
        score=round(hit.score, 6),
        ranks=dict(hit.ranks),
        document=evidence.document.name if evidence is not None else None,
        page=evidence.chunk.page if evidence is not None else None,
        kind=evidence.chunk.kind if evidence is not None else None,
    )
