"""Joins hits with the catalogue: indexes only propose, and what may not be shown is dropped here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.evidence import Evidence
from domain.ports import Chunks, Retriever
from domain.searches import Dropped, Found, Hit, Query, TraceStep, Vote
from retrievers.filters import Condition, matches, parse

FETCH = 4  # times what is asked for, doubled until enough survive
AT_ONCE = 8  # hits looked up in one query, at least
NOT_STANDING = ""  # why a chunk was dropped that the catalogue did not give: to be found out, for a trace only


@dataclass(frozen=True, slots=True)
class Joint:
    """Evidence, best first, and how it came about."""

    evidence: tuple[Evidence, ...]
    votes: tuple[Vote, ...]
    steps: tuple[TraceStep, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(slots=True)
class _Looked:
    """Hits that were looked up already: their evidence, or why there is none."""

    up: dict[str, Evidence | str] = field(default_factory=dict)
    took_ms: float = 0.0


class Joined:
    def __init__(self, retriever: Retriever, chunks: Chunks) -> None:
        self._retriever = retriever
        self._chunks = chunks

    async def search(self, query: Query, k: int) -> Joint:
        """At most k pieces of evidence; fewer only when there are no more. Raises BadRequest."""
        condition = parse(query.where) if query.where is not None else None
        looked = _Looked()
        fetch, proposed, rounds = FETCH * max(k, 1), -1, 0
        while True:
            found = await self._retriever.retrieve(query, fetch)
            rounds += 1
            evidence = await self._evidence(query, condition, found, k, looked)
            if len(evidence) >= k or found.exhausted or len(found.hits) <= proposed:
                return _joint(evidence, found, looked, rounds)
            fetch, proposed = fetch * 2, len(found.hits)

    async def _evidence(
        self, query: Query, condition: Condition | None, found: Found, k: int, looked: _Looked
    ) -> tuple[Evidence, ...]:
        """The first k of the hits that may be shown. Most may, so they are looked up no further than is needed."""
        evidence: list[Evidence] = []
        step = max(k, AT_ONCE)
        for start in range(0, len(found.hits), step):
            hits = found.hits[start : start + step]
            await self._join(query, condition, hits, looked)
            evidence += _survivors(hits, looked.up)
            if len(evidence) >= k:
                break
        return tuple(evidence[:k])

    async def _join(self, query: Query, condition: Condition | None, hits: Sequence[Hit], looked: _Looked) -> None:
        began = time.perf_counter()
        new = [hit.chunk_id for hit in hits if hit.chunk_id not in looked.up]
        looked.up.update(dict.fromkeys(new, NOT_STANDING))
        collections = [collection.id for collection in query.collections]
        for one in await asyncio.to_thread(self._chunks.evidence, new, collections):
            looked.up[one.id] = _unwanted(one, query, condition) or one
        looked.took_ms += (time.perf_counter() - began) * 1000


def _unwanted(one: Evidence, query: Query, condition: Condition | None) -> str:
    """Why it is dropped; empty if it is shown."""
    if query.kinds and one.chunk.kind not in query.kinds:
        return f"it is of another kind: {one.chunk.kind}"
    if query.documents is not None and one.document.id not in query.documents:
        return "the filter leaves its document out"
    if condition is not None and not matches(condition, one.document, one.chunk.page):
        return "the filter leaves its page out"
    return ""


def _survivors(hits: Sequence[Hit], up: Mapping[str, Evidence | str]) -> list[Evidence]:
    pairs = ((hit, up[hit.chunk_id]) for hit in hits)
    return [replace(one, score=hit.score, ranks=hit.ranks) for hit, one in pairs if isinstance(one, Evidence)]


def _joint(evidence: tuple[Evidence, ...], found: Found, looked: _Looked, rounds: int) -> Joint:
    dropped = tuple(Dropped(chunk_id, one) for chunk_id, one in looked.up.items() if isinstance(one, str))
    join = TraceStep("join", looked.took_ms, details={"rounds": rounds, "looked_up": len(looked.up)})
    return Joint(evidence, found.votes, (*found.steps, join), (*found.dropped, *dropped))
