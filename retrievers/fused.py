"""Several ways of finding as one: searched side by side, their ranks or normalised scores fused."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from domain.errors import Unavailable
from domain.evidence import Space
from domain.ports import Retriever
from domain.searches import Found, Hit, Query, TraceStep, Vote
from system.outages import Outages

RRF_K = 60  # Cormack, Clarke & Büttcher 2009
# Words and text: tried, see FUSION. Bare image vectors are reached badly by words (published nDCG@5 on document pages:
# 51, the words on them 65), so the image space counts less, unless the query itself is an image.
WEIGHTS: Mapping[Space, float] = {"words": 0.6, "text": 0.4, "image": 0.3}
IMAGE_ASKED = 1.0
DEPTH = 100  # at least so many of each space are compared: scores are stretched alike however few are asked for
TRACED = 50  # candidates of each step that a trace tells

Scores = Mapping[str, float]  # by chunk id
Fusion = Literal["min_max", "rrf"]
FUSION: Fusion = "min_max"  # hit@1 .49 against .44 with ranks, hit@5 level, on 214 questions over real PDFs


def reciprocal_rank_fusion(rankings: Mapping[Space, Sequence[Hit]], weights: Mapping[Space, float]) -> Scores:
    """Σ weight / (K + rank) over the spaces that found a chunk."""
    fused: defaultdict[str, float] = defaultdict(float)
    for space, hits in rankings.items():
        for rank, hit in enumerate(hits, start=1):
            fused[hit.chunk_id] += weights[space] / (RRF_K + rank)
    return fused


def min_max_fusion(rankings: Mapping[Space, Sequence[Hit]], weights: Mapping[Space, float]) -> Scores:
    """Scores stretched to 0..1 per query and space, weighted; what a space did not find counts 0 in it."""
    fused: defaultdict[str, float] = defaultdict(float)
    whole = sum(weights[space] for space in rankings) or 1.0
    for space, hits in rankings.items():
        low, high = min(hit.score for hit in hits), max(hit.score for hit in hits)
        for hit in hits:
            share = (hit.score - low) / (high - low) if high > low else 1.0
            fused[hit.chunk_id] += weights[space] / whole * share
    return fused


class Fused:
    """A retriever of retrievers. An unavailable space does not vote; it is an error only when all spaces fail."""

    def __init__(
        self,
        retrievers: Mapping[Space, Retriever],
        weights: Mapping[Space, float] = WEIGHTS,
        fusion: Fusion = FUSION,
        outages: Outages | None = None,
    ) -> None:
        self._retrievers = retrievers
        self._weights = weights
        self._outages = outages or Outages()
        self._fuse = min_max_fusion if fusion == "min_max" else reciprocal_rank_fusion

    async def retrieve(self, query: Query, k: int) -> Found:
        asked = (self._ask(space, query, max(k, DEPTH)) for space in self._retrievers)
        answers = dict(zip(self._retrievers, await asyncio.gather(*asked), strict=True))
        failures = [answer for answer in answers.values() if isinstance(answer, Unavailable)]
        if failures and len(failures) == len(answers):
            raise failures[0]
        found = {space: _found(space, answer) for space, answer in answers.items()}
        began = time.perf_counter()
        rankings = {space: one.hits for space, one in found.items() if one.hits}
        weights = self._weights_for(query)
        scores = self._fuse(rankings, weights)
        hits = _ordered(rankings, scores, k)
        votes = tuple(vote for one in found.values() for vote in one.votes)
        fused = TraceStep(
            "fuse",
            (time.perf_counter() - began) * 1000,
            hits[:TRACED],
            {"by": self._fuse.__name__, "weights": {space: weights[space] for space in rankings}},
        )
        steps = (*(step for space, one in found.items() for step in _steps(space, one)), fused)
        return Found(hits, votes, all(one.exhausted for one in found.values()) and len(scores) <= k, steps)

    async def _ask(self, space: Space, query: Query, k: int) -> Found | Unavailable:
        try:
            return await self._retrievers[space].retrieve(query, k)
        except Unavailable as error:
            self._outages.noticed(error)
            return error

    def _weights_for(self, query: Query) -> Mapping[Space, float]:
        return self._weights if query.image is None else {**self._weights, "image": IMAGE_ASKED}


def _found(space: Space, answer: Found | Unavailable) -> Found:
    if isinstance(answer, Found):
        return answer
    return Found(votes=(Vote(space, voted=False, why=str(answer), missing=answer.part),))


def _steps(space: Space, found: Found) -> tuple[TraceStep, ...]:
    """What a space found, also if it did not vote."""
    if any(step.name == space for step in found.steps):
        return found.steps
    took_ms = sum(vote.took_ms for vote in found.votes)
    return (*found.steps, TraceStep(space, took_ms, found.hits[:TRACED]))


def _ordered(rankings: Mapping[Space, Sequence[Hit]], scores: Scores, k: int) -> tuple[Hit, ...]:
    """The first k, best first; equal scores in the order of their ids, so that a search gives the same result twice."""
    first = sorted((-score, chunk_id) for chunk_id, score in scores.items())[:k]
    by_id: defaultdict[str, list[Hit]] = defaultdict(list)
    for hits in rankings.values():
        for hit in hits:
            by_id[hit.chunk_id].append(hit)
    ordered = []
    for below, chunk_id in first:
        score, found = -below, by_id[chunk_id]
        if len(found) == 1:
            ordered.append(Hit(chunk_id, score, found[0].ranks, found[0].scores))
        else:
            ranks = {space: rank for hit in found for space, rank in hit.ranks.items()}
            ordered.append(Hit(chunk_id, score, ranks, {s: own for hit in found for s, own in hit.scores.items()}))
    return tuple(ordered)
