"""The regions of chunks hold the chunks' words, as other libraries than ours read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.measures.other_readers import Seen, cell_by_cell, inside, letters_inside, likeness
from lab.measures.regions import ALIKE_SHARE, alike_share, measured, pdfs_of, table_of, tight_share, worst_of

ROOT = Path(__file__).resolve().parents[2]
MORE = ROOT.parent / "shared" / "data" / "pdf-qa" / "documents"
SOME = ("2305.13186v3.pdf", "05-03-18-political-release.pdf", "DSA-278777.pdf")


def test_the_chunks_of_the_samples_stand_where_their_regions_are() -> None:
    outcomes = measured(pdfs_of(ROOT / "samples"), chunks=40, seed=1)
    told = table_of(outcomes) + worst_of(outcomes, 5)
    assert {outcome.how for outcome in outcomes} == {"text", "table", "ocr"}
    assert any(outcome.turned for outcome in outcomes)
    assert alike_share(outcomes) >= ALIKE_SHARE, told
    assert tight_share(outcomes) >= ALIKE_SHARE, told


@pytest.mark.skipif(not MORE.is_dir(), reason="needs the folder of real PDFs beside the project")
def test_chunks_of_real_papers_stand_where_their_regions_are() -> None:
    outcomes = measured([MORE / name for name in SOME], chunks=40, seed=1)
    assert alike_share(outcomes) >= 0.95, table_of(outcomes) + worst_of(outcomes, 5)  # of 40, one or two may fail


def test_the_measure_sees_what_is_missing_and_what_is_too_much() -> None:
    assert likeness("exam-\nple, page 1", "Example page 1") == 1
    assert likeness("ten words of a sentence here", "other letters altogether") < 0.6
    assert cell_by_cell(["1,310", "Net sales"], ["Net\nsales 1310"]) == (1.0, [])
    assert cell_by_cell(["Net sales", "1,310"], ["net sales"]) == (16 / 20, ["1,310"])
    assert cell_by_cell(["net"], ["net sales"])[0] < 0.8
    assert cell_by_cell(["1,650", "2021", "650"], ["2021", "650\n1,650"]) == (1.0, [])
    caption = "Table 4: Macro-F1 of all baselines"
    assert cell_by_cell([caption, "of"], ["of\nTable 4: Macro-F ofallbaselines\n1"]) == (1.0, [caption])


def test_a_letter_is_in_the_box_that_its_middle_is_in() -> None:
    letters = [{"x0": x, "x1": x + 4, "top": 10, "bottom": 18} for x in (0, 4, 8)]
    assert inside(letters, (3, 12, 9, 15)) == letters[1:2]
    assert letters_inside(Seen("0123456789", (0.0, 0.1, 1.0, 0.2)), [(0.0, 0.1, 0.8, 0.2)]).text == "01234567"
