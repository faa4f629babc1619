"""Finds by words: BM25 over each collection's own index."""

from __future__ import annotations

import asyncio
import time

from domain.ports import WordsSearch
from domain.searches import Found, Hit, Query, Vote


class WordsRetriever:
    def __init__(self, index: WordsSearch) -> None:
        self._index = index

    async def retrieve(self, query: Query, k: int) -> Found:
        text, hints = query.question.about.text, query.question.hints
        if not text.strip():
            return Found(votes=(Vote("words", voted=False, why="the query has no words"),))
        began = time.perf_counter()
        searches = (
            asyncio.to_thread(self._index.search, one.id, text, k, query.kinds, query.documents, hints)
            for one in query.collections
        )
        found = await asyncio.gather(*searches)
        best = sorted((hit for hits in found for hit in hits), key=lambda hit: (-hit[1], hit[0]))
        hits = tuple(
            Hit(chunk_id, score, {"words": rank}, {"words": score})
            for rank, (chunk_id, score) in enumerate(best[:k], start=1)
        )
        took_ms = (time.perf_counter() - began) * 1000
        exhausted = all(len(one) < k for one in found) and len(best) <= k
        return Found(
            hits, (Vote("words", bool(hits), "" if hits else "no word is known", len(hits), took_ms),), exhausted
        )
