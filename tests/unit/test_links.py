"""No address reaches the reader of an answer that its evidence doesn't have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering.output.links import LinkFilter

EVIDENCE = "The timetable is at https://ferry.example/times?y=2025, also as [a map](https://ferry.example/map.png)."


def shown(*pieces: str) -> tuple[str, int]:
    links = LinkFilter([EVIDENCE])
    text = "".join(links.feed(piece) for piece in pieces) + links.end()
    return text, links.removed


@pytest.mark.parametrize(
    "kept",
    [
        "It says so [1][2].",
        "See https://ferry.example/times?y=2025.",
        "See [the times](https://ferry.example/times?y=2025) [1].",
        "![map](https://ferry.example/map.png)",
        "a < b, and what! [sic] (so)",
        "他说：见 https://ferry.example/map.png。",
        "http and www are words; so is h",
    ],
)
def test_what_the_evidence_has_and_ordinary_text_stay(kept: str) -> None:
    assert shown(kept) == (kept, 0)
    assert shown(*kept) == (kept, 0)


@pytest.mark.parametrize(
    ("given_text", "left"),
    [
        ("Yes ![x](https://evil.example/?q=secret) [1].", "Yes  [1]."),
        ("Click [here](https://evil.example) now.", "Click here now."),
        ("Go to https://evil.example/a?b=c.", "Go to ."),
        ("Go to www.evil.example, please", "Go to , please"),
        ("A [link](javascript:alert(1))", "A [link](javascript:alert(1))"),  # no address that anything follows
        ('<img src="https://evil.example/x.png">ok', "ok"),
        ("<a href='https://evil.example'>here</a>", "here"),
        ("去 https://evil.example/路径。好", "去 。好"),
    ],
)
def test_what_it_does_not_have_is_taken_out(given_text: str, left: str) -> None:
    text, removed = shown(given_text)
    assert text == left
    assert shown(*given_text) == (text, removed)


def test_an_address_that_only_begins_like_one_of_the_evidence_is_not_of_it() -> None:
    assert "leak" not in shown("https://ferry.example/times?y=2025&leak=1")[0]


@given(st.text(alphabet="ab []()!<>/:.hwtps\n1", max_size=80), st.lists(st.integers(1, 5), max_size=40))
def test_pieces_give_what_the_whole_gives(text: str, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    assert shown(*pieces, text[at:]) == shown(text)
