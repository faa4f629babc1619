"""What was found, joined with the catalogue: indexes only propose, and what may not be shown is dropped here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.ports import Catalogue, Retriever
from app.domain.types import Evidence, Found, Hit, Query, Vote
from retrievers.filters import Condition, matches, parse

FETCH = 4  # times what is asked for, doubled until enough survive
AT_ONCE = 16  # hits looked up in one query, at least


class Joined:
    def __init__(self, retriever: Retriever, catalogue: Catalogue) -> None:
        self._retriever = retriever
        self._catalogue = catalogue

    async def search(self, query: Query, k: int) -> tuple[tuple[Evidence, ...], tuple[Vote, ...]]:
        """At most k pieces of evidence, best first; fewer only when there are no more. Raises BadRequest."""
        condition = parse(query.where) if query.where is not None else None
        joined: dict[str, Evidence | None] = {}  # what was looked up already; None: dropped
        fetch, proposed = FETCH * max(k, 1), -1
        while True:
            found = await self._retriever.retrieve(query, fetch)
            evidence = await self._evidence(query, condition, found, k, joined)
            if len(evidence) >= k or found.exhausted or len(found.hits) <= proposed:
                return evidence, found.votes
            fetch, proposed = fetch * 2, len(found.hits)

    async def _evidence(
        self,
        query: Query,
        condition: Condition | None,
        found: Found,
        k: int,
        joined: dict[str, Evidence | None],
    ) -> tuple[Evidence, ...]:
        """The first k of the hits that may be shown. Most may, so they are looked up no further than is needed."""
        evidence: list[Evidence] = []
        step = max(k, AT_ONCE)
        for start in range(0, len(found.hits), step):
            hits = found.hits[start : start + step]
            await self._join(query, condition, hits, joined)
            evidence += _survivors(hits, joined)
            if len(evidence) >= k:
                break
        return tuple(evidence[:k])

    async def _join(
        self, query: Query, condition: Condition | None, hits: Sequence[Hit], joined: dict[str, Evidence | None]
    ) -> None:
        new = [hit.chunk_id for hit in hits if hit.chunk_id not in joined]
        joined.update(dict.fromkeys(new))
        collections = [collection.id for collection in query.collections]
        for one in await asyncio.to_thread(self._catalogue.evidence, new, collections):
            if _wanted(one, query, condition):
                joined[one.id] = one


def _wanted(one: Evidence, query: Query, condition: Condition | None) -> bool:
    return (
        (not query.kinds or one.chunk.kind in query.kinds)
        and (query.documents is None or one.document.id in query.documents)
        and (condition is None or matches(condition, one.document, one.chunk.page))
    )


def _survivors(hits: Sequence[Hit], joined: Mapping[str, Evidence | None]) -> list[Evidence]:
    pairs = ((hit, joined[hit.chunk_id]) for hit in hits)
    return [replace(one, score=hit.score, ranks=hit.ranks) for hit, one in pairs if one is not None]
