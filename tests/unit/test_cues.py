"""What a question names of the place it asks for."""

from __future__ import annotations

import pytest

from answering.question.cues import cues_of
from retrievers.labels import label_borne, labels_in, numbers_in


@pytest.mark.parametrize(
    ("question", "pages"),
    [
        ("What does the hippo on page 25 say?", {25}),
        ("How many figures are on Pages 51-53?", {51, 52, 53}),
        ("How many colours are in slide 14?", {14}),
        ("第3页的图表说明了什么？", {3}),
        ("What date is on the second page?", {2}),
        ("pages 1 to 9999", {1, 9999}),
        ("How many pages are there?", set()),
    ],
)
def test_pages_are_named_by_number_range_or_order(question: str, pages: set[int]) -> None:
    assert cues_of(question).pages == pages


def test_labels_are_the_same_however_they_are_written() -> None:
    assert labels_in("see Fig. 3 and Table A") == {("figure", "3"), ("table", "a")}
    assert labels_in("图3显示，表 2") == {("figure", "3"), ("table", "2")}
    assert labels_in("in Section 3.3") == {("section", "3.3")}


def test_a_chunk_bears_the_label_it_begins_with_and_not_one_it_mentions() -> None:
    assert label_borne("Figure 3: The whole system") == {("figure", "3")}
    mentions = "The system has three parts, which are trained together for days, as we show below in Figure 4."
    assert label_borne(mentions) == frozenset()
    assert label_borne(f"{mentions}\nTable 2. Results") == {("table", "2")}


def test_numbers_are_compared_without_separators() -> None:
    assert numbers_in("1,452.4 in 2019") == {"1452.4", "2019"}


def test_figures_tables_and_quantities_are_asked_for() -> None:
    assert cues_of("What colour is the bar in the chart?").figure
    assert cues_of("图中的曲线是什么颜色？").figure
    assert not cues_of("图书馆在哪里？").figure
    assert cues_of("What was the total in 2019?").table
    assert cues_of("收入是多少？").quantity
    assert not cues_of("Who founded it?").quantity
