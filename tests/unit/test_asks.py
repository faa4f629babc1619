"""What a question asks, and of what: subjects, attribute, restrictions, shape, in English and Chinese."""

from __future__ import annotations

import pytest

from answering.question.read import read
from domain.question import Asks


def asks(text: str) -> Asks:
    return read(text).standalone.asks


@pytest.mark.parametrize(
    ("text", "attribute", "subjects"),
    [
        ("What is the rent of the Madrid office?", "rent", ["Madrid office"]),
        ("How long is the dishwasher's guarantee?", "guarantee", ["dishwasher"]),
        ("How many anchors did the North region ship in Q2 2025?", "anchors", ["North region"]),
        ("What is the phone number of Dr. Weber?", "phone number", ["Dr Weber"]),
        ("What year did BSkyB remove Sky Italia?", "year", ["BSkyB", "Sky Italia"]),
        ("What does clause 2.3 say?", "", ["clause 2.3"]),
        ("When does class 9c have maths on Tuesday?", "", ["class 9c", "maths"]),
        ("马德里办公室的租金是多少?", "租金", ["马德里办公室"]),
    ],
)
def test_a_question_is_of_subjects_and_asks_an_attribute(text: str, attribute: str, subjects: list[str]) -> None:
    read_ = asks(text)
    assert (read_.attribute, [one.text for one in read_.subjects]) == (attribute, subjects)


@pytest.mark.parametrize(
    ("text", "restrictions"),
    [
        ("How many anchors did the North region ship in Q2 2025?", [("Q2", "time"), ("2025", "time")]),
        ("How long does delivery by air take?", [("air", "way")]),
        ("What was the revenue of Apple before 2026?", [("2026", "time")]),
        ("2025年第二季度北区发了多少浮标?", [("2025年第二季度", "time")]),
    ],
)
def test_what_narrows_a_question_is_a_restriction(text: str, restrictions: list[tuple[str, str]]) -> None:
    assert [(one.text, one.kind) for one in asks(text).restrictions] == restrictions


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("What is the rent?", "value"),
        ("How many issues are open?", "count"),
        ("List all waiting issues.", "list"),
        ("Is smoking allowed in room 12?", "yes_no"),
        ("Why did the launch slip?", "explanation"),
        ("Compare the notice periods of the Berlin and the Porto lease.", "comparison"),
        ("有多少个问题?", "count"),
        ("可以养猫吗?", "yes_no"),
        ("风险有哪些?", "list"),
    ],
)
def test_an_answer_has_a_shape(text: str, shape: str) -> None:
    assert asks(text).shape == shape


def test_names_codes_and_numbers_of_a_subject_are_exact() -> None:
    (subject,) = asks("What is the rent of the Madrid office?").subjects
    assert (subject.kind, subject.exact) == ("name", ("madrid",))
    assert asks("What does E19 mean?").subjects[0].kind == "code"
