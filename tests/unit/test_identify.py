"""What a file is, told from its content."""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadRequest, Unreadable, UnsupportedType
from ingest import identify
from ingest.identify import media_type_of
from ingest.parse.formats import (
    EPUB,
    FORMATS,
    JSON,
    JSON_LINES,
    MAILBOX,
    NONE,
    OPEN_TEXT,
    OUTLOOK,
    RTF,
    SHEETS,
    SLIDES,
    WORD,
    ZIP,
    accepted,
)
from ingest.parse.formats import MAIL as MAIL_TYPE
from ingest.unpack import ARCHIVES, UnpackLimits, unpack
from tests.growth import assert_linear


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def office_zip(main: str, folder: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml", f'<Types><Override ContentType="application/x.{main}.main+xml"/></Types>'
        )
        archive.writestr(f"{folder}/main.xml", "<x/>" * 500)
    return out.getvalue()


def ole(stream: str) -> bytes:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 0)
    return bytes(header) + stream.encode("utf-16-le").ljust(512, b"\x00")


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "words " * 20)
    return out.getvalue()


def stated(media_type: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", media_type)
        archive.writestr("content.xml", "<x/>" * 100)
    return out.getvalue()


DOCX = office_zip("wordprocessingml.document", "word")
ENVELOPE = b"From x@y Wed Jul 20 17:35:09 2016\n"
MAIL = b"From: a@b.c\nTo: d@e.f\nSubject: hi\nMIME-Version: 1.0\n\nHello"


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b"%PDF-1.7\n1 0 obj\n", "a.txt", "application/pdf"),
        (b"junk" * 200 + b"%PDF-1.4\n1 0 obj <<>>", "a.pdf", "application/pdf"),
        (b"A note on the mark %PDF-1.4 and what it means.", "note.txt", "text/plain"),
        (b"\x89PNG\r\n\x1a\n....", "photo.jpg", "image/png"),
        (b"BM\x00\x01\x00\x00\x00\x00\x00\x00", "a", "image/bmp"),
        (b"BMW builds cars in Munich, and in other places.", "cars.txt", "text/plain"),
        (b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>', "a.xml", "image/svg+xml"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "a.txt", "text/html"),
        (b'<p align="center"><img src="x"></p>\n\n# Title\n', "README.md", "text/markdown"),
        (b"# Title\n\nSee [this](http://x.y) and **that**.\n", "README", "text/markdown"),
        (b"a;b\n1;2\n", "a.csv", "text/csv"),
        ("项目进度报告：第一季度销售额增长了。".encode("gb18030"), "报告.txt", "text/plain"),
        ("Über Käse\n".encode("utf-16"), "k.txt", "text/plain"),
        ("plain ascii in two bytes\n".encode("utf-16-le"), "k.txt", "text/plain"),
        (b"[1] Smith, J. A citation list.\n[2] Another.", "refs.txt", "text/plain"),
        (b"Subject: the harbour\n\nIt is windy, she wrote.", "essay.txt", "text/plain"),
        (DOCX, "renamed.pdf", WORD),
        (DOCX[:600], "cut.docx", WORD),
        (office_zip("presentationml.presentation", "ppt"), "x.zip", SLIDES),
        (office_zip("spreadsheetml.sheet", "xl"), "x", SHEETS),
        (ole("EncryptedPackage"), "secret.xlsx", SHEETS),
        (b"{\\rtf1 Hello}", "a.txt", RTF),
        (b"{\\rtf1 {\\pict\\bin9 " + bytes(200) + b"}}", "a.rtf", RTF),
        (MAIL, "a.txt", MAIL_TYPE),
        (MAIL + bytes(range(256)) * 20, "a.eml", MAIL_TYPE),
        (ENVELOPE + MAIL, "a", MAIL_TYPE),
        (ENVELOPE + MAIL + b"\n\n" + ENVELOPE + MAIL, "inbox", MAILBOX),
        (b'{"a": 1}', "a.json", JSON),
        (b'[{"a": 1}]', "data", JSON),
        (b'{"a": 1}\n{"a": 2}\n', "data.txt", JSON_LINES),
        (b'{"a": 1}\n{"a": 2', "log.jsonl", JSON_LINES),
        (b"PK\x05\x06" + bytes(18), "a.zip", ZIP),
        (zipped("a.txt"), "renamed.docx", ZIP),
        (zipped("a.txt")[:60], "cut.zip", ZIP),
        (stated("application/epub+zip"), "a.zip", EPUB),
        (stated("application/vnd.oasis.opendocument.text"), "a.odt", OPEN_TEXT),
        (ole("__nameid_version1.0"), "a.msg", OUTLOOK),
    ],
)
def test_the_content_tells_the_type(tmp_path: Path, data: bytes, name: str, media_type: str) -> None:
    assert media_type_of(write(tmp_path / "file", data), name) == media_type


@pytest.mark.parametrize(
    ("data", "name", "what"),
    [
        (b'<?xml version="1.0"?><factbook/>', "a.txt", "XML"),
        (ole("VisioDocument"), "a.vsd", "an old Office file"),
        (stated("application/vnd.oasis.opendocument.graphics"), "a.odg", "an OpenDocument file of another kind"),
        (b"\x78\x9f\x3e\x22" + bytes(60), "winmail.dat", "winmail.dat"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a.wav", "WAV"),
        (bytes(range(256)) * 20, "a.txt", "neither text nor"),
    ],
)
def test_what_is_not_taken_in_is_named(tmp_path: Path, data: bytes, name: str, what: str) -> None:
    with pytest.raises(UnsupportedType, match=what) as refusal:
        media_type_of(write(tmp_path / "file", data), name)
    assert all(row.name in str(refusal.value) for row in FORMATS.values())


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "^the file is empty$"),
        (b" \r\n\t", r"^the file holds nothing but blanks \(4 bytes\)$"),
        (b"\x00" * 2_000_000, r"nothing but zero bytes \(2,000,000 of them\)"),
        (b"\x00" * 100_000 + b" \n", r"nothing but blanks \(100,002 bytes\)"),
    ],
    ids=["nothing", "blanks", "zeros", "both"],
)
def test_a_file_without_content_is_told_what_it_holds(tmp_path: Path, data: bytes, what: str) -> None:
    with pytest.raises(BadRequest, match=what):
        media_type_of(write(tmp_path / "file", data), "a.pdf")


@pytest.mark.parametrize("blanks", [b"\x00" * 1_048_576, b"\n" * 100_000, b"\x00" * 65_537], ids=len)
@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (b"The lantern burns whale oil.", "a.txt", "text/plain"),
        ("灯塔烧鲸油。".encode("gbk"), "a.log", "text/plain"),
        (b"From: a@b.c\nTo: d@e.f\nSubject: x\nDate: y\n\nz", "a.eml", "text/plain"),
        (b"# A\n\nB", "a.md", "text/markdown"),
    ],
    ids=["text", "chinese", "mail", "markdown"],
)
def test_text_after_many_blanks_is_text(tmp_path: Path, blanks: bytes, data: bytes, name: str, found: str) -> None:
    assert media_type_of(write(tmp_path / "file", blanks + data), name) == found


def test_what_is_no_text_after_many_blanks_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedType, match="begins with 100,000 blank bytes and goes on as no text"):
        media_type_of(write(tmp_path / "file", b"\x00" * 100_000 + bytes(range(1, 256)) * 99), "a.bin")


def test_a_zip_with_millions_of_entries_is_not_listed(tmp_path: Path) -> None:
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0, 0)
    path = write(tmp_path / "file", b"PK\x03\x04" + bytes(40) + end)
    assert media_type_of(path, "a.zip") == ZIP
    with pytest.raises(Unreadable, match="too many entries"):
        unpack(path, ZIP, tmp_path, UnpackLimits(10, 1000, 1000))


@pytest.mark.parametrize("stream", ["WordDocument", "PowerPoint Document", "Workbook"])
def test_an_old_office_file_is_taken_only_where_libreoffice_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    path = write(tmp_path / "file", ole(stream))
    monkeypatch.setattr(identify, "installed", lambda: "/usr/bin/soffice")
    assert FORMATS[media_type_of(path, "a.doc")].through_libreoffice
    monkeypatch.setattr(identify, "installed", lambda: None)
    with pytest.raises(UnsupportedType, match="read through LibreOffice, and that is not installed"):
        media_type_of(path, "a.doc")


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(
        [b"", b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"BM", b"<", b"<svg", b"\xff\xfe"]
    ),
    rest=st.binary(max_size=700),
    name=st.text(max_size=12),
)
def test_garbage_gets_a_type_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes, name: str
) -> None:
    path = write(tmp_path_factory.mktemp("garbage") / "file", start + rest)
    with suppress(BadRequest, UnsupportedType):
        assert media_type_of(path, name) in FORMATS


@pytest.mark.parametrize("extension", ["", ".html", ".json"])
@pytest.mark.parametrize(
    "nasty",
    [b"<!---->" * 9000 + b"!", b"<?a?>" * 9000, b"[" * 65_000, b"**a" * 20_000, b"junk %PDF-" + b"1" * 65_000,
     b"|\n" * 30_000, b'{"' * 30_000, b"<!DOCTYPE [" * 6000, b"A: b\n" * 12_000, b'["' + b"\\" * 65_000],
)  # fmt: skip
def test_no_file_keeps_the_serving_process_busy(tmp_path: Path, nasty: bytes, extension: str) -> None:
    def identified(data: bytes) -> None:
        with suppress(UnsupportedType):
            media_type_of(write(tmp_path / "file", data), f"file{extension}")

    assert_linear(identified, nasty)


def test_what_has_no_parser_is_an_archive() -> None:
    assert {row.media_type for row in FORMATS.values() if row.parser == NONE} == ARCHIVES


def test_each_parser_is_there() -> None:
    for row in FORMATS.values():
        if row.parser != NONE:
            module = import_module(row.parser.module)
            assert callable(getattr(module, row.parser.open))
            assert callable(getattr(module, row.parser.parse))


def test_refusals_name_the_formats_in_their_order() -> None:
    """Rows may be added between them."""
    named = iter(accepted().split(", "))
    known = (
        "PDF, PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, HEIC, SVG, Markdown, plain text, HTML, DOCX, PPTX, XLSX, CSV, "
        "RTF, JSON, JSON Lines, e-mails (EML, MHTML), Outlook messages (MSG), EPUB, ODT, ODS, ODP, DOC, PPT, XLS, "
        "ZIP archives, mailboxes (mbox)"
    )
    assert all(name in named for name in known.split(", "))
