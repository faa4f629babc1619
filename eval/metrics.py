"""Numbers from rankings: hit@k, nDCG, intervals, percentiles. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

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
