"""What was found, joined with the catalogue: indexes only propose, and what may not be shown is dropped here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from app.domain.ports import Catalogue, Retriever
from app.domain.types import Evidence, Found, Query, Vote
from retrievers.filters import Condition, matches, parse

FETCH = 4  # times what is asked for, doubled until enough survive


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
            await self._join(query, condition, found, joined)
            evidence = _survivors(found, joined)
            if len(evidence) >= k or found.exhausted or len(found.hits) <= proposed:
                return evidence[:k], found.votes
            fetch, proposed = fetch * 2, len(found.hits)

    async def _join(
        self, query: Query, condition: Condition | None, found: Found, joined: dict[str, Evidence | None]
    ) -> None:
        new = [hit.chunk_id for hit in found.hits if hit.chunk_id not in joined]
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


def _survivors(found: Found, joined: Mapping[str, Evidence | None]) -> tuple[Evidence, ...]:
    pairs = ((hit, joined[hit.chunk_id]) for hit in found.hits)
    return tuple(replace(one, score=hit.score, ranks=hit.ranks) for hit, one in pairs if one is not None)
