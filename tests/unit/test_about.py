"""Whether evidence is about what was asked: subjects and restrictions in a quote's context, and where they are not."""

from __future__ import annotations

import pytest

from answering.about.context import Context
from answering.about.judge import Looked, looked
from answering.question.read import read


def look(question: str, *texts: str) -> Looked:
    return looked(read(question).standalone.asks, [Context(text) for text in texts])


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the rent of the Madrid office?", "The monthly rent of the Porto office is 2,950 euros."),
        ("What does E19 mean?", "E18 means that the water does not drain."),
        ("What was the revenue in 2021?", "The revenue was 5 million in 2019."),
        ("When does class 9c have maths?", "Class 7b: Monday maths, class 9a: Tuesday maths."),
    ],
)
def test_a_name_code_or_year_that_is_missing_makes_it_about_something_else(question: str, text: str) -> None:
    assert look(question, text).share == 0.0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the rent of the Madrid office?", "Offices in Madrid: the rent is 900 euros."),
        ("What does E19 mean?", "E19: the door is open."),
        ("What was the revenue in March 2021?", "Revenue, 2021-03-31: 5 million"),
        ("When was Łódź connected?", "Lodz was connected in 1865."),
        ("Who founded the World Health Organization?", "The World Health Organization (WHO) was founded in 1948."),
        ("Where is King Sigimund buried?", "King Sigismund lies in Krakow."),
    ],
)
def test_what_stands_there_in_another_spelling_stands_there(question: str, text: str) -> None:
    assert look(question, text).share >= 0.5


def test_two_subjects_may_stand_in_two_places() -> None:
    question = "What are the notice periods of Berlin and Porto?"
    assert look(question, "Berlin: six months.", "Porto: three months.").share >= 0.5
    assert [one.text for one in look(question, "Berlin: six months.").missing][:1] == ["Porto"]
