"""The second look at a Chinese question's best candidates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from domain.question import Question
from domain.searches import Hit
from retrievers.closest import LOOKED_AT, closest
from retrievers.reranked import Candidate
from tests.unit.test_extractive import evidence

SPREAD = "夜班船很大。港口在北边。守塔人每天上班。船员有九名。"
CLOSE = "守塔人的夜班船每天离港。风很大。"
ENGLISH = "The night boat of the keeper leaves the harbour every day."


def candidates(*texts: str) -> list[Candidate]:
    return [
        Candidate(Hit(f"d.{n}", 1.0, {"words": n}), evidence(n, text).chunk) for n, text in enumerate(texts, start=1)
    ]


async def ranked(question: str, *texts: str, scores: Sequence[float] = ()) -> list[int]:
    async def first(question: Question, seen: Sequence[Candidate]) -> Sequence[float]:
        return scores or [1.0 - n / 100 for n in range(len(seen))]

    found = candidates(*texts)
    again = await closest(first, ExtractiveReader().best_fits)(read(question), found)
    return sorted(range(len(found)), key=lambda at: -again[at])


async def test_a_sentence_that_has_all_comes_before_a_text_that_has_it_in_pieces() -> None:
    assert await ranked("守塔人的夜班船什么时候离港？", SPREAD, CLOSE) == [1, 0]


async def test_the_language_of_the_question_comes_before_the_same_in_another() -> None:
    assert await ranked("NASUWT是什么？", "NASUWT is a union.", "NASUWT是工会。") == [1, 0]


@pytest.mark.parametrize("question", ["When does the night boat leave?", "NASUWT?", ""])
async def test_other_questions_keep_their_order(question: str) -> None:
    assert await ranked(question, SPREAD, CLOSE, ENGLISH) == [0, 1, 2]


async def test_only_the_best_are_looked_at_and_there_may_be_none() -> None:
    assert await ranked("守塔人的夜班船什么时候离港？") == []
    order = await ranked("守塔人的夜班船什么时候离港？", *["别的事情。"] * LOOKED_AT, CLOSE)
    assert order[-1] == LOOKED_AT


async def test_another_language_loses_the_first_place_only_and_to_what_is_nearly_as_good() -> None:
    order = await ranked("NASUWT是什么？", "NASUWT is a union.", "别的事情。", "NASUWT是工会。")
    assert order[:2] == [2, 0]
    assert await ranked("NASUWT是什么？", "NASUWT is a union.", "别的事情。", scores=[9.0, 1.0]) == [0, 1]
