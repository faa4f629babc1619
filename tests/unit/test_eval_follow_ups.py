"""Pairs of questions made to lean on one another: always alike, and complete in their own words."""

from __future__ import annotations

from pathlib import Path

from evaluation.questions import LabelledQuestion, load_folder
from lab.measures.follow_ups import FollowUp, Ranked, follow_ups_report, made, pairs_of

SAMPLES = Path(__file__).parents[2] / "samples"


def asked(*texts: str) -> list[LabelledQuestion]:
    return [LabelledQuestion(text, "a.pdf", frozenset({n})) for n, text in enumerate(texts, start=1)]


def test_only_what_differs_is_asked_again() -> None:
    first, second = made(
        asked("What is the CAGR of cars from 2012 to 2016?", "What is the CAGR of boats from 2012 to 2016?")
    )
    assert (second.earlier, second.question.text) == ("What is the CAGR of cars from 2012 to 2016?", "And of boats?")
    assert second.standalone == "What is the CAGR of boats from 2012 to 2016?"
    assert first.question.text == "And of cars?"


def test_a_shared_name_becomes_a_pronoun() -> None:
    pairs = list(made(asked("How many people work for Netflix?", "What profit per head is there of Netflix?")))
    assert pairs[1].question.text == "What profit per head is there of it?"


def test_questions_with_nothing_in_common_make_no_pair() -> None:
    assert list(made(asked("How high is the tower?", "Who owns the boat?"))) == []


def test_the_samples_have_follow_ups_in_both_languages_and_changes_of_topic() -> None:
    folder = load_folder(SAMPLES)
    pairs = pairs_of(SAMPLES, folder.questions)
    names = {path.name for path in folder.documents}
    assert all(pair.question.document in names for pair in pairs)
    assert {pair.question.language for pair in pairs} == {"en", "zh"}
    assert sum(pair.how == "topic change" for pair in pairs) >= 4


def test_the_report_counts_each_way_of_asking() -> None:
    [question] = asked("And of boats?")
    pair = FollowUp("of cars?", question, "of boats?")
    report = follow_ups_report([Ranked(pair, "of boats", {"as it leans": None, "condensed": 3})])
    assert report["condensed"]["hit@5"]["share"] == 1.0
    assert report["as it leans"]["hit@5"]["share"] == 0.0
