"""What is over a document's limits is left out, and told in a sentence that names the setting."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.settings import Settings
from domain.limits import STANDARD, DocumentLimits
from domain.parsed import ParsedPage
from ingest.parse import parse_pages
from ingest.parse.formats import CSV, FORMATS, JSON, JSON_LINES, MAIL, OPEN_SHEETS, OPEN_TEXT, SHEETS
from ingest.parse.json_text import without_deep
from tests.growth import assert_linear

LIMITS = DocumentLimits(cells=8, columns=3, attachments=2, nesting=3)
CELLS = "only the first 8 cells{} were read; EXHIBIT_MAX_CELLS is the limit"
COLUMNS = "only the first 3 {}columns{} were read; EXHIBIT_MAX_COLUMNS is the limit"
TABLE = [[f"name {row}.{column}" for column in range(5)] for row in range(4)]


def a_csv() -> bytes:
    return "\n".join(",".join(row) for row in TABLE).encode()


def a_workbook() -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in TABLE:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def open_document(body: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
        for name, full in (("office", "office"), ("text", "text"), ("table", "table"))
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", f"<office:document-content {spaces}><office:body>{body}</office:body></office:document-content>")  # fmt: skip # noqa: E501
    return out.getvalue()


def an_open_sheet() -> bytes:
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in TABLE
    )
    return open_document(f"<office:spreadsheet><table:table>{rows}</table:table></office:spreadsheet>")


def read(media_type: str, data: bytes, tmp_path: Path, limits: DocumentLimits = LIMITS) -> tuple[list[str], str]:
    """What is told of a file, and its words."""
    path = tmp_path / "file"
    path.write_bytes(data)
    pages: list[ParsedPage] = parse_pages(path, FORMATS[media_type], 1, 1, limits)
    words = " ".join(block.text for page in pages for block in page.blocks)
    return [problem.message for page in pages for problem in page.problems], words


@pytest.mark.parametrize(
    ("media_type", "make", "of", "sheet"),
    [
        (CSV, a_csv, "of its 5 ", ""),
        (SHEETS, a_workbook, "", " of the sheet"),
        (OPEN_SHEETS, an_open_sheet, "", " of the sheet"),
    ],
)
def test_cells_and_columns(media_type: str, make: Callable[[], bytes], of: str, sheet: str, tmp_path: Path) -> None:
    told, words = read(media_type, make(), tmp_path)
    assert told == [CELLS.format(sheet), COLUMNS.format(of, sheet)]
    assert "name 1.2" in words
    assert "name 0.3" not in words
    assert "name 3.0" not in words
    assert read(media_type, make(), tmp_path, STANDARD)[0] == []


def test_values_in_json_that_lie_too_deep_cost_only_themselves(tmp_path: Path) -> None:
    deep = {"boat": "Gannet", "crew": {"cook": {"name": {"first": "Ann"}}}, "port": "Skerry", "odd": '"]}{["'}
    told, words = read(JSON, json.dumps(deep).encode(), tmp_path)
    assert told == ["values more than 3 deep inside each other were left out; EXHIBIT_MAX_NESTING is the limit"]
    assert "Ann" not in words
    assert all(word in words for word in ("Gannet", "Skerry", '"]}{["'))
    assert read(JSON, json.dumps(deep).encode(), tmp_path, STANDARD)[0] == []


def test_json_a_million_deep_is_read_where_it_is_shallow(tmp_path: Path) -> None:
    data = b'{"boat": "Gannet", "deep": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    told, words = read(JSON, data, tmp_path, STANDARD)
    assert "EXHIBIT_MAX_NESTING" in told[0]
    assert words == "boat: Gannet"


def test_a_deep_line_of_json_costs_no_other_line(tmp_path: Path) -> None:
    lines = b'{"boat": "Gannet"}\n' + b"[" * 5000 + b'\n{"boat": "Tern"}\n{"boat": "Skua"}\n'
    told, words = read(JSON_LINES, lines, tmp_path, STANDARD)
    assert "EXHIBIT_MAX_NESTING" in told[0]
    assert all(boat in words for boat in ("Gannet", "Tern", "Skua"))


@pytest.mark.parametrize("text", ['["\\"', "[", '"a', '{"a":', '"' + "\\" * 3, "]"])
def test_looking_for_what_lies_deep_takes_as_long_as_the_text(text: str) -> None:
    assert_linear(lambda given: without_deep(given, 60), text * 200_000)


def test_a_text_document_that_lies_deep_tells_what_it_lost(tmp_path: Path) -> None:
    deep = "<text:section>" * 9 + "<text:p>below</text:p>" + "</text:section>" * 9
    data = open_document(f"<office:text><text:p>above</text:p>{deep}</office:text>")
    told, words = read(OPEN_TEXT, data, tmp_path)
    assert told == ["what lies more than 3 elements deep was left out; EXHIBIT_MAX_NESTING is the limit"]
    assert words == "above"


def test_attachments(tmp_path: Path) -> None:
    letter = EmailMessage()
    letter["Subject"] = "Wreckfish"
    letter.set_content("See below.")
    for number in range(3):
        letter.add_attachment(f"note {number}", filename=f"{number}.txt")
    told, _ = read(MAIL, letter.as_bytes(), tmp_path)
    assert told == ["only the first 2 of its 3 attachments were taken in; EXHIBIT_MAX_ATTACHMENTS is the limit"]


def test_every_limit_is_a_setting() -> None:
    assert Settings(_env_file=None).limits == STANDARD  # type: ignore[call-arg]
