"""Searches each collection by the encoder that its vectors are of: after a change of models, and while it is reindexed.

the collection's vectors are of                 then
the encoder that the service runs, or none      it is searched by that
another one that is at hand                     that one is loaded, once, and asked
one that is not                                 it is left out, and the vote names it; a search by picture raises
                                                ModelMismatch, which says what to do
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.documents import Collection
from domain.errors import ExhibitError, ModelMismatch
from domain.evidence import Space
from domain.ports import Retriever
from domain.searches import Found, Hit, Query, Vote

Load = Callable[[str], Retriever | None]  # by the encoder's name; takes seconds

log = logging.getLogger(__name__)


class Stamped:
    def __init__(self, space: Space, encoder: str, own: Retriever, load: Load, insists: bool = False) -> None:
        """`insists`: an unreadable collection is an error, as no other space is searched."""
        self._space = space
        self._encoder = encoder
        self._ways: dict[str, Retriever | None] = {encoder: own}
        self._load = load
        self._loading = threading.Lock()
        self._insists = insists

    async def retrieve(self, query: Query, k: int) -> Found:
        """Raises ModelMismatch."""
        founds: list[Found] = []
        unread: list[Collection] = []
        for encoder, collections in self._by_encoder(query.collections).items():
            way = self._ways[encoder] if encoder in self._ways else await asyncio.to_thread(self._loaded, encoder)
            if way is None:
                unread += collections
            else:
                founds.append(await way.retrieve(replace(query, collections=collections), k))
        if unread and (self._insists or (self._space == "image" and query.image is not None)):
            raise ModelMismatch.of(unread[0], unread[0].encoders[self._space], self._encoder)
        if len(founds) == 1 and not unread:
            return founds[0]
        return side_by_side(self._space, founds, k, tuple(collection.name for collection in unread))

    def _by_encoder(self, collections: Sequence[Collection]) -> dict[str, tuple[Collection, ...]]:
        groups: dict[str, tuple[Collection, ...]] = {}
        for collection in collections:
            encoder = collection.encoders.get(self._space, self._encoder)
            groups[encoder] = (*groups.get(encoder, ()), collection)
        return groups

    def _loaded(self, encoder: str) -> Retriever | None:
        with self._loading:
            if encoder not in self._ways:
                try:
                    self._ways[encoder] = self._load(encoder)
                except ExhibitError as error:
                    log.warning("a former encoder can't be loaded", extra={"encoder": encoder, "why": str(error)})
                    self._ways[encoder] = None
            return self._ways[encoder]


def side_by_side(space: Space, founds: Sequence[Found], k: int, unread: tuple[str, ...]) -> Found:
    """Cosines of two models can't be compared, so each hit counts by its rank among its own model's."""
    best: dict[str, Hit] = {}
    for found in founds:
        for hit, share in zip(found.hits, _stretched(found.hits), strict=True):
            if hit.chunk_id not in best or best[hit.chunk_id].score < share:
                best[hit.chunk_id] = replace(hit, score=share)
    ordered = sorted(best.values(), key=lambda hit: (-hit.score, hit.chunk_id))
    hits = tuple(replace(hit, ranks={space: rank}) for rank, hit in enumerate(ordered, start=1))[:k]
    return Found(
        hits,
        (_vote(space, founds, len(hits), unread),),
        all(found.exhausted for found in founds) and len(ordered) <= k,
        tuple(step for found in founds for step in found.steps),
    )


def _vote(space: Space, founds: Sequence[Found], found: int, unread: tuple[str, ...]) -> Vote:
    votes = [vote for one in founds for vote in one.votes]
    why = [vote.why for vote in votes if vote.why]
    why += [f"the vectors of {name} are of another model" for name in unread]
    took_ms = sum(vote.took_ms for vote in votes)
    return Vote(space, any(vote.voted for vote in votes), "; ".join(why), found, took_ms, unread=unread)


def _stretched(hits: Sequence[Hit]) -> list[float]:
    if not hits:
        return []
    low, high = min(hit.score for hit in hits), max(hit.score for hit in hits)
    return [(hit.score - low) / (high - low) if high > low else 1.0 for hit in hits]
