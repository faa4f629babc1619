"""The harness's arithmetic against numbers worked out elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import distinct, first_hit, is_hit, ndcg, percentile, separation, wilson


def test_a_place_counts_once_at_its_first_rank() -> None:
    assert distinct([("a", 1), ("a", 1), ("b", 2), ("a", 1), ("a", 3)]) == (("a", 1), ("b", 2), ("a", 3))


def test_the_first_hit_is_the_best_rank_of_any_right_page() -> None:
    assert first_hit(["x", "b", "a"], {"a", "b"}) == 2
    assert first_hit(["x"], {"a"}) is None
    assert first_hit([], {"a"}) is None


@pytest.mark.parametrize(("rank", "k", "hit"), [(1, 1, True), (5, 5, True), (6, 5, False), (None, 10, False)])
def test_a_hit_at_k_is_at_rank_k_or_better(rank: int | None, k: int, hit: bool) -> None:
    assert is_hit(rank, k) is hit


def test_ndcg_is_one_for_a_perfect_ranking_and_discounts_by_the_logarithm_of_the_rank() -> None:
    assert ndcg(["a", "b", "x"], {"a", "b"}) == pytest.approx(1.0)
    assert ndcg(["x", "a"], {"a"}) == pytest.approx(1 / math.log2(3))
    assert ndcg(["x", "a", "y", "b"], {"a", "b"}) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 0.63093)
    )


def test_ndcg_looks_at_the_first_k_only_and_is_nothing_without_relevant_things() -> None:
    ranked = [f"x{n}" for n in range(10)] + ["a"]
    assert ndcg(ranked, {"a"}, k=10) == 0
    assert ndcg(ranked, set()) == 0
    assert ndcg(ranked[:10], set(ranked), k=10) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # scipy.stats.binomtest(successes, trials).proportion_ci(method="wilson")
        (8, 10, 0.4901625, 0.9433178),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (152, 214, 0.6462187, 0.7669258),
    ],
)
def test_wilson_intervals_are_those_of_the_textbook(successes: int, trials: int, low: float, high: float) -> None:
    assert list(wilson(successes, trials)) == pytest.approx([low, high], abs=1e-6)


def test_nothing_tried_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share(successes: int, failures: int) -> None:
    low, high = wilson(successes, successes + failures)
    assert 0 <= low <= high <= 1
    if successes + failures:
        assert low - 1e-12 <= successes / (successes + failures) <= high + 1e-12


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([4, 1, 3, 2], 50) == 2.5
    assert percentile([1, 2, 3, 4, 5], 95) == pytest.approx(4.8)
    assert percentile([7], 95) == 7
    assert math.isnan(percentile([], 50))


def test_separation_is_the_chance_of_the_right_order() -> None:
    assert separation([0.9, 0.8], [0.1]) == 1
    assert separation([0.5], [0.5]) == 0.5
    assert separation([0.9, 0.1], [0.5]) == 0.5
    assert math.isnan(separation([], [0.5]))
