"""Slides and sheets are drawn by the real LibreOffice, each page where our reader counts it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from domain.errors import Missing
from ingest import libreoffice
from ingest.parse import open_document
from ingest.parse.formats import FORMATS, SHEETS, SLIDES, Printing
from ingest.parse.printed import printed
from ingest.parse.render import render_page

pytestmark = pytest.mark.skipif(libreoffice.installed() is None, reason="LibreOffice is not installed")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"] = "first"
    hidden = book.create_sheet("Hidden")
    hidden["A1"], hidden.sheet_state = "hidden", "hidden"
    book.create_sheet("Empty")
    long = book.create_sheet("Long")
    for row in range(200):
        long.append([f"r{row}c{column}" for column in range(20)])
    last = book.create_sheet("Last")
    last["C3"], last.print_area = "last", "A1:B2"
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    from pptx import Presentation

    shown = Presentation()
    for title in ("one", "two", "three"):
        shown.slides.add_slide(shown.slide_layouts[5]).shapes.title.text = title
    shown.slides[1]._element.set("show", "0")
    shown.save(str(tmp_path / "deck.pptx"))
    return tmp_path / "deck.pptx"


def printing(media_type: str) -> Printing:
    how = FORMATS[media_type].printing
    assert how is not None
    return how


def texts(pdf: bytes) -> list[str]:
    with PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded().strip().partition(" ")[0] for page in document]


def test_each_sheet_is_one_page_the_hidden_and_the_empty_too(workbook: Path, tmp_path: Path) -> None:
    pages = open_document(workbook, FORMATS[SHEETS]).pages
    assert pages == 5
    pdf = tmp_path / "printed"
    pdf.write_bytes(printed(workbook, printing(SHEETS), pages))
    assert texts(pdf.read_bytes()) == ["first", "hidden", "", "r0c0", "last"]
    sizes = [Image.open(BytesIO(render_page(pdf, "application/pdf", number))).size for number in (1, 3, 4)]
    assert all(min(size) > 0 for size in sizes)


def test_each_slide_is_one_page_the_hidden_too(deck: Path) -> None:
    pages = open_document(deck, FORMATS[SLIDES]).pages
    assert texts(printed(deck, printing(SLIDES), pages or 0)) == ["one", "two", "three"]


def test_pages_that_are_counted_otherwise_are_not_shown_for_others(deck: Path) -> None:
    with pytest.raises(Missing, match="there are 2, and LibreOffice draws 3"):
        printed(deck, printing(SLIDES), 2)
