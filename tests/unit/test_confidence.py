"""Confidence of the extractive reader: by the best sentence alone, and with the other evidence."""

from __future__ import annotations

import pytest

from answering.extractive.confidence import THRESHOLD, held_by, of_evidence, of_sentence
from answering.question.wants import wants_of
from domain.documents import Kind
from tests.unit.test_extractive import evidence

TWEETS = "Germanwings sent 12 tweets about the crash in 2015; the airline's logo was made grey."


@pytest.mark.parametrize(
    ("question", "together", "missing"),
    [
        ("How many tweets did Germanwings send in 2015?", 1.0, 0),
        ("How many tweets did Boeing send in 2015?", 0.5, 0),
        ("How many tweets did Germanwings send in 2016?", 0.5, 1),
        ("2016年德国之翼发了多少推文？", 0.0, 1),
        ("how many tweets were sent?", 1.0, 0),  # no names, no numbers
        ("In the chart on page 14, how many tweets did Germanwings send? Please answer as in 17:05 CET.", 1.0, 0),
    ],
)
def test_the_evidence_is_searched_for_names_and_numbers(question: str, together: float, missing: int) -> None:
    held = held_by(wants_of(question), (evidence(1, TWEETS), evidence(2, "Nothing of that.")))
    assert (held.together, held.missing, held.tables) == (together, missing, 0.0)


def test_names_count_only_if_one_piece_of_evidence_has_them_together() -> None:
    apart = held_by(
        wants_of("Did Germanwings meet Lufthansa?"), (evidence(1, TWEETS), evidence(2, "Lufthansa is another."))
    )
    assert apart.together == 0.5


def test_a_number_may_be_written_in_words_or_with_an_ending() -> None:
    told = (evidence(1, "In the 1700s twelve ships sailed."),)
    assert held_by(wants_of("Did 12 ships sail in the 1700s?"), told).missing == 0


def test_without_names_the_sentence_alone_decides_on_the_threshold() -> None:
    shown = (evidence(1, TWEETS),)
    question = "how many tweets were sent?"
    assert of_evidence(THRESHOLD, wants_of(question), shown) == pytest.approx(THRESHOLD)
    sure = [of_evidence(fit, wants_of(question), shown) for fit in (0.001, 0.1, 0.44, 0.46, 0.7, 0.999)]
    assert sure == sorted(sure)
    assert [one >= THRESHOLD for one in sure] == [False, False, False, True, True, True]


def test_a_missing_year_lowers_the_confidence_and_a_table_raises_it() -> None:
    question = "How many tweets did Germanwings send in {}?"
    there, missing = (
        of_evidence(0.6, wants_of(question.format(year)), (evidence(1, TWEETS),)) for year in (2015, 2016)
    )
    assert missing < THRESHOLD < there
    table = "| year | tweets |\n| --- | --- |\n| 2015 | 12 |"
    text, rows = (of_evidence(0.4, wants_of("how many tweets in 2015?"), (evidence(1, table, kind),)) for kind in KINDS)
    assert text < THRESHOLD < rows


KINDS: tuple[Kind, Kind] = ("text", "table")


def test_a_sentence_with_a_low_fit_is_not_quoted_even_from_a_table() -> None:
    shown = (evidence(1, "| year |\n| --- |\n| 2015 |", "table"),)
    assert of_evidence(0.1, wants_of("what happened in 2015?"), shown) < THRESHOLD


def test_without_a_likeness_the_words_alone_decide() -> None:
    assert of_sentence(1.0, 1.0, 1.0, None, "words") > 0.9
    assert of_sentence(0.2, 0.2, 0.0, None, "words") < 0.1
    assert of_sentence(1.0, 1.0, 0.5, None, "全部都在") > 0.9
    assert of_sentence(0.2, 0.2, 0.0, 0.9, "words") > of_sentence(0.2, 0.2, 0.0, 0.1, "words")
