"""Whether work grows in step with its input, whatever the machine: times are only compared with each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

Input = TypeVar("Input", str, bytes)

PART = 4
MOST = 10.0  # times as long for four times the input: 4 where it is linear, 16 where it is quadratic
NOTHING_S = 0.1  # of processor time; so little is no matter on any machine, and too little to compare
TRIES = 3


def shortened(text: Input) -> Input:
    """A fourth of it: its beginning and its end, which often differ from what is repeated between them."""
    half = len(text) // (2 * PART)
    return text[:half] + text[len(text) - half :]


def assert_linear(work: Callable[[Input], object], text: Input, clock: Callable[[], float] = time.process_time) -> None:
    """In the processor time of this process, which other processes don't add to."""

    def took(given: Input) -> float:
        began = clock()
        work(given)
        return clock() - began

    whole_s = took(text)
    if whole_s > NOTHING_S:
        _compare(text, whole_s, [(took(text), took(shortened(text))) for _ in range(TRIES)])


def _compare(text: str | bytes, first_s: float, tries: list[tuple[float, float]]) -> None:
    whole_s = min(first_s, *(whole for whole, _ in tries))
    part_s = min(part for _, part in tries)
    assert whole_s < MOST * part_s, f"{whole_s:.2f} s, and {part_s:.2f} s for a fourth of {text[:24]!r}"


# ---------------------------------------------------------------- of texts that are made as long as is wanted

TIMES = (5, 8, 11, 14, 18, 22, 27, 34, 45, 64, 128, 512)  # near each other: some double with each
LENGTHS = (512, 2_048)
LONGER = (2_048, 8_192, 32_768)  # where even a bound of hundreds no longer looks like a power
AT_ONCE_S = 0.0002  # too little for a second look
EARLY_S = 0.004
STEEP, TOO_STEEP = 1.5, 2.6  # powers of the length; a part that may be repeated some times is steep only at first


def too_steep(work: Callable[[Input], object], begin: Input, body: Input, end: Input) -> str:
    """By which power of their length work grows on texts that repeat the body; empty where it is in step with it."""

    def made(length: int) -> Input:
        return begin + body * max(1, length // len(body)) + end

    def power(shorter: int, longer: int, tries: int) -> float:
        few, many = made(shorter), made(longer)
        return math.log(_least_s(work, many, tries) / _least_s(work, few, tries)) / math.log(len(many) / len(few))

    lengths = [times * len(body) for times in TIMES if times * len(body) < LENGTHS[-1]]
    for shorter, longer in pairwise(lengths):
        if _least_s(work, made(longer), 1) > EARLY_S and (steep := power(shorter, longer, TRIES)) > TOO_STEEP:
            return f"power {steep:.1f} at {longer}"
    if _least_s(work, made(LENGTHS[-1]), 1) < AT_ONCE_S or power(*LENGTHS, 2) < STEEP:
        return ""
    for shorter, longer in pairwise(LONGER):
        if (steep := power(shorter, longer, 2)) < STEEP:
            return ""
        if _least_s(work, made(longer), 1) > NOTHING_S:
            break
    return f"power {steep:.1f} at {longer}"


def _least_s(work: Callable[[Input], object], text: Input, tries: int) -> float:
    return min(_seconds(work, text) for _ in range(tries))


def _seconds(work: Callable[[Input], object], text: Input) -> float:
    began = time.thread_time()
    work(text)
    return max(time.thread_time() - began, 1e-7)
