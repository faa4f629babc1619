"""A second look at the best candidates of another retriever, with their texts and places in hand.

Hits that only the image space found keep their rank: they have no text to score.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.documents import Chunk
from domain.ports import Chunks, Retriever
from domain.question import Question
from domain.searches import Found, Hit, Query, TraceStep

POOL = 64  # candidates that are looked at again
TRACED = 50  # of them, that a trace tells


@dataclass(frozen=True, slots=True)
class Candidate:
    hit: Hit
    chunk: Chunk


Rank = Callable[[Question, Sequence[Candidate]], Awaitable[Sequence[float]]]  # one score a candidate: higher is better


class Reranked:
    """`spread` is what each better chunk of the same page takes from a chunk's score: the first results then come
    from different pages."""

    def __init__(
        self,
        retriever: Retriever,
        chunks: Chunks,
        rank: Rank,
        pool: int = POOL,
        spread: float = 0.0,
        placed: Callable[[Question], bool] = lambda question: True,
    ) -> None:
        """`placed`: whether the rank looks at the candidates' regions, given the question."""
        self._retriever = retriever
        self._chunks = chunks
        self._rank = rank
        self._pool = pool
        self._spread = spread
        self._placed = placed

    async def retrieve(self, query: Query, k: int) -> Found:
        found = await self._retriever.retrieve(query, max(k, 2 * self._pool))
        began, again = time.perf_counter(), False
        if query.question.about.text.strip() and query.image is None:
            end = end_of_pool(found.hits, self._pool)
            hits = (*await self._again(query, found.hits[:end]), *found.hits[end:])
            found, again = replace(found, hits=hits), True
        step = TraceStep("rerank", (time.perf_counter() - began) * 1000, found.hits[:TRACED], {"looked_at": self._pool})
        steps = (*found.steps, step) if again else found.steps
        exhausted = found.exhausted and len(found.hits) <= k
        return replace(found, hits=descending(found.hits[:k]), exhausted=exhausted, steps=steps)

    async def _again(self, query: Query, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The same hits, in their new order. What the catalogue does not give stays last: the join drops it."""
        judged = [hit for hit in hits if is_judged(hit)]
        collections = [collection.id for collection in query.collections]
        ids, placed = [hit.chunk_id for hit in judged], self._placed(query.question)
        known = await asyncio.to_thread(self._chunks.standing, ids, collections, placed)
        chunks = {chunk.id: chunk for chunk in known}
        candidates = [Candidate(hit, chunks[hit.chunk_id]) for hit in judged if hit.chunk_id in chunks]
        scores = await self._rank(query.question, candidates)
        order = spread_over_pages(candidates, scores, self._spread)
        unknown = [hit for hit in judged if hit.chunk_id not in chunks]
        return pinned(hits, [*order, *unknown])


def is_judged(hit: Hit) -> bool:
    return set(hit.ranks) != {"image"}


def end_of_pool(hits: Sequence[Hit], pool: int) -> int:
    """Where the pool ends: it has `pool` judged hits, and hits of the image space alone take no place from them."""
    judged = [at for at, hit in enumerate(hits) if is_judged(hit)]
    return judged[pool - 1] + 1 if len(judged) >= pool else len(hits)


def spread_over_pages(candidates: Sequence[Candidate], scores: Sequence[float], spread: float) -> list[Hit]:
    best = sorted(range(len(candidates)), key=lambda at: (-scores[at], candidates[at].hit.chunk_id))
    before: Counter[tuple[str, int | None, str]] = Counter()
    lowered: dict[int, float] = {}
    for at in best:
        place = _place(candidates[at].chunk)
        lowered[at] = scores[at] - spread * before[place]
        before[place] += 1
    again = sorted(best, key=lambda at: -lowered[at])
    return [_scored(candidates[at].hit, lowered[at]) for at in again]


def _place(chunk: Chunk) -> tuple[str, int | None, str]:
    """A page; a chunk of a document without pages is a place of its own."""
    return chunk.document_id, chunk.page, chunk.id if chunk.page is None else ""


def pinned(before: Sequence[Hit], order: Sequence[Hit]) -> tuple[Hit, ...]:
    """Hits that were not judged keep their places; the others fill the places between in their new order."""
    judged = {hit.chunk_id for hit in order}
    following = iter(order)
    return tuple(next(following) if hit.chunk_id in judged else hit for hit in before)


def descending(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Scores that only give the order: those of the two looks are on different scales."""
    return tuple(_scored(hit, round(1 / (1 + at), 6)) for at, hit in enumerate(hits))


def _scored(hit: Hit, score: float) -> Hit:
    return Hit(hit.chunk_id, score, hit.ranks, hit.scores)  # a third of what `replace` takes, hundreds of times


# ---------------------------------------------------------------- several looks


def in_turn(first: Rank, second: Rank, most: int) -> Rank:
    """The second look is expensive, so it is taken only at the best of the first."""

    async def rank(question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        scores = list(await first(question, candidates))
        best = sorted(range(len(candidates)), key=lambda at: -scores[at])[:most]
        if best:
            seen = await second(question, [candidates[at] for at in best])
            above = max(scores) + 1 - min(seen)  # all that were seen stand above all that were not
            scores = _with(scores, dict(zip(best, (score + above for score in seen), strict=True)))
        return scores

    return rank


def _with(scores: Sequence[float], changed: Mapping[int, float]) -> list[float]:
    return [changed.get(at, score) for at, score in enumerate(scores)]
