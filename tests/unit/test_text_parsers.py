"""Plain text, Markdown, HTML and CSV as blocks."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from domain.documents import Place
from domain.errors import Unreadable
from domain.parsed import Block
from ingest.parse import open_document, parse_pages
from ingest.parse.formats import FORMATS
from ingest.parse.text import parse_text


def blocks_of(tmp_path: Path, media_type: str, content: str | bytes) -> tuple[Block, ...]:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert open_document(path, FORMATS[media_type]).pages is None
    (page,) = parse_pages(path, FORMATS[media_type], 1, 1)
    assert page.number is None
    return page.blocks


def shape(blocks: tuple[Block, ...]) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks]


def test_plain_text_has_paragraphs_and_underlined_headings(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, "text/plain", "Tides\n=====\n\nHigh at\nnoon.\n\n第一章 灯塔\n\n灯。")
    assert shape(blocks) == [
        ("heading", "Tides"),
        ("text", "High at\nnoon."),
        ("heading", "第一章 灯塔"),
        ("text", "灯。"),
    ]
    assert blocks[1].place == Place(heading=("Tides",))


def test_a_log_without_paragraphs_comes_in_pieces(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, "text/plain", "2026-01-01 all is well\n" * 5000)
    assert max(len(block.text) for block in blocks) <= 4000


def test_markdown_keeps_its_structure(tmp_path: Path) -> None:
    text = "---\ntitle: Notes\n---\n# A\n\nSome *soft* [words](http://x).\n\n- one\n  - two\n\n## B\n\n"
    text += "|x|y|\n|-|-|\n|1|`2`|\n\n```\ncode  here\n```\n"
    blocks = blocks_of(tmp_path, "text/markdown", text)
    assert shape(blocks) == [
        ("text", "title: Notes"),
        ("heading", "A"),
        ("text", "Some soft words."),
        ("list", "- one\n  - two"),
        ("heading", "B"),
        ("table", "| x | y |\n| --- | --- |\n| 1 | 2 |"),
        ("text", "code  here"),
    ]
    assert blocks[-1].place == Place(heading=("A", "B"))


def test_the_title_of_a_note_is_its_front_matters_or_its_first_heading(tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    path.write_text("---\ntitle: 'Named'\n---\n# Headed\n")
    assert open_document(path, FORMATS["text/markdown"]).title == "Named"
    path.write_text("# Headed\n")
    assert open_document(path, FORMATS["text/markdown"]).title == "Headed"


def test_html_is_what_a_reader_sees(tmp_path: Path) -> None:
    page = """<html><head><title>T</title><style>p{}</style></head><body><h1>A</h1><script>alert(1)</script>
    <p>Seen <b>bold</b><span style="display: none">hidden</span>.<!-- no --></p><p hidden>secret</p>
    <ul><li>one<ul><li>two</li></ul></li></ul><template>no</template>
    <table><caption>Stock</caption><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>
    <img src="http://tracker.example/x.png" alt="A lighthouse"></body></html>"""
    blocks = blocks_of(tmp_path, "text/html", page)
    assert shape(blocks) == [
        ("heading", "A"),
        ("text", "Seen bold."),
        ("list", "- one\n  - two"),
        ("table", "| x | y |\n| --- | --- |\n| 1 | 2 |"),
        ("text", "A lighthouse"),
    ]
    assert blocks[3].caption == "Stock"


def test_figures_in_report_tables_lose_the_columns_that_only_make_room(tmp_path: Path) -> None:
    first = "<tr><td>Year</td><td></td><td colspan=3>2025</td></tr>"
    second = "<tr><td>Sales</td><td></td><td>$</td><td>(5</td><td>)</td></tr>"
    (table,) = blocks_of(tmp_path, "text/html", f"<table>{first}{second}</table>")
    assert [[cell for cell in row if cell] for row in table.cells] == [["Year", "2025"], ["Sales", "$(5)"]]


def test_a_picture_inside_a_page_is_a_figure(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "PNG")
    source = base64.b64encode(out.getvalue()).decode()
    (figure,) = blocks_of(tmp_path, "text/html", f'<img alt="Red" src="data:image/png;base64,{source}">')
    assert (figure.kind, figure.caption) == ("figure", "Red")
    assert figure.pixels is not None


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 20_000 + "deep",
        "<table>" * 3_000 + "x",
        "<ul><li>" * 3_000 + "x",
        '<table><tr><td colspan="999999" rowspan="999999">x</td><td>y</td></tr></table>' * 50,
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><p>&b;</p>',
        "\x00<p>x",
    ],
)
def test_hostile_html_is_read_or_refused(tmp_path: Path, page: str) -> None:
    try:
        assert len("".join(block.text for block in blocks_of(tmp_path, "text/html", page))) < 100_000
    except Unreadable as refusal:
        assert str(refusal)  # noqa: PT017


def test_a_page_in_its_own_encoding_is_read_right(tmp_path: Path) -> None:
    page = '<html><head><meta charset="gb2312"></head><body><p>灯塔</p></body></html>'.encode("gb2312")
    assert shape(blocks_of(tmp_path, "text/html", page)) == [("text", "灯塔")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_finds_its_delimiter_and_counts_its_rows(tmp_path: Path, delimiter: str) -> None:
    lines = ["Stock of 2025", delimiter.join(["item", "weight"]), delimiter.join(['"a, b; c"', "3"]), "", "note"]
    table, note = blocks_of(tmp_path, "text/csv", "\n".join(lines))
    assert table.cells == (("item", "weight"), ("a, b; c", "3"))
    assert (table.caption, table.place) == ("Stock of 2025", Place(rows=(2, 3)))
    assert (note.text, note.place) == ("note", Place(rows=(5, 5)))


def test_a_csv_without_header_gets_letters(tmp_path: Path) -> None:
    (table,) = blocks_of(tmp_path, "text/csv", "1,2\n3,4\n")
    assert table.cells == (("A", "B"), ("1", "2"), ("3", "4"))


def test_a_quote_that_is_never_closed_loses_nothing(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, "text/csv", 'a,b\n1,"open\n' + "2,3\n" * 1000)
    assert "2,3" in "".join(block.text for block in blocks)


@pytest.mark.parametrize("zeros", [65, 1_048_576, 40 << 20])
def test_text_after_zero_bytes_is_read(tmp_path: Path, zeros: int) -> None:
    path = tmp_path / "cut-off.log"
    with path.open("wb") as file:
        file.truncate(zeros)
        file.seek(zeros)
        file.write("The lantern burns whale oil. 灯塔烧鲸油。".encode())
    [page] = parse_text(path, 0, 0)
    assert [block.text for block in page.blocks] == ["The lantern burns whale oil. 灯塔烧鲸油。"]
    assert page.problems == ()
