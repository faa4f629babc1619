"""The measurements of checking, reading and abstaining, on a few lines of made-up text."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from answering.extractive.reader import ExtractiveReader
from answering.grounding.check import Checker
from evaluation import checking
from evaluation.claims import items
from evaluation.questions import LabelledQuestion
from lab.measures import abstaining, reading

TEXT = (
    "Skerry Post delivered 84.6 % of its 1,515 items on time in May 2019 and was praised by Ines Kaldor for it. "
    "The night boat of Tolle was in harbour for nine days because of the storm that began on 3 May 2019. "
    "In winter, the company has used the large boat of Bell Rock, which is 31 metres long and carries 40 tonnes."
)
OTHER = "The museum in Aurelia is open on Sundays, and a ticket for adults costs 12 crowns since the year 2021."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    passages = [
        {"id": f"en-{n}-{m}", "lang": "en", "text": text} for n in range(8) for m, text in ((0, TEXT), (1, OTHER))
    ]
    questions = [
        {"question": "Who praised Skerry Post?", "lang": "en", "passage": "en-0-0", "answer": "Ines Kaldor"},
        {"question": "What does a ticket cost?", "lang": "en", "passage": "en-0-1", "answer": "12 crowns"},
    ]
    for name, lines in (("passages", passages), ("questions", questions)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return tmp_path


def test_the_set_has_true_claims_and_every_sort_of_false_one_and_is_the_same_each_time(folder: Path) -> None:
    made = items(folder)
    assert {item.kind for item in made if not item.true} >= {"number", "unit", "name", "date", "negation", "other page"}
    assert {item.kind for item in made if item.true} >= {"sentence", "synonyms"}
    assert made == items(folder)


def test_checking_is_measured_over_one_half_of_the_documents(folder: Path) -> None:
    report = checking.measure([folder], Checker(), half=1)
    assert {one.item.document for one in report["each"]}.isdisjoint(
        one.item.document for one in checking.measure([folder], Checker(), half=0)["each"]
    )
    assert report["all"]["all"]["balanced"] > 0.75
    assert "negation" in checking.as_table(report)


def test_reading_counts_answers_and_words(folder: Path) -> None:
    read = reading.measure(list(reading.questions_of(folder)), ExtractiveReader())
    assert [one.contained for one in read] == [True, True]
    assert "1.000" in reading.as_table(read)
    assert reading.words_in("夜班船离港 [1]") == pytest.approx(5 / 1.6)


def judged(n: int, answerable: bool) -> abstaining.Judged:
    question = LabelledQuestion(f"q{n}", f"document {n % 5}", answerable=answerable)
    features = tuple(float(answerable) + (n * 7 % 11) / 20 for _ in range(4))
    return abstaining.Judged(question, 0.5 + 0.4 * answerable, features, True)


def test_confidence_that_tells_them_apart_has_an_area_of_one() -> None:
    report = abstaining.report_of([judged(n, n % 3 > 0) for n in range(60)])
    assert report.shipped["all"] == 1.0
    assert report.learned["all"] > 0.95
    assert report.curve[0].wrongly_answered == 0.0
    assert math.isclose(report.curve[-1].wrongly_answered, 20 / 60)
    assert "out of fold" in abstaining.as_table(report)
