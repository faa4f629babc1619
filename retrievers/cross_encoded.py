"""Ranks candidates by a model that reads question and text together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from domain.question import Question
from retrievers.reranked import Candidate

Scores = Callable[[str, Sequence[str]], Sequence[float]]


class CrossEncoded:
    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    async def __call__(self, question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        """Each is read with its title and headings: what a passage is about often stands only there."""
        texts = [one.chunk.search_text for one in candidates]
        return await asyncio.to_thread(self._scores, question.about.text, texts)
