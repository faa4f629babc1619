"""No function that reads a stranger's words takes the square of their length; single patterns have their own test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from answering.question.read import read
from domain.answers import Message, TextPart
from domain.errors import UnsupportedType
from ingest import identify
from language.hidden import without_hidden
from language.numerals import numbers, spelled_numbers
from language.scripts import is_chinese
from language.sentences import spans
from language.terms import terms
from prompts.answer import abstains
from prompts.condense import condensing
from prompts.markers import MarkerFilter, claims_of, unmarked, without_markers
from prompts.neutral import in_one_line, neutral, quoted
from tests.growth import assert_linear

LONG = 20_000  # characters; a quadratic pattern takes seconds for them
UNITS = (
    "<",
    "[ ",
    "< ",
    "\n",
    "a",
    "1",
    " ",
    "|",
    "| ",
    "#",
    "*",
    ".",
    '"',
    "[1,",
    "[†",
    "一",
    "1.",
    "1,000",
    "A",
    '{"',
)
HOSTILE = (
    *(unit * (LONG // len(unit)) for unit in UNITS),
    *(before + unit * LONG + "x" for before, unit in (("<", " "), ("[", " "), ("[1", " "), ("x", "\n"), ("x", "."))),
    *(
        before + unit * LONG + "x"
        for before, unit in (("1", " "), ("From a ", "1"), ("一", " "), ("\n-", " "), ("</", " "))
    ),
)


def streamed(text: str) -> str:
    return MarkerFilter(3).feed(text[:5000])  # a model's, a few tokens at a time


@pytest.mark.parametrize(
    "read",
    [
        neutral,
        without_hidden,
        quoted,
        unmarked,
        without_markers,
        in_one_line,
        abstains,
        is_chinese,
        terms,
        numbers,
        spelled_numbers,
        spans,
        claims_of,
        streamed,
    ],
)
def test_reading_a_text_takes_time_in_step_with_its_length(read: Callable[[str], object]) -> None:
    for text in HOSTILE:
        assert_linear(read, text)


def followed(text: str) -> object:
    """A follow-up after messages that a stranger made long."""
    said = [Message(role, (TextPart(text),)) for role in ("user", "assistant", "user", "assistant")]
    return condensing(read("and on page 3?", said), said)


@pytest.mark.parametrize("question", [read, followed], ids=["read", "followed"])
def test_a_question_is_read_in_step_with_its_length(question: Callable[[str], object]) -> None:
    for unit in (*UNITS, "A b. ", "Anna Holm, ", "page ", "\u201c\u2018", "二〇一九年", "and 3 "):
        assert_linear(question, unit * (8_000 // len(unit)))


@pytest.mark.parametrize("name", ["a", "a.txt", "a.md", "a.json"])
def test_any_text_is_identified_in_step_with_its_length(name: str, tmp_path: Path) -> None:
    def identified(text: str) -> None:
        (tmp_path / name).write_text(text + "y")
        with suppress(UnsupportedType):
            identify.media_type_of(tmp_path / name, name)

    for text in HOSTILE:
        assert_linear(identified, text)


def test_markers_go_with_the_spaces_before_them() -> None:
    assert without_markers("so it is  [1] [2], and\n [3] on[4].") == "so it is, and\n on."


def test_a_document_s_own_markers_are_unmarked_in_every_spelling() -> None:
    assert unmarked("[ 1, 2 ,] [3-5] [1†source] [x]") == "⟦ 1, 2 ,⟧ ⟦3-5⟧ ⟦1†source⟧ [x]"


def test_a_long_number_in_chinese_is_read_digit_by_digit() -> None:
    assert spelled_numbers("二〇一九年") == {"2019"}
    assert spelled_numbers("一" * 5000) == {"1" * 5000}
