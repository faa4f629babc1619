"""Regular expressions mean the same on every Python that we run on."""

from __future__ import annotations

import re

import pytest

from prompts.markers import _INSIDE
from tests.rooms import ROOT, rooms

POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{\d*,?\d*\})\+")
FILES = [path for package in rooms() for path in (ROOT / package).rglob("*.py")]


def test_no_group_is_repeated_possessively() -> None:
    """Up to Python 3.11.4 (Debian 12 has 3.11.2) such a group keeps what its last, failed round took: "[1 -]" was a
    marker there, and `retention_hours = 168` no field. `(?>(?:…)*)` is the same, and right everywhere."""
    found = [path.name for path in FILES if POSSESSIVE_GROUP.search(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("inside", ["1", "1, 2", "1 ,", "1 , ", "1-3 ;", "2†source"])
def test_what_may_stand_in_a_marker(inside: str) -> None:
    assert _INSIDE.fullmatch(inside)


@pytest.mark.parametrize("inside", ["1 -", "1 & ", "1, ^"])
def test_what_may_not(inside: str) -> None:
    assert not _INSIDE.fullmatch(inside)
