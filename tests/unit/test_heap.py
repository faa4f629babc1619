"""What was freed is given back to the system, when a process has grown."""

from __future__ import annotations

import sys

import pytest

from app.adapters.heap import give_back, resident_mb

glibc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is asked")


@glibc
def test_gaps_between_what_is_still_used_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [bytearray(16_000) for _ in range(8_000)]  # 128 MB, too small each to be a mapping of its own
    full = resident_mb()
    monkeypatch.setattr("app.adapters.heap._lean_mb", 0)
    kept = blocks[::100]
    del blocks
    assert give_back()
    assert resident_mb() < full - 64
    assert len(kept) == 80


@glibc
def test_a_process_that_has_not_grown_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.heap._lean_mb", resident_mb())
    assert not give_back()


def test_a_system_that_cannot_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.adapters.heap._lean_mb", 0)
    monkeypatch.setattr("app.adapters.heap._trim", lambda: None)
    assert not give_back()
