"""What was freed is given back to the system, above a size."""

from __future__ import annotations

import sys

import pytest

from app.adapters.heap import give_back, resident_mb

glibc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is asked")


@glibc
def test_gaps_between_what_is_still_used_are_given_back() -> None:
    blocks = [bytearray(16_000) for _ in range(8_000)]  # 128 MB, too small each to be a mapping of its own
    full = resident_mb()
    kept = blocks[::100]
    del blocks
    assert give_back()
    assert resident_mb() < full - 64
    assert len(kept) == 80


@glibc
def test_a_small_process_is_left_alone() -> None:
    assert 0 < resident_mb() < 100_000
    assert not give_back(above_mb=100_000)


def test_a_system_that_cannot_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.heap._trim", lambda: None)
    assert not give_back()
