"""A second look: what it may change, and what it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from answering.question.read import read
from app.adapters.catalogue.chunks import SqlChunks
from domain.documents import Box, Chunk, Collection, Kind, Region
from domain.question import Question
from domain.searches import Found, Hit, Query
from retrievers.learned import FEATURES, Learned, features_of, looks_at_regions, shipped
from retrievers.reranked import Candidate, Reranked, descending, in_turn, pinned, spread_over_pages
from tests.catalogues import fresh_catalogue

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COLLECTION = Collection("c", "c", NOW)


def candidate(name: str, page: int | None = 1, text: str = "", kind: Kind = "text", **scores: float) -> Candidate:
    chunk = Chunk(f"d.{name}", "d", 0, kind, text, f"Annual report 2019\n{text}", page)
    spaces = {"words": scores.get("words", 0.1), "text": scores.get("cosine", 0.1)}
    return Candidate(Hit(chunk.id, 0.5, {"words": 1}, spaces), chunk)  # type: ignore[arg-type]


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


class Given:
    def __init__(self, *hits: Hit) -> None:
        self.hits = hits

    async def retrieve(self, query: Query, k: int) -> Found:
        return Found(self.hits[:k], exhausted=len(self.hits) <= k)


class Knows(SqlChunks):
    """Gives each chunk that it was told of."""

    def __init__(self, *names: str) -> None:
        super().__init__(fresh_catalogue().database)
        self.names = names

    def standing(self, chunk_ids: Sequence[str], collection_ids: object, placed: bool = True) -> tuple[Chunk, ...]:
        return tuple(candidate(name).chunk for name in self.names if f"d.{name}" in chunk_ids)


async def by_name(question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
    """The last letter of the alphabet first."""
    return [float(ord(one.chunk.id[-1])) for one in candidates]


def hit(name: str, *spaces: str) -> Hit:
    return Hit(f"d.{name}", 0.5, dict.fromkeys(spaces or ("words",), 1))  # type: ignore[arg-type]


@pytest.mark.parametrize(("question", "placed"), [("What is on page 4?", True), ("What did it cost in 2019?", False)])
async def test_only_a_question_that_names_a_page_needs_regions_to_rank(question: str, placed: bool) -> None:
    over = [candidate(name, text=f"it cost {name}") for name in "ab"]
    two_pages = (Region(3, Box(0, 0, 1, 1)), Region(4, Box(0, 0, 1, 1)))
    whole = replace(over[1].chunk, page=3, regions=two_pages)
    with_regions = await Learned(shipped().weights)(read(question), [over[0], replace(over[1], chunk=whole)])
    bare = replace(whole, regions=())
    without = await Learned(shipped().weights)(read(question), [over[0], replace(over[1], chunk=bare)])
    assert looks_at_regions(read(question)) is placed
    assert (with_regions != without) is placed


@pytest.mark.parametrize("placed", [True, False])
async def test_regions_are_looked_up_only_where_the_rank_looks_at_them(placed: bool) -> None:
    chunks, asked = Knows("a"), []

    def standing(chunk_ids: Sequence[str], collection_ids: object, placed: bool = True) -> tuple[Chunk, ...]:
        asked.append(placed)
        return (candidate("a").chunk,)

    chunks.standing = standing  # type: ignore[method-assign]
    again = Reranked(Given(hit("a")), chunks, by_name, placed=lambda question: placed)
    await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 10)
    assert asked == [placed]


async def test_the_best_candidates_come_in_their_new_order_and_the_rest_after_them() -> None:
    again = Reranked(Given(hit("a"), hit("b"), hit("z")), Knows("a", "b", "z"), by_name, pool=2)
    found = await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 10)
    assert ids(found.hits) == ["d.b", "d.a", "d.z"]
    assert [each.score for each in found.hits] == sorted((each.score for each in found.hits), reverse=True)
    assert found.exhausted
    assert [(step.name, ids(step.candidates)) for step in found.steps] == [("rerank", ["d.b", "d.a", "d.z"])]


async def test_fewer_than_the_pool_are_not_all_there_is() -> None:
    again = Reranked(Given(hit("a"), hit("b"), hit("z")), Knows("a", "b", "z"), by_name)
    found = await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 2)
    assert ids(found.hits) == ["d.z", "d.b"]
    assert not found.exhausted


async def test_what_only_the_image_space_found_keeps_its_rank() -> None:
    again = Reranked(Given(hit("a"), hit("p", "image"), hit("b")), Knows("a", "b", "p"), by_name)
    assert ids((await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 9)).hits) == ["d.b", "d.p", "d.a"]


async def test_pictures_take_no_place_among_those_that_are_looked_at() -> None:
    again = Reranked(Given(hit("p", "image"), hit("q", "image"), hit("a"), hit("b")), Knows("a", "b"), by_name, pool=2)
    found = await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 9)
    assert ids(found.hits) == ["d.p", "d.q", "d.b", "d.a"]


async def test_an_image_as_a_query_is_not_looked_at_again() -> None:
    again = Reranked(Given(hit("a"), hit("b")), Knows("a", "b"), by_name)
    assert ids((await again.retrieve(Query(read("q"), image=b"png", collections=(COLLECTION,)), 9)).hits) == [
        "d.a",
        "d.b",
    ]


async def test_what_the_catalogue_does_not_give_is_last_and_not_lost() -> None:
    again = Reranked(Given(hit("x"), hit("a"), hit("b")), Knows("a", "b"), by_name)
    assert ids((await again.retrieve(Query(read("q"), collections=(COLLECTION,)), 9)).hits) == ["d.b", "d.a", "d.x"]


def test_the_second_chunk_of_a_page_makes_room_for_another_page() -> None:
    candidates = [candidate("a", 1), candidate("b", 1), candidate("c", 2)]
    assert ids(spread_over_pages(candidates, [3.0, 2.9, 2.8], 0.0)) == ["d.a", "d.b", "d.c"]
    assert ids(spread_over_pages(candidates, [3.0, 2.9, 2.8], 0.2)) == ["d.a", "d.c", "d.b"]
    assert ids(spread_over_pages([candidate("a", None), candidate("b", None)], [2, 1], 9)) == ["d.a", "d.b"]


def test_pinned_hits_stand_where_they_stood() -> None:
    before = [hit("a"), hit("p", "image"), hit("b")]
    assert ids(pinned(before, [before[2], before[0]])) == ["d.b", "d.p", "d.a"]
    assert descending(()) == ()


async def test_the_dear_look_is_only_at_the_best_of_the_cheap_one() -> None:
    seen: list[str] = []

    async def dear(question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        seen.extend(one.chunk.id for one in candidates)
        return [-5.0 if one.chunk.id == "d.z" else -1.0 for one in candidates]

    candidates = [candidate("a"), candidate("y"), candidate("z")]
    scores = await in_turn(by_name, dear, 2)(read("q"), candidates)
    assert seen == ["d.z", "d.y"]
    assert scores[1] > scores[2] > scores[0]
    assert await in_turn(by_name, dear, 2)(read("q"), []) == []


# ---------------------------------------------------------------- the learned ranking


def feature(name: str, question: str, *candidates: Candidate) -> list[float]:
    return [row[FEATURES.index(name)] for row in features_of(read(question), candidates)]


def test_the_page_and_the_label_that_a_question_names_are_seen() -> None:
    one, other = candidate("a", 7, "Figure 3: costs"), candidate("b", 8, "as in Figure 3 above, costs fell")
    assert feature("named_page", "What is on page 8?", one, other) == [0, 1]
    assert feature("labelled", "What does Figure 3 show?", one, candidate("c", 8, "text " * 20 + "Figure 3")) == [1, 0]


def test_tables_and_figures_are_seen_where_they_are_asked_for() -> None:
    table, figure = candidate("t", kind="table"), candidate("f", kind="figure")
    assert feature("table_asked", "What was the total in 2019?", table, figure) == [1, 0]
    assert feature("figure_asked", "Which colour has the bar?", table, figure) == [0, 1]
    assert feature("figure_asked", "Who wrote it?", table, figure) == [0, 0]


def test_numbers_title_and_quantity_are_shares() -> None:
    full, bare = candidate("a", text="12 of 15 in 2019: 80"), candidate("b", text="no number at all in this one")
    assert feature("numbers", "What happened in 2019 and 15?", full) == [1.0]
    assert feature("title", "annual report on fish", full)[0] == pytest.approx(2 / 3)
    dense, thin = feature("quantity", "How many were there?", full, bare)
    assert dense > thin == 0
    assert feature("quantity", "Who was there?", full) == [0.0]


def test_what_a_space_did_not_find_counts_as_its_least() -> None:
    found, other = candidate("a", words=0.9), candidate("b", words=0.2)
    unfound = Candidate(Hit("d.c", 0.1, {"text": 1}, {"text": 0.4}), candidate("c", 2).chunk)
    assert feature("words", "q", found, other, unfound) == [0.9, 0.2, 0.2]
    assert feature("page_text", "q", candidate("a", 1, cosine=0.3), candidate("b", 1, cosine=0.6)) == [0.6, 0.6]


async def test_the_shipped_weights_prefer_what_words_and_meaning_prefer() -> None:
    ranking = shipped()
    assert set(ranking.weights) == set(FEATURES)
    good, bad = candidate("a", words=0.9, cosine=0.8), candidate("b", words=0.1, cosine=0.1)
    scores = await Learned(ranking.weights)(read("a question"), [bad, good])
    assert scores[1] > scores[0]
    assert await Learned(ranking.weights)(read("a question"), []) == []
