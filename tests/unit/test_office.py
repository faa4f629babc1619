"""Word, PowerPoint and Excel files as blocks, and the hostile ones refused."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from PIL import Image

from domain.documents import Box
from domain.errors import NeedsPassword, Unreadable
from domain.parsed import Block, ParsedPage
from ingest.parse import open_document, parse_pages
from ingest.parse.cell_formats import shown
from ingest.parse.formats import FORMATS, SHEETS, SLIDES, WORD

TYPES = {".docx": WORD, ".pptx": SLIDES, ".xlsx": SHEETS}


def pages_of(path: Path) -> list[ParsedPage]:
    media_type = TYPES[path.suffix]
    identity = open_document(path, FORMATS[media_type])
    return parse_pages(path, FORMATS[media_type], 1, identity.pages or 1)


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (120, 80), "navy").save(out, "PNG")
    out.seek(0)
    return out


def kinds(blocks: tuple[Block, ...]) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks]


@pytest.fixture
def docx(tmp_path: Path) -> Path:
    from docx import Document

    document = Document()
    document.core_properties.title = "Handbook"
    document.add_heading("Tides", 1)
    paragraph = document.add_paragraph("High water is ")
    paragraph.add_run("very").bold = True
    paragraph.add_run(" high.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, words in zip((cell for row in table.rows for cell in row.cells), ["x", "y", "1", "2"], strict=True):
        cell.text = words
    document.add_picture(picture())
    document.add_paragraph("Figure 1: The sea")
    document.save(str(tmp_path / "handbook.docx"))
    return tmp_path / "handbook.docx"


def test_a_word_document_keeps_its_structure(docx: Path) -> None:
    (page,) = pages_of(docx)
    assert kinds(page.blocks) == [
        ("heading", "Tides"),
        ("text", "High water is very high."),
        ("list", "- one\n- two"),
        ("table", "| x | y |\n| --- | --- |\n| 1 | 2 |"),
        ("figure", ""),
    ]
    figure = page.blocks[-1]
    assert (figure.caption, page.number) == ("Figure 1: The sea", None)
    assert figure.pixels is not None
    assert open_document(docx, FORMATS[WORD]).title == "Handbook"


def test_a_comment_in_the_markup_does_no_harm(docx: Path, tmp_path: Path) -> None:
    rewritten(docx, {"word/document.xml": lambda data: data.replace(b"<w:body>", b"<w:body><!-- x -->")})
    assert pages_of(docx)[0].blocks[0].text == "Tides"


def test_a_deck_has_a_page_for_each_slide_with_boxes(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Emu

    deck = Presentation()
    width, height = deck.slide_width or 1, deck.slide_height or 1
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Tides"
    first.shapes.add_picture(picture(), Emu(width // 2), Emu(height // 2), Emu(width // 4), Emu(height // 4))
    first.notes_slide.notes_text_frame.text = "Say hello."
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(str(tmp_path / "deck.pptx"))
    one, two = pages_of(tmp_path / "deck.pptx")
    assert [block.kind for block in one.blocks] == ["heading", "figure", "text"]
    assert one.blocks[1].box == Box(0.5, 0.5, 0.75, 0.75)
    assert one.blocks[2].text == "Speaker notes: Say hello."
    assert (two.number, two.blocks, two.read_as) == (2, (), "empty")


@pytest.fixture
def xlsx(tmp_path: Path) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Boats"
    sheet.append(["Fleet of 2025"])
    sheet.append(["Boat", "Bought", "Share"])
    sheet.append(["Petrel", date(2021, 3, 9), 0.125])
    sheet["C3"].number_format = "0.0%"
    sheet["B3"].number_format = "dd/mm/yyyy"
    sheet.append(["Tern", None, 0.5])
    sheet.merge_cells("A1:C1")
    sheet["A20"] = "A note"
    book.create_sheet("Empty")
    book.save(tmp_path / "boats.xlsx")
    return tmp_path / "boats.xlsx"


def test_a_sheet_is_a_page_with_its_tables_as_shown(xlsx: Path) -> None:
    first, second = pages_of(xlsx)
    table, note = first.blocks
    assert table.cells == (("Boat", "Bought", "Share"), ("Petrel", "09/03/2021", "12.5%"), ("Tern", "", "0.5"))
    assert table.caption == "Fleet of 2025"
    assert table.place is not None
    assert (table.place.sheet, table.place.rows, note.text) == ("Boats", (2, 4), "A note")
    assert (second.number, second.read_as) == (2, "empty")


def test_a_cell_far_down_is_found_and_one_too_far_right_is_reported(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active["A1"] = "top"
    book.active["A1048576"] = "bottom"
    book.active["XFD1048576"] = "corner"
    book.save(tmp_path / "far.xlsx")
    (page,) = pages_of(tmp_path / "far.xlsx")
    assert [block.text for block in page.blocks] == ["top", "bottom"]
    assert "columns" in page.problems[0].message


def test_formulas_that_nobody_has_calculated_are_reported(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append([1, 2, "=A1+B1"])
    book.save(tmp_path / "sum.xlsx")
    assert "1 formulas have no result" in pages_of(tmp_path / "sum.xlsx")[0].problems[0].message


def test_merged_cells_say_the_same_in_every_row(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (["Island", "Boat"], ["Amber", "Petrel"], [None, "Tern"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "merged.xlsx")
    assert pages_of(tmp_path / "merged.xlsx")[0].blocks[0].cells[2] == ("Amber", "Tern")


@pytest.mark.parametrize(
    ("value", "number_format", "words"),
    [
        (1234.5, "General", "1234.5"),
        (1234567, "#,##0", "1,234,567"),
        (0.256, "0%", "26%"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (-3.5, "0.00;(0.00)", "(3.50)"),
        (7, "000", "007"),
        (1.5, "0.##", "1.5"),
        (12, '0 "kg"', "12 kg"),
        (1200000, "#,##0.0,,", "1.2"),
        (datetime(2026, 3, 4, 15, 7), "d mmm yyyy h:mm", "4 Mar 2026 15:07"),
        (datetime(2026, 3, 4, 15, 7), "h:mm AM/PM", "3:07 PM"),
        (datetime(2026, 3, 4), "General", "2026-03-04"),
        (True, "General", "TRUE"),
        (None, "General", ""),
    ],
)
def test_numbers_and_dates_read_as_the_sheet_shows_them(value: object, number_format: str, words: str) -> None:
    assert shown(value, number_format) == words


def rewritten(path: Path, changes: dict[str, object]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            change = changes.get(name)
            archive.writestr(name, change(data) if callable(change) else data)


def test_an_encrypted_file_needs_a_password(tmp_path: Path) -> None:
    path = tmp_path / "secret.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(NeedsPassword, match="needs a password"):
        open_document(path, FORMATS[WORD])


def test_a_file_that_was_cut_off_is_called_that(xlsx: Path) -> None:
    xlsx.write_bytes(xlsx.read_bytes()[:2000])
    with pytest.raises(Unreadable, match="damaged or cut off"):
        open_document(xlsx, FORMATS[SHEETS])


def test_a_bomb_is_refused_before_it_unpacks(xlsx: Path) -> None:
    with zipfile.ZipFile(xlsx, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.png", bytes(64 << 20))
    with pytest.raises(Unreadable, match="unpacks to 64 MB"):
        open_document(xlsx, FORMATS[SHEETS])


def test_entities_are_refused(xlsx: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    rewritten(xlsx, {"xl/workbook.xml": lambda data: bomb + data[data.index(b"<workbook") :]})
    with pytest.raises(Unreadable, match="entities"):
        pages_of(xlsx)
