"""Finds by the vectors of one space: text by meaning, or pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.chunk_ids import document_id_of
from domain.documents import Collection
from domain.errors import Missing, ModelMismatch, Unreadable
from domain.evidence import Space
from domain.ports import ImageEncoder, IndexName, KeptVectors, TextEncoder, Vector, VectorSearch
from domain.searches import Found, Hit, Query, TraceStep, Vote

FEW_DOCUMENTS = 64  # up to which the kept vectors are scored exactly: a filtered Chroma query is 20–100 times slower
FIRST_FETCH = 4  # times k, where what the index proposes is to be narrowed to more documents than that
TRACED = 50  # candidates that a trace tells
SHORT = 500  # letters, which a tokenizer splits in less time than a thread takes to begin
LAST_FETCH = 4_000  # candidates; where these hold too few of the documents' chunks, all of them are scored exactly

Scored = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A query in one space: its vector, and the similarity from which the space may vote."""

    vector: Vector
    threshold: float = -1.0


Look = Callable[[Query], Awaitable[Seen | str]]  # a string says why the space does not see the query


def seeing_text(encoder: TextEncoder, encode: Callable[[str], Awaitable[Vector]]) -> Look:
    """The text space votes on queries whose words its model knows."""

    async def look(query: Query) -> Seen | str:
        text = query.question.about.text
        if not text.strip():
            return "the query has no words"
        if not (encoder.sees(text) if len(text) <= SHORT else await asyncio.to_thread(encoder.sees, text)):
            return f"{encoder.name} does not read these words"
        return Seen(await encode(text))

    return look


def seeing_images(
    encoder: ImageEncoder, encode: Callable[[str], Awaitable[Vector]], normalise: Callable[[bytes], Awaitable[bytes]]
) -> Look:
    """The image space votes if the query is an image, names a picture, or is similar enough to one.

    `normalise` decodes what a stranger sent, in another process, to a plain picture. Raises Unreadable.
    """

    async def look(query: Query) -> Seen | str:
        if query.image is not None:
            plain = await normalise(query.image)
            return Seen((await asyncio.to_thread(encoder.encode_images, [plain]))[0])
        question = query.question
        if not question.about.text.strip():
            return "the query has no words"
        return Seen(await encode(question.about.text), -1.0 if question.cues.picture else encoder.threshold)

    return look


class VectorRetriever:
    def __init__(self, space: Space, encoder: str, look: Look, index: VectorSearch, kept: KeptVectors) -> None:
        self._space = space
        self._encoder = encoder
        self._look = look
        self._index = index
        self._kept = kept

    async def retrieve(self, query: Query, k: int) -> Found:
        """Raises ModelMismatch when a collection's vectors were made by another encoder."""
        for collection in query.collections:
            self._check(collection)
        began = time.perf_counter()
        seen = await self._look(query)
        if isinstance(seen, str):
            return Found(votes=(Vote(self._space, voted=False, why=seen, took_ms=_since(began)),))
        scored, exhausted = await asyncio.to_thread(self._search, query, seen.vector, k)
        if not scored or scored[0][1] < seen.threshold:
            why = "nothing comes close enough" if scored else "nothing is indexed in this space"
            vote = Vote(self._space, voted=False, why=why, took_ms=_since(began))
            return Found((), (vote,), steps=(TraceStep(self._space, vote.took_ms, self._hits(scored[:TRACED])),))
        hits = self._hits(scored)
        return Found(hits, (Vote(self._space, voted=True, found=len(hits), took_ms=_since(began)),), exhausted)

    def _hits(self, scored: Sequence[Scored]) -> tuple[Hit, ...]:
        return tuple(
            Hit(chunk_id, score, {self._space: rank}, {self._space: score})
            for rank, (chunk_id, score) in enumerate(scored, start=1)
        )

    def _check(self, collection: Collection) -> None:
        stamped = collection.encoders.get(self._space)
        if stamped is not None and stamped != self._encoder:
            raise ModelMismatch.of(collection, stamped, self._encoder)

    def _search(self, query: Query, vector: Vector, k: int) -> tuple[list[Scored], bool]:
        """The k nearest of all collections together, and whether there are no more."""
        if query.documents is None:
            return _first(k, *self._propose(query, vector, k))
        if not query.documents:
            return [], True
        if len(query.documents) > FEW_DOCUMENTS:
            scored, exhausted = self._narrow(query, query.documents, vector, k, LAST_FETCH)
            if exhausted or len(scored) >= k:
                return scored, exhausted
        try:
            return self._exactly(query.documents, vector, k)
        except Unreadable:  # a damaged blob: the index still has its vectors
            return self._narrow(query, query.documents, vector, k, None)

    def _propose(self, query: Query, vector: Vector, k: int) -> tuple[list[Scored], bool]:
        """At most k of each collection, best first, and whether none has more."""
        scored: list[Scored] = []
        exhausted = True
        for collection in query.collections:
            near = self._index.search(IndexName(collection.id, self._space, self._encoder), vector, k, query.kinds)
            exhausted = exhausted and len(near) < k
            scored += near
        return sorted(scored, key=_best_first), exhausted

    def _narrow(
        self, query: Query, documents: frozenset[str], vector: Vector, k: int, most: int | None
    ) -> tuple[list[Scored], bool]:
        """Fetches more than is asked for, and drops what is of other documents."""
        fetch = FIRST_FETCH * k
        while True:
            near, exhausted = self._propose(query, vector, fetch)
            scored = [one for one in near if document_id_of(one[0]) in documents]
            if exhausted or len(scored) >= k or (most is not None and fetch >= most):
                return _first(k, scored, exhausted)
            fetch *= 4

    def _exactly(self, documents: frozenset[str], vector: Vector, k: int) -> tuple[list[Scored], bool]:
        """Every kept vector of these documents. Kinds are not known here: the join drops the others."""
        scores: dict[str, float] = {}
        for document_id in documents:
            try:
                ids, vectors = self._kept.load(document_id, self._space, self._encoder)
            except Missing:  # erased between the listing and the reading
                continue
            if ids:
                scores.update(zip(ids, (vectors @ vector).tolist(), strict=True))
        return _first(k, sorted(scores.items(), key=_best_first), True)


def _first(k: int, scored: list[Scored], exhausted: bool) -> tuple[list[Scored], bool]:
    return scored[:k], exhausted and len(scored) <= k


def _best_first(scored: Scored) -> tuple[float, str]:
    return -scored[1], scored[0]


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
