"""The sample documents say what the questions about them claim, and are made alike every time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import ImageFont

from ingest.identify import media_type_of
from ingest.parse import open_document
from ingest.parse.formats import FORMATS

SAMPLES = Path(__file__).parents[2] / "samples"
DOCUMENTS = SAMPLES / "documents"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]


def pdf_page(name: str, page: int) -> str:
    with pypdfium2.PdfDocument(DOCUMENTS / name) as document:
        return str(document[page - 1].get_textpage().get_text_range())


def squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def with_text_layer() -> list[dict[str, Any]]:
    quotable = [q for q in QUESTIONS if q["answerable"] and q["document"].endswith(".pdf")]
    return [q for q in quotable if q["document"] != "letter-1931-scanned.pdf"]


def test_the_questions_cover_every_document_and_every_kind() -> None:
    assert len(QUESTIONS) >= 24
    assert {question["document"] for question in QUESTIONS} == {path.name for path in DOCUMENTS.iterdir()}
    assert {kind for question in QUESTIONS for kind in question["kinds"]} == {
        "text",
        "table",
        "chart",
        "figure",
        "layout",
    }
    assert sum(not question["answerable"] for question in QUESTIONS) >= 4
    assert sum(any("一" <= letter <= "鿿" for letter in question["question"]) for question in QUESTIONS) >= 5


def test_the_demo_asks_a_paragraph_a_table_a_figure_and_an_unanswerable_one() -> None:
    asked = Counter(question["demo"] for question in QUESTIONS if "demo" in question)
    assert asked == {"paragraph": 1, "table": 1, "figure": 1, "unanswerable": 1}


@pytest.mark.parametrize("question", with_text_layer(), ids=lambda question: question["question"])
def test_the_answer_stands_on_the_page_that_is_named(question: dict[str, Any]) -> None:
    text = squeezed(" ".join(pdf_page(question["document"], page) for page in question["pages"]))
    words = [word for word in question["answer"].split() if word not in ("a", "the", "is", "goes", "and")]
    assert all(squeezed(word) in text for word in words)


def test_the_report_has_running_headers_and_the_scan_has_no_text() -> None:
    assert all("Windrose Post · Annual Report 2025" in pdf_page("annual-report-2025.pdf", n) for n in range(2, 9))
    assert pdf_page("letter-1931-scanned.pdf", 1).strip() == ""


def test_the_chinese_font_has_a_glyph_for_every_character() -> None:
    font = ImageFont.truetype(SAMPLES / "fonts" / "DroidSansFallback-subset.ttf", 24)
    missing = bytes(font.getmask("\uffff"))
    text = "".join(pdf_page("灯塔守则.pdf", page) for page in (1, 2))
    assert "守塔人" in text
    assert bytes(font.getmask("龘")) == missing
    assert [letter for letter in text if not letter.isspace() and bytes(font.getmask(letter)) == missing] == []


def test_all_the_samples_together_are_a_few_hundred_kilobytes() -> None:
    assert 100_000 < sum(path.stat().st_size for path in DOCUMENTS.iterdir()) < 900_000


def test_making_them_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="the samples are drawn with reportlab, of the dev extra")
    for folder in ("first", "second"):
        command = [sys.executable, str(SAMPLES / "make.py"), "--into", str(tmp_path / folder)]
        subprocess.run(command, check=True, capture_output=True)
    first, second = sorted((tmp_path / "first").iterdir()), sorted((tmp_path / "second").iterdir())
    assert [path.name for path in first] == sorted(path.name for path in DOCUMENTS.iterdir())
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_office_files_carry_no_clock() -> None:
    for name in ("project-gannet.pptx", "staff-handbook.docx", "fleet.xlsx"):
        with zipfile.ZipFile(DOCUMENTS / name) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(2025, 12, 15, 9, 0, 0)}


@pytest.mark.parametrize("path", sorted(DOCUMENTS.iterdir()), ids=lambda path: path.name)
def test_the_row_of_a_format_says_whether_its_documents_have_pages(path: Path) -> None:
    row = FORMATS[media_type_of(path, path.name)]
    assert row.paged == (open_document(path, row).pages is not None)
