"""The built-in reader answers with all that was asked for: rows, their number, lists, steps, clauses, both sides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from domain.answers import Prompt
from domain.documents import Chunk, Document, Kind, Place
from domain.evidence import Evidence

ISSUES = (
    "| Key | State | Owner | Priority |\n| --- | --- | --- | --- |\n"
    "| BX-1 | open | Mara | high |\n| BX-2 | waiting | Yusuf | low |\n| BX-3 | open | Yusuf | high |\n"
    "| BX-4 | closed | Mara | low |\n| BX-5 | open | Mara | low |\n"
)
SHIPMENTS = (
    "| Region | Product | 2024 | 2024 | 2025 | 2025 |\n| --- | --- | --- | --- | --- | --- |\n"
    "| Region | Product | Q1 | Q2 | Q1 | Q2 |\n| North | Anchors | 350 | 377 | 398 | 412 |\n"
    "| North | Buoys | 12 | 14 | 15 | 17 |\n"
)
TIMETABLE = (
    "| Time | Monday | Tuesday |\n| --- | --- | --- |\n| 8:00 | Maths | English |\n| 8:50 | English | Maths |\n"
    "| 9:50 | Geography | French |\n"
)
INVOICE = "| Invoice no. | 2026-0417 |\n| --- | --- |\n| Invoice date | 17 April 2026 |\n| Due date | 1 May 2026 |\n"
CAKE = "Ingredients\n- 250 g flour\n- 120 g butter\n- 3 eggs\n"
FILTER = "Cleaning the pump filter\n1. Open the flap with a coin.\n2. Turn the filter to the left.\n3. Rinse it.\n"
CLAUSES = "2 Payment\n2.2. Invoices are due within thirty days.\n2.3. On late payment the seller charges interest.\n"


def said(question: str, *texts: str, names: tuple[str, ...] = ("list.xlsx",), kind: Kind = "text") -> str:
    evidence = []
    for n, text in enumerate(texts):
        name = names[min(n, len(names) - 1)]
        document = Document(name, "c", "c", name, "x", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC))
        chunk = Chunk(f"{name}.{n}", name, n, "table" if text.startswith("|") else kind, text, text, place=Place())
        evidence.append(Evidence(chunk, document))
    return " ".join(ExtractiveReader().read(Prompt(read(question), (), tuple(evidence))).quotes)


def test_all_rows_that_the_words_choose_are_quoted_each_with_its_marker() -> None:
    text = said("Which high priority issues does Mara own?", ISSUES, names=("issues.xlsx",))
    assert text == "Key: BX-1; Owner: Mara; Priority: high [1]"
    assert said("List all open issues.", ISSUES, names=("issues.xlsx",)).count("[1]") == 3


def test_how_many_is_answered_by_a_number_and_the_rows() -> None:
    text = said("How many issues are open?", ISSUES, names=("issues.xlsx",))
    assert text.startswith("3:")
    assert all(key in text for key in ("BX-1", "BX-3", "BX-5"))


PARCELS = (
    "| Island | Parcels | On time |\n| --- | --- | --- |\n| Skerry | 31,500 | 84.6 % |\n| Tolle | 19,200 | 91.0 % |\n"
    "| Finch | 12,000 | 88.2 % |\n"
)


def test_how_many_of_what_a_column_counts_asks_for_a_cell_and_counts_no_rows() -> None:
    for question in ("How many parcels were delivered on Tolle?", "How many parcels on Tolle are on time?"):
        assert "19,200" in said(question, "Parcels delivered by island on Tolle", PARCELS, names=("report.pdf",))


def test_a_word_that_chooses_no_rows_makes_it_another_question() -> None:
    assert not said("How many issues did Tomas close?", ISSUES, names=("issues.xlsx",)).startswith(("1:", "2:"))


def test_a_year_that_chooses_no_column_counts_no_rows() -> None:
    trees = "| | Trees planted |\n| --- | --- |\n| 2023 | 610 |\n| 2024 | 980 |\n| 2025 | 1340 |\n"
    assert "1340" in said("How many trees were planted in 2025?", trees, names=("trees 2025.pptx",))


def test_pieces_of_one_table_are_counted_together_and_a_row_once() -> None:
    rows = ("| BX-5 | open | Mara | low |", "| BX-6 | open | Ines | low |", "| BX-7 | waiting | Ines | low |")
    other = "\n".join([*ISSUES.splitlines()[:2], *rows])
    assert said("How many issues are open?", ISSUES, other, names=("issues.xlsx",)).startswith("4:")


@pytest.mark.parametrize(
    ("question", "text", "wanted"),
    [
        ("How many anchors did the North region ship in Q2 2025?", SHIPMENTS, "2025 Q2: 412"),
        ("When is maths on Tuesday?", TIMETABLE, "Time: 8:50; Tuesday: Maths"),
        ("When is the invoice due, on which due date?", INVOICE, "Due date: 1 May 2026"),
    ],
)
def test_the_cell_is_that_of_row_and_column(question: str, text: str, wanted: str) -> None:
    assert wanted in said(question, text, names=("a.xlsx",))


def test_a_list_is_quoted_whole_under_the_heading_that_is_asked_for() -> None:
    text = said("What are the ingredients of the apple cake?", CAKE, names=("apple cake.md",))
    assert all(part in text for part in ("flour", "butter", "eggs"))


def test_how_do_i_is_answered_by_the_steps() -> None:
    text = said("How do I clean the pump filter?", FILTER, names=("manual.pdf",))
    assert all(part in text for part in ("coin", "left", "Rinse"))


def test_a_clause_is_found_by_its_number() -> None:
    text = said("What does clause 2.3 say?", CLAUSES)
    assert "On late payment" in text
    assert "thirty days" not in text


def test_a_comparison_quotes_a_piece_for_each_side() -> None:
    text = said(
        "Compare the notice periods of the Berlin and the Porto lease.",
        "The notice period is six months.",
        "The notice period is three months.",
        names=("lease-berlin.md", "lease-porto.md"),
    )
    assert "six months" in text
    assert "three months" in text
