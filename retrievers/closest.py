"""A second look at the best candidates: does one sentence hold what is asked, or is it spread over the text? And is
the text in the language of the question?

Only for Chinese questions. Their words are pairs of characters, and long texts on other subjects share many of these.
The bundled encoder, which tells such texts apart in English, can't read Chinese.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from domain.documents import Chunk
from domain.question import Question, Wording
from language.scripts import has_cjk
from retrievers.reranked import Candidate, Rank

LOOKED_AT = 8
WEIGHT = 16.0  # beside the learned weights, of which that of the words is 10; see docs/decisions/0016
AS_GOOD = 3.0  # the best text in Chinese comes first if its score is within this of the best: names are in both

Fits = Callable[[Wording, Sequence[Chunk]], Sequence[float]]  # how well the best sentence of each answers, 0..1 or so


def closest(first: Rank, fits: Fits, weight: float = WEIGHT) -> Rank:
    """The scores of `first`; the best candidates get more, by how well their closest sentence fits."""

    async def rank(question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        scores = list(await first(question, candidates))
        if not candidates or not question.about.chinese:
            return scores
        best = sorted(range(len(candidates)), key=lambda at: -scores[at])[:LOOKED_AT]
        shown = [candidates[at].chunk for at in best]
        for at, fit in zip(best, await asyncio.to_thread(fits, question.about, shown), strict=True):
            scores[at] += weight * fit
        chinese = [at for at in best if has_cjk(candidates[at].chunk.search_text)]
        own = max(chinese, key=scores.__getitem__, default=best[0])
        if scores[own] >= max(scores) - AS_GOOD:
            scores[own] = max(scores) + 0.001
        return scores

    return rank
