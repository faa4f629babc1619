"""What sheets and decks hide stands apart; diagrams and notes of slides are read; header levels become paths."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from domain.documents import Box
from domain.parsed import ParsedPage
from ingest.chunk.cut import report_of
from ingest.parse import open_document, parse_pages
from ingest.parse.drawings import smart_art
from ingest.parse.formats import FORMATS, SHEETS, SLIDES
from ingest.parse.packages import xml
from ingest.parse.tables import table_block

DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def pages_of(path: Path, media_type: str) -> list[ParsedPage]:
    row = FORMATS[media_type]
    return parse_pages(path, row, 1, open_document(path, row).pages or 1)


def seen(page: ParsedPage) -> str:
    return "\n".join(block.text for block in page.blocks if not block.standing)


def unseen(page: ParsedPage) -> str:
    return "\n".join(block.text for block in page.blocks if block.standing == "hidden")


@pytest.fixture
def prices(tmp_path: Path) -> list[ParsedPage]:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for row in (["Tool", "Bought", "Price"], ["Saw", 41, 81], ["Saw", 42, 94], ["Axe", 11, 29]):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    for state in ("hidden", "veryHidden"):
        other = book.create_sheet(state)
        other.append(["Margin", "of it"])
        other.append(["Saw", 46])
        other.sheet_state = state
    book.save(tmp_path / "prices.xlsx")
    return pages_of(tmp_path / "prices.xlsx", SHEETS)


def test_hidden_rows_and_columns_stand_apart(prices: list[ParsedPage]) -> None:
    first = prices[0]
    assert first.blocks[0].cells == (("Tool", "Price"), ("Saw", "94"), ("Axe", "29"))
    assert "81" in unseen(first)
    assert "| Saw | 42 |" in unseen(first)
    assert report_of(first, 1).hidden > 0


def test_hidden_sheets_are_hidden_whole(prices: list[ParsedPage]) -> None:
    assert [seen(page) for page in prices[1:]] == ["", ""]
    assert all("46" in unseen(page) for page in prices[1:])


def test_a_hidden_slide_stands_apart_and_notes_are_notes(tmp_path: Path) -> None:
    from pptx import Presentation

    deck = Presentation()
    for words in ("Tides", "Secret"):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = words
        slide.notes_slide.notes_text_frame.text = f"Speak of {words}."
    deck.slides[1].element.set("show", "0")
    deck.save(str(tmp_path / "deck.pptx"))
    one, two = pages_of(tmp_path / "deck.pptx", SLIDES)
    assert seen(one) == "Tides\nSpeaker notes: Speak of Tides."
    assert (seen(two), unseen(two)) == ("", "Secret\nSpeaker notes: Speak of Secret.")


def test_a_hidden_shape_stands_apart(tmp_path: Path) -> None:
    from pptx import Presentation

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Tides"
    box = slide.shapes.add_textbox(0, 0, 999_999, 999_999)
    box.text_frame.text = "Secret"
    box.element.nvSpPr.cNvPr.set("hidden", "1")
    deck.save(str(tmp_path / "deck.pptx"))
    [page] = pages_of(tmp_path / "deck.pptx", SLIDES)
    assert (seen(page), unseen(page)) == ("Tides", "Secret")


def diagram(points: dict[str, str], links: list[tuple[str, int, str]]) -> str:
    words = "".join(
        f'<d:pt modelId="{name}"><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>'
        for name, text in points.items()
    )
    lines = "".join(f'<d:cxn srcId="{above}" srcOrd="{order}" destId="{name}"/>' for above, order, name in links)
    inside = f"<d:ptLst>{words}</d:ptLst><d:cxnLst>{lines}</d:cxnLst>"
    return f'<d:dataModel xmlns:d="{DIAGRAM}" xmlns:a="{DRAWING}">{inside}</d:dataModel>'


def test_the_points_of_a_diagram_come_in_their_order(tmp_path: Path) -> None:
    points = {"0": "", "b": "Soil test", "a": "Survey", "c": "Acid?"}
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("d.xml", diagram(points, [("0", 1, "b"), ("0", 0, "a"), ("b", 0, "c"), ("c", 0, "a")]))
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        [block] = smart_art(xml(archive, "d.xml"), None)
    assert block.text == "- Survey\n- Soil test\n  - Acid?"


def test_a_slide_shows_its_diagram(tmp_path: Path) -> None:
    from pptx import Presentation
    from pptx.opc.constants import RELATIONSHIP_TYPE
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    markup = diagram({"0": "", "a": "Survey"}, [("0", 0, "a")]).encode()
    name = PackURI("/ppt/diagrams/data1.xml")
    slide.part.relate_to(Part(name, "application/xml", deck.part.package, markup), RELATIONSHIP_TYPE.DIAGRAM_DATA)
    deck.save(str(tmp_path / "deck.pptx"))
    [page] = pages_of(tmp_path / "deck.pptx", SLIDES)
    assert [(block.kind, block.text, block.page) for block in page.blocks] == [("list", "- Survey", 1)]


QUARTERS = ("2024 / Q1", "2024 / Q2", "2025 / Q1", "2025 / Q2")


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (
            [["R", "2024", "2024", "2025", "2025"], ["R", "Q1", "Q2", "Q1", "Q2"], ["N", "1", "2", "3", "4"]],
            ("R", *QUARTERS),
        ),
        ([["", "2024", "", "2025", ""], ["R", "Q1", "Q2", "Q1", "Q2"], ["N", "1", "2", "3", "4"]], ("R", *QUARTERS)),
        ([["", "Heat", "Heat"], ["Site", "Min", "Max"], ["A", "3", "9"]], ("Site", "Heat / Min", "Heat / Max")),
        ([["Who", "Who", "Role"], ["Anna", "Berg", "cook"], ["Ben", "Tal", "mate"]], ("Who", "Who", "Role")),
        ([["Name:", "Anna"], ["Born:", "in May"]], ("", "")),
    ],
)
def test_header_levels_are_joined_where_that_is_certain(rows: list[list[str]], header: tuple[str, ...]) -> None:
    assert table_block(rows).cells[0] == header


def test_a_row_over_the_whole_table_is_its_caption() -> None:
    block = table_block([["Fleet", "Fleet"], ["Boat", "Length"], ["Petrel", "9"]])
    assert (block.caption, block.cells[0]) == ("Fleet", ("Boat", "Length"))


def test_a_joined_header_keeps_the_places_of_all_its_levels() -> None:
    def at(y: float) -> list[list[Box]]:
        return [[Box(x, y, round(x + 0.05, 2), round(y + 0.05, 2))] for x in (0.0, 0.1, 0.2)]

    rows = [["", "Heat", "Heat"], ["Site", "Min", "Max"], ["A", "3", "9"]]
    block = table_block(rows, page=1, stretches=[at(0.1), at(0.2), at(0.3)])
    assert len(block.boxes) == 2
    assert block.stretches[0][1] == (Box(0.1, 0.1, 0.15, 0.15), Box(0.1, 0.2, 0.15, 0.25))


def test_a_comment_on_a_cell_says_what_it_is(tmp_path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.comments import Comment

    book = Workbook()
    book.active["B2"] = "365"
    book.active["B2"].comment = Comment("Too much?", "Ana")
    book.save(tmp_path / "fees.xlsx")
    [page] = pages_of(tmp_path / "fees.xlsx", SHEETS)
    assert [block.text for block in page.blocks] == ["365", "Comment at B2: Too much?"]
