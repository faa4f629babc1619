"""Numbers from rankings: hit@k, nDCG, intervals, percentiles. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

import numpy as np

T = TypeVar("T", bound=Hashable)

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


def distinct(items: Iterable[T]) -> tuple[T, ...]:
    """Each item once, at its first place."""
    return tuple(dict.fromkeys(items))


def first_hit(ranked: Sequence[T], relevant: AbstractSet[T]) -> int | None:
    """The rank, from 1, of the first relevant item; None when there is none."""
    return next((rank for rank, item in enumerate(ranked, start=1) if item in relevant), None)


def is_hit(rank: int | None, k: int) -> bool:
    return rank is not None and rank <= k


def ndcg(ranked: Sequence[T], relevant: AbstractSet[T], k: int = 10) -> float:
    """nDCG@k where an item is relevant or not (Järvelin & Kekäläinen 2002); 0 when nothing is relevant."""
    gain = sum(1 / math.log2(rank + 1) for rank, item in enumerate(ranked[:k], start=1) if item in relevant)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), k) + 1))
    return gain / best if best else 0.0


def wilson(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927); all of 0..1 when nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def percentile(values: Sequence[float], percent: float) -> float:
    """Linear between neighbours, as numpy does it; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def separation(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a positive scores above a negative (area under the ROC curve); ties count half."""
    if not positives or not negatives:
        return math.nan
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """The exact two-sided p-value (McNemar 1947, binomial): how often chance alone parts two equal ones this far."""
    won = sum(b and not a for a, b in zip(first, second, strict=True))
    lost = sum(a and not b for a, b in zip(first, second, strict=True))
    parted = won + lost
    tail: float = sum(math.comb(parted, i) for i in range(min(won, lost) + 1)) / 2**parted
    return min(1.0, 2 * tail)


def paired_interval(differences: Sequence[float], rounds: int = 2_000, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean difference (Efron 1979); the same numbers give the same one."""
    if not differences:
        return 0.0, 0.0
    values = np.asarray(differences, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(values), (rounds, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
