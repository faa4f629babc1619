"""What a question asks about: its wishes for the answer's form away, its measures' parts hinted at."""

from __future__ import annotations

import pytest

from answering.question.form import without_form
from answering.question.hints import computed_from
from answering.question.read import read


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What is the total debt in FY2021?Answer in millions.", "What is the total debt in FY2021?"),
        ("How many claims? Please write down the answer in integer format.", "How many claims?"),
        ("What is the margin? Round your answer to two decimal places.", "What is the margin?"),
        ("Which are named? List them in the list format, e.g., [\"a\",\"b\"]", "Which are named?"),
        ("该公司的收入是多少？请用一句话回答。", "该公司的收入是多少？"),
        ("2020年的利润是多少，保留两位小数", "2020年的利润是多少"),
    ],
)  # fmt: skip
def test_wishes_for_the_form_of_the_answer_are_not_searched_for(question: str, about: str) -> None:
    assert without_form(question).rstrip("。") == about


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital? List all cities it has.",
        "Format of the file header",
        "Give the names of the authors.",
        "Who writes the answers in the U.S. survey of 2018?",
        "请回答",
        "用中文写的报告有哪些？",
        "2020年以百分比表示的增长是多少？",
        "报告中，用列表格式给出的是什么？",
        "Answer in millions.",
        "",
    ],
)
def test_what_asks_for_something_stays(question: str) -> None:
    assert without_form(question) == question


def test_a_pasted_page_is_left_as_it_is_and_costs_no_time() -> None:
    pasted = "Round the answer. " * 5_000
    assert without_form(pasted) == pasted
    without_form("?" * 4_000 + "\n" * 10)


def test_a_ratio_hints_at_what_it_is_computed_from() -> None:
    assert {"net income", "equity"} <= {
        word for word in ("net income", "equity") if word in computed_from("the return on equity in 2017")
    }
    assert "净利润" in computed_from("净资产收益率是多少")
    assert computed_from("Who wrote the report?") == ""


def test_the_question_is_searched_for_without_the_form_and_with_the_hints() -> None:
    question = read("What is the EBITDA? Answer in millions.")
    assert question.about.text == "What is the EBITDA?"
    assert "depreciation" in question.hints
    assert question.standalone.text == "What is the EBITDA? Answer in millions."
