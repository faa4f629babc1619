"""Fusing: the arithmetic, and what happens when a space is silent, slow or gone."""

from __future__ import annotations

import asyncio

import pytest

from answering.question.read import read
from domain.errors import BadRequest, ExhibitError, Unavailable
from domain.evidence import Space
from domain.searches import Found, Hit, Query, Vote
from retrievers.fused import RRF_K, Fused, min_max_fusion, reciprocal_rank_fusion
from tests.waiting import HANG_S


def hits(**scores: float) -> tuple[Hit, ...]:
    return tuple(Hit(one, score) for one, score in scores.items())


def test_reciprocal_ranks_are_summed() -> None:
    fused = reciprocal_rank_fusion({"words": hits(a=9, b=1), "text": hits(b=0.5, c=0.4)}, {"words": 1, "text": 1})
    assert fused == {
        "a": pytest.approx(1 / (RRF_K + 1)),
        "b": pytest.approx(1 / (RRF_K + 2) + 1 / (RRF_K + 1)),
        "c": pytest.approx(1 / (RRF_K + 2)),
    }


def test_scores_are_stretched_per_space_and_weighted() -> None:
    fused = min_max_fusion(
        {"words": hits(a=30, b=20, c=10), "text": hits(c=0.9, d=0.1)}, {"words": 0.6, "text": 0.4, "image": 9}
    )
    assert fused == {"a": pytest.approx(0.6), "b": pytest.approx(0.3), "c": pytest.approx(0.4), "d": 0}


def test_a_space_alone_has_all_the_weight_and_equal_scores_are_all_best() -> None:
    assert min_max_fusion({"text": hits(a=0.3, b=0.3)}, {"words": 0.6, "text": 0.4}) == {"a": 1.0, "b": 1.0}
    assert min_max_fusion({}, {}) == {}


class Given:
    """A retriever that finds what it was given."""

    def __init__(self, space: Space, found: tuple[Hit, ...] | ExhibitError, delay_s: float = 0) -> None:
        self.space, self.found, self.delay_s = space, found, delay_s

    async def retrieve(self, query: Query, k: int) -> Found:
        await asyncio.sleep(self.delay_s)
        if isinstance(self.found, ExhibitError):
            raise self.found
        ranked = tuple(Hit(hit.chunk_id, hit.score, {self.space: n}) for n, hit in enumerate(self.found, 1))
        return Found(ranked[:k], (Vote(self.space, True, found=len(ranked)),), len(ranked) <= k)


async def test_a_hit_carries_its_rank_in_every_space_that_found_it() -> None:
    fused = Fused({"words": Given("words", hits(a=2, b=1)), "text": Given("text", hits(b=0.9, a=0.8))})
    found = await fused.retrieve(Query(read("q")), 5)
    assert [(hit.chunk_id, hit.ranks) for hit in found.hits] == [
        ("a", {"words": 1, "text": 2}),
        ("b", {"words": 2, "text": 1}),
    ]
    assert found.exhausted


@pytest.mark.parametrize("fusion", ["min_max", "rrf"])
async def test_asked_for_fewer_the_best_are_the_same(fusion: str) -> None:
    words = hits(**{f"w{n}": 100 - n**1.5 for n in range(20)})
    text = hits(**{f"w{n}": 0.9 - n / 50 for n in (7, 3, 9, 1, 2, 15)})
    fused = Fused(
        {"words": Given("words", words), "text": Given("text", text)},
        fusion="rrf" if fusion == "rrf" else "min_max",
    )
    few, many = await fused.retrieve(Query(read("q")), 2), await fused.retrieve(Query(read("q")), 20)
    assert few.hits == many.hits[:2]
    assert (few.exhausted, many.exhausted) == (False, True)


async def test_a_space_that_is_not_available_is_a_vote_that_says_why() -> None:
    fused = Fused({"words": Given("words", hits(a=1)), "text": Given("text", Unavailable("the index is away"))})
    found = await fused.retrieve(Query(read("q")), 5)
    assert [hit.chunk_id for hit in found.hits] == ["a"]
    assert [(vote.space, vote.voted, vote.why) for vote in found.votes] == [
        ("words", True, ""),
        ("text", False, "the index is away"),
    ]


async def test_all_spaces_failing_is_a_failure_and_so_is_any_other_error() -> None:
    gone = Given("words", Unavailable("gone"))
    with pytest.raises(Unavailable, match="gone"):
        await Fused({"words": gone, "text": Given("text", Unavailable("too"))}).retrieve(Query(read("q")), 5)
    with pytest.raises(BadRequest, match="odd"):
        await Fused({"words": gone, "text": Given("text", BadRequest("odd"))}).retrieve(Query(read("q")), 5)


async def test_an_image_that_is_asked_counts_more_than_the_words_beside_it() -> None:
    fused = Fused({"words": Given("words", hits(a=2, b=1)), "image": Given("image", hits(b=0.9, c=0.8, a=0.7))})
    assert (await fused.retrieve(Query(read("q")), 5)).hits[0].chunk_id == "a"
    assert (await fused.retrieve(Query(read("q"), image=b"png"), 5)).hits[0].chunk_id == "b"


async def test_spaces_are_searched_side_by_side() -> None:
    together = asyncio.Barrier(2)

    class Meeting(Given):
        async def retrieve(self, query: Query, k: int) -> Found:
            await asyncio.wait_for(together.wait(), HANG_S)
            return await super().retrieve(query, k)

    fused = Fused({"words": Meeting("words", hits(a=1)), "text": Meeting("text", hits(a=1))})
    assert len((await fused.retrieve(Query(read("q")), 5)).hits) == 1


async def test_what_can_not_be_reached_is_named_in_its_vote_and_has_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = Given("text", Unavailable("The vector index can't be reached now.", "the vector index"))
    fused = Fused({"words": Given("words", hits(a=1)), "text": gone})
    founds = [await fused.retrieve(Query(read("q")), 5) for _ in range(20)]
    assert [vote.missing for vote in founds[-1].votes] == [None, "the vector index"]
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["the vector index can't be reached"]
