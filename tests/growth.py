"""Whether work grows in step with its input, whatever the machine: times are only compared with each other."""

from __future__ import annotations

import time
from collections.abc import Callable
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
