"""RTF, JSON, OpenDocument, EPUB and old Office files as blocks, and the hostile ones refused."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from domain.errors import NeedsPassword, Unreadable
from domain.parsed import ParsedPage
from ingest import libreoffice
from ingest.identify import media_type_of
from ingest.parse import open_document, parse_pages
from ingest.parse.formats import EPUB, FORMATS, JSON, JSON_LINES, OPEN_SHEETS, OPEN_SLIDES, OPEN_TEXT, RTF


def read(path: Path, data: bytes, media_type: str) -> list[ParsedPage]:
    path.write_bytes(data)
    identity = open_document(path, FORMATS[media_type])
    return parse_pages(path, FORMATS[media_type], 1, identity.pages or 1)


def shown(pages: list[ParsedPage]) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for page in pages for block in page.blocks]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (90, 60), "navy").save(out, "PNG")
    return out.getvalue()


# ---------------------------------------------------------------- RTF


def rtf(tmp_path: Path, body: str, head: str = r"\ansicpg1252") -> list[tuple[str, str]]:
    return shown(read(tmp_path / "a.rtf", rf"{{\rtf1\ansi{head} {body}}}".encode("ascii"), RTF))


def test_rtf_keeps_headings_lists_tables_and_pictures(tmp_path: Path) -> None:
    body = r"""{\info{\title The tides}{\author Nobody}}
        {\pard\outlinelevel0 Depths\par}{\pard High water is \b very\b0  high.\par}
        {\listtext\bullet\tab}one\par{\listtext\bullet\tab}two\par
        \trowd\intbl Port\cell Depth\cell\row\trowd\intbl Calais\cell 9\cell\row\pard
        {\*\shppict{\pict\pngblip """
    found = rtf(tmp_path, body + png().hex() + r"}}{\nonshppict{\pict\wmetafile8 0102}} The end.\par")
    assert found == [
        ("heading", "Depths"),
        ("text", "High water is very high."),
        ("list", "- one\n- two"),
        ("table", "| Port | Depth |\n| --- | --- |\n| Calais | 9 |"),
        ("figure", ""),
        ("text", "The end."),
    ]
    assert open_document(tmp_path / "a.rtf", FORMATS[RTF]).title == "The tides"


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (r"\ansicpg936", r"\'b3\'b1\'cf\'ab", "潮汐"),
        (r"\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset134 SimSun;}}", r"caf\'e9 \f1 \'b3\'b1\'cf\'ab", "café 潮汐"),
        (r"\ansicpg1252", r"{\uc1\u28526?\u27728?} tides", "潮汐 tides"),
        (r"\ansicpg1252", r"{\uc2\u28526\'b3\'b1\u27728\'cf\'ab}", "潮汐"),
        (r"\ansicpg1252", r"\u-10179 ?\u-8704 ?", "\U0001f600"),
        (r"\ansicpg1252", r"a\emdash b\~c\_d \{e\} \\", "a—b c-d {e} \\"),
        (r"\ansicpg99999", r"caf\'e9", "café"),
    ],
)
def test_rtf_speaks_the_charset_of_each_font(tmp_path: Path, head: str, body: str, text: str) -> None:
    assert rtf(tmp_path, body + r"\par", head) == [("text", text)]


def test_rtf_leaves_out_what_no_reader_sees(tmp_path: Path) -> None:
    hidden = r"{\v hidden words}{\*\madeup secret}{\header top}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}"
    assert rtf(tmp_path, rf"Seen {hidden}\par") == [("text", "Seen link")]


def test_the_settings_of_an_rtf_drawing_are_not_text(tmp_path: Path) -> None:
    settings = r"{\sp{\sn wzName}{\sv a name}}{\sp{\sn pib}{\sv {\pict\pngblip " + png().hex() + r"}}}"
    found = rtf(tmp_path, rf"{{\shp{{\*\shpinst{settings}{{\shptxt A label\par}}}}}}Words\par")
    assert found == [("figure", ""), ("text", "A label"), ("text", "Words")]


def test_hostile_rtf_ends(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="deep inside each other"):
        read(tmp_path / "a.rtf", b"{\\rtf1" + b"{" * 100_000, RTF)
    [page] = read(tmp_path / "a.rtf", b"{\\rtf1 words {\\b and", RTF)
    assert [problem.message for problem in page.problems] == ["the document is cut off: it was read as far as it goes"]
    read(tmp_path / "a.rtf", b"{\\rtf1" + b"\\bin999999999 \\u999999999 \\'zz \\uc-5 }}}}" * 9000, RTF)


# ---------------------------------------------------------------- JSON


def test_json_records_become_tables_and_small_records(tmp_path: Path) -> None:
    value = {
        "name": "Harbour",
        "ports": [{"port": "Calais", "depth": 9}, {"port": "Dover", "depth": 12.50}],
        "notes": ["windy", "cold"],
        "empty": None,
        "blob": "A" * 9000,
        "filler": {str(n): "words " * 20 for n in range(40)},
    }
    pages = read(tmp_path / "a.json", json.dumps(value).encode(), JSON)
    found = shown(pages)
    assert found[0] == ("text", "name: Harbour")
    assert ("table", "| port | depth |\n| --- | --- |\n| Calais | 9 |\n| Dover | 12.5 |") in found
    assert ("text", "- windy\n- cold") in found
    assert not any("AAAA" in text for _, text in found)
    headings = {block.place.heading for block in pages[0].blocks if block.place}
    assert {("ports",), ("notes",), ("filler",)} <= headings


def test_the_records_within_a_small_record_are_a_table_too(tmp_path: Path) -> None:
    value = {
        "name": "Casa",
        "menu": [{"dish": "Rice", "price": 19.5}, {"dish": "Aubergine", "price": 13}],
        "chef": {"name": "N"},
    }
    [page] = read(tmp_path / "a.json", json.dumps(value).encode(), JSON)
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("text", "name: Casa\nchef.name: N"),
        ("table", "| dish | price |\n| --- | --- |\n| Rice | 19.5 |\n| Aubergine | 13 |"),
    ]


def test_json_lines_are_read_one_by_one(tmp_path: Path) -> None:
    lines = b'{"who": {"name": "Ann"}, "says": "\xe6\xbd\xae"}\n{broken\n\n{"who": {"name": "Bob"}, "says": "no"}\n'
    [page] = read(tmp_path / "a.jsonl", lines, JSON_LINES)
    assert [block.text for block in page.blocks] == ["who.name: Ann\nsays: 潮", "who.name: Bob\nsays: no"]
    assert [problem.message for problem in page.problems] == ["line 2 is not valid JSON"]


def test_broken_json_is_still_found_as_text(tmp_path: Path) -> None:
    [page] = read(tmp_path / "a.json", b'{"tide": "high", "at": ', JSON)
    assert '"tide": "high"' in page.blocks[0].text
    assert page.problems[0].message.startswith("it is not valid JSON")


@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 50_000, b"[" + b"9" * 3_000_000 + b"]", b"[" * 900 + b"1"])
def test_hostile_json_ends(tmp_path: Path, data: bytes) -> None:
    try:
        read(tmp_path / "a.json", data, JSON)
    except Unreadable as error:
        assert "deep" in str(error)  # noqa: PT017


# ---------------------------------------------------------------- OpenDocument

SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in {"office": "office", "text": "text", "table": "table", "draw": "drawing"}.items()
)


def opendocument(kind: str, body: str, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        content = f'<office:document-content {SPACES} xmlns:xlink="http://www.w3.org/1999/xlink"><office:body>'
        archive.writestr("content.xml", f"{content}{body}</office:body></office:document-content>")
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def test_an_odt_keeps_its_structure(tmp_path: Path) -> None:
    body = """<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
        <text:h text:outline-level="1">Depths</text:h><text:p>High<text:s text:c="2"/>water is
        <text:span>very</text:span> high.</text:p>
        <text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>
        <table:table><table:table-row><table:table-cell><text:p>Port</text:p></table:table-cell><table:table-cell>
        <text:p>Depth</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>Calais</text:p>
        </table:table-cell><table:table-cell><text:p>9</text:p></table:table-cell></table:table-row></table:table>
        <text:p><draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame></text:p>
        <text:p><draw:image xlink:href="../../etc/passwd"/></text:p></office:text>"""
    [page] = read(tmp_path / "a.odt", opendocument("text", body, Pictures__a_png=png()), OPEN_TEXT)
    assert [(block.kind, " ".join(block.text.split())) for block in page.blocks] == [
        ("heading", "Depths"),
        ("text", "High water is very high."),
        ("list", "- one"),
        ("table", "| Port | Depth | | --- | --- | | Calais | 9 |"),
        ("figure", ""),
    ]
    assert [problem.message for problem in page.problems] == [
        "a picture is in a format that can't be read, or not in the file"
    ]


def test_an_ods_with_a_million_repeated_cells_is_read(tmp_path: Path) -> None:
    body = """<office:spreadsheet><table:table table:name="Depths">
        <table:table-row><table:table-cell><text:p>Port</text:p></table:table-cell>
        <table:table-cell><text:p>Depth</text:p></table:table-cell>
        <table:table-cell table:number-columns-repeated="16382"/></table:table-row>
        <table:table-row><table:table-cell><text:p>Calais</text:p></table:table-cell>
        <table:table-cell><text:p>9</text:p></table:table-cell></table:table-row>
        <table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/>
        </table:table-row></table:table><table:table table:name="Bomb"><table:table-row
        table:number-rows-repeated="99999999"><table:table-cell
        table:number-columns-repeated="99999999"><text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>"""
    depths, bomb = read(tmp_path / "a.ods", opendocument("spreadsheet", body), OPEN_SHEETS)
    [table] = depths.blocks
    assert table.cells == (("Port", "Depth"), ("Calais", "9"))
    assert table.place is not None
    assert (table.place.sheet, table.place.rows) == ("Depths", (1, 2))
    assert sum(len(block.cells) for block in bomb.blocks) <= 1010


def test_an_odp_has_a_page_for_each_slide(tmp_path: Path) -> None:
    slide = "<draw:page><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>"
    body = f"<office:presentation>{slide.format('One')}{slide.format('Two')}</office:presentation>"
    pages = read(tmp_path / "a.odp", opendocument("presentation", body), OPEN_SLIDES)
    assert [(page.number, page.blocks[0].text, page.blocks[0].page) for page in pages] == [(1, "One", 1), (2, "Two", 2)]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (opendocument("text", "<office:text/>", META_INF__manifest_xml=b""), None),
        (opendocument("text", "<office:text/>")[:-40], "the file is damaged or cut off"),
        (
            opendocument("text", "<!DOCTYPE x [<!ENTITY a 'b'>]>"),
            "its markup defines entities, which is not safe to read",
        ),
    ],
)
def test_hostile_opendocument_is_refused(tmp_path: Path, data: bytes, error: str | None) -> None:
    if error is None:
        assert read(tmp_path / "a.odt", data, OPEN_TEXT)[0].blocks == ()
        return
    with pytest.raises(Unreadable, match=error):
        read(tmp_path / "a.odt", data, OPEN_TEXT)


# ---------------------------------------------------------------- EPUB


def book(*chapters: str, spine: str = "", **parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path='
        archive.writestr("META-INF/container.xml", f'{container}"OPS/book.opf"/></rootfiles></container>')
        items = "".join(
            f'<item id="c{n}" href="c%20{n}.xhtml" media-type="application/xhtml+xml"/>'
            for n in range(len(chapters) + 1)
        )
        order = spine or "".join(f'<itemref idref="c{n}"/>' for n in reversed(range(len(chapters))))
        head = '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        title = "<dc:title>The tides</dc:title></metadata>"
        archive.writestr("OPS/book.opf", f"{head}{title}<manifest>{items}</manifest><spine>{order}</spine></package>")
        for n, chapter in enumerate(chapters):
            archive.writestr(f"OPS/c {n}.xhtml", f"<html><body>{chapter}</body></html>")
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


def test_a_books_chapters_come_in_its_own_order(tmp_path: Path) -> None:
    data = book("<h1>Second</h1><p>Low water.</p>", "<h1>First</h1><p>High water.</p>")
    found = shown(read(tmp_path / "a.epub", data, EPUB))
    assert [text for _, text in found] == ["First", "High water.", "Second", "Low water."]
    assert open_document(tmp_path / "a.epub", FORMATS[EPUB]).title == "The tides"
    assert media_type_of(tmp_path / "a.epub", "a.zip") == EPUB


def test_a_missing_chapter_does_not_stop_the_others(tmp_path: Path) -> None:
    [page] = read(tmp_path / "a.epub", book("<p>High.</p>", spine='<itemref idref="c0"/><itemref idref="c1"/>'), EPUB)
    assert page.blocks[0].text == "High."
    assert page.problems[0].message == "the chapter c 1.xhtml can't be read: it is missing or damaged"


def test_a_locked_book_is_told(tmp_path: Path) -> None:
    locked = book("<p>x</p>", **{"META-INF__encryption_xml": "<EncryptedData/>"})
    with pytest.raises(NeedsPassword, match="locked by its publisher"):
        read(tmp_path / "a.epub", locked, EPUB)


# ---------------------------------------------------------------- old Office

needs_libreoffice = pytest.mark.skipif(libreoffice.installed() is None, reason="LibreOffice is not installed")


@needs_libreoffice
def test_an_old_word_document_is_read_through_libreoffice(tmp_path: Path) -> None:
    from docx import Document

    document = Document()
    document.add_heading("Tides", 1)
    document.add_paragraph("High water is at noon.")
    document.save(str(tmp_path / "new.docx"))
    old = libreoffice.converted(tmp_path / "new.docx", ".docx", "doc")
    (tmp_path / "old").write_bytes(old)
    media_type = media_type_of(tmp_path / "old", "x.pdf")
    assert media_type == "application/msword"
    assert shown(read(tmp_path / "old", old, media_type)) == [("heading", "Tides"), ("text", "High water is at noon.")]


def program(folder: Path, script: str) -> str:
    path = folder / "soffice.bin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_libreoffice_that_hangs_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = program(tmp_path, f"tail -f /dev/null & echo $! > {tmp_path}/child; wait")
    monkeypatch.setattr(libreoffice, "installed", lambda: hanging)
    monkeypatch.setattr(libreoffice, "TIMEOUT_S", 1.0)
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(Unreadable, match="took longer than 1 s"):
        libreoffice.converted(tmp_path / "a", ".doc", "docx")
    child = (tmp_path / "child").read_text().strip()
    status = Path(f"/proc/{child}/stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_libreoffice_gets_a_profile_of_its_own_without_macros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = program(tmp_path, f'echo "$@" > {tmp_path}/args; cp -r "$HOME" {tmp_path}/home; exit 0')
    monkeypatch.setattr(libreoffice, "installed", lambda: spy)
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(Unreadable, match="LibreOffice can't read it"):
        libreoffice.converted(tmp_path / "a", ".doc", "docx")
    args = (tmp_path / "args").read_text()
    assert "--headless" in args
    assert "-env:UserInstallation=file://" in args
    settings = (tmp_path / "home" / "profile" / "user" / "registrymodifications.xcu").read_text()
    assert '"DisableMacrosExecution" oor:op="fuse"><value>true' in settings
    home = args.split("UserInstallation=file://")[1].split("/profile")[0]
    assert not Path(home).exists()


def test_without_libreoffice_an_old_document_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    libreoffice.installed.cache_clear()
    try:
        with pytest.raises(Unreadable, match="LibreOffice, which is not installed"):
            libreoffice.converted(tmp_path / "a", ".doc", "docx")
    finally:
        libreoffice.installed.cache_clear()
