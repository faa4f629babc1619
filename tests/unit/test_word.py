"""Word documents say what Word shows of them. Their markup is written out here, as Word writes it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.documents import Document
from domain.limits import STANDARD
from domain.parsed import Block, ParsedPage
from ingest.chunk.cut import Pages, cut_text
from ingest.parse import parse_pages
from ingest.parse.formats import FORMATS, WORD
from ingest.parse.word_numbers import written
from tests.growth import assert_linear

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "v": "urn:schemas-microsoft-com:vml",
    }.items()
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
INSERTED, DELETED = '<w:ins w:id="1" w:author="A">', '<w:del w:id="2" w:author="A">'


def t(words: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def p(inside: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inside}</w:p>"


def tc(inside: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def tr(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def row(*words: str, properties: str = "") -> str:
    return tr(*(tc(p(t(each))) for each in words), properties=properties)


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def controlled(inside: str, properties: str = "") -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>"


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def instruction(words: str) -> str:
    return f"<w:r><w:instrText>{words}</w:instrText></w:r>"


def page_of(folder: Path, body: str, parts: Mapping[str, str] | None = None) -> ParsedPage:
    """Of a package with this body; a part's key is its kind of relation, its value the markup in its root."""
    path = folder / "made.docx"
    with zipfile.ZipFile(path, "w") as archive:
        main = f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"
        archive.writestr("word/document.xml", main)
        archive.writestr("_rels/.rels", _relations({"officeDocument": "word/document.xml"}))
        archive.writestr("word/_rels/document.xml.rels", _relations({kind: f"{kind}.xml" for kind in parts or {}}))
        for kind, inside in (parts or {}).items():
            archive.writestr(f"word/{kind}.xml", f"<w:{kind} {NAMESPACES}>{inside}</w:{kind}>")
    [page] = parse_pages(path, FORMATS[WORD], 1, 1)
    return page


def _relations(targets: Mapping[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{kind}" Type="{OFFICE}/{kind}" Target="{target}"/>' for kind, target in targets.items()
    )
    address = (
        f'<Relationship Id="away" Type="{OFFICE}/hyperlink" Target="https://tides.example/" TargetMode="External"/>'
    )
    return f'<Relationships xmlns="{RELATIONS}">{links}{address}</Relationships>'


def blocks_of(folder: Path, body: str, parts: Mapping[str, str] | None = None) -> tuple[Block, ...]:
    return page_of(folder, body, parts).blocks


def words_of(folder: Path, body: str, parts: Mapping[str, str] | None = None) -> list[str]:
    return [block.text for block in blocks_of(folder, body, parts) if not block.standing]


def cells_of(folder: Path, body: str) -> tuple[tuple[str, ...], ...]:
    return blocks_of(folder, body)[0].cells


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    body = p(t("The fee is ") + f"{DELETED}<w:r><w:delText>310</w:delText></w:r></w:del>{INSERTED}{t('365')}</w:ins>")
    body += p(f"{DELETED}<w:r><w:delText>Gone.</w:delText></w:r></w:del>")
    body += p(f'<w:moveFrom w:id="5">{t("Moved.")}</w:moveFrom>') + p(f'<w:moveTo w:id="6">{t("Moved.")}</w:moveTo>')
    assert words_of(tmp_path, body) == ["The fee is 365", "Moved."]


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next(tmp_path: Path) -> None:
    assert words_of(tmp_path, p(t("High"), '<w:rPr><w:del w:id="1"/></w:rPr>') + p(t("water."))) == ["High water."]


def test_deleted_rows_and_cells_are_gone_and_inserted_ones_stay(tmp_path: Path) -> None:
    kept = row("Tea", "4", properties='<w:ins w:id="2"/>')
    gone = row("Rum", "9", properties='<w:del w:id="3"/>')
    changed = tr(tc(p(t("Milk"))), tc(p(f"{INSERTED}{t('3')}</w:ins>")), tc(p(t("2")), '<w:cellDel w:id="4"/>'))
    assert cells_of(tmp_path, table(row("Drink", "EUR"), kept, gone, changed)) == (
        ("Drink", "EUR"),
        ("Tea", "4"),
        ("Milk", "3"),
    )


def test_content_controls_and_smart_tags_are_read_at_every_level(tmp_path: Path) -> None:
    words = p(t("Rent: ") + controlled(t("GBP 2,150")) + f"<w:smartTag>{t(' in Delaware')}</w:smartTag>")
    whole = controlled(
        table(row("Item", "Value"), controlled(tr(controlled(tc(p(t("Gas")))), tc(controlled(p(t("G-7")))))))
    )
    found = blocks_of(tmp_path, controlled(words) + whole)
    assert found[0].text == "Rent: GBP 2,150 in Delaware"
    assert found[1].cells == (("Item", "Value"), ("Gas", "G-7"))


def test_a_control_that_nobody_filled_says_nothing(tmp_path: Path) -> None:
    empty = controlled(t("Choose an item."), "<w:showingPlcHdr/>")
    assert words_of(tmp_path, p(t("Colour: ") + empty)) == ["Colour:"]


def test_boxes_old_and_new_say_whether_they_are_ticked(tmp_path: Path) -> None:
    def old(state: str) -> str:
        data = f"<w:ffData><w:checkBox>{state}</w:checkBox></w:ffData>"
        return (
            f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>{instruction("FORMCHECKBOX")}{field("end")}'
        )

    new = controlled(t("?"), '<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>')
    body = p(old("<w:checked/>") + t(" Yes ") + old('<w:default w:val="0"/>') + t(" No ") + new + t(" Later"))
    assert words_of(tmp_path, body) == ["☒ Yes ☐ No ☒ Later"]


def test_an_old_drop_down_says_what_was_chosen(tmp_path: Path) -> None:
    list_ = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="Foxes"/><w:listEntry w:val="Hedgehogs"/></w:ddList>'
    begin = f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{list_}</w:ffData></w:fldChar></w:r>'
    assert words_of(tmp_path, p(t("Group: ") + begin + instruction("FORMDROPDOWN") + field("end"))) == [
        "Group: Hedgehogs"
    ]


def test_fields_give_their_results_and_page_numbers_nothing(tmp_path: Path) -> None:
    simple = f'<w:fldSimple w:instr="DOCPROPERTY Number">{t("LS-118")}</w:fldSimple>'
    page = field("begin") + instruction(" PAGE ") + field("separate") + t("7") + field("end")
    assert words_of(tmp_path, p(simple + t(" of ") + page + t("May"))) == ["LS-118 of May"]


def test_a_link_is_followed_by_its_address(tmp_path: Path) -> None:
    body = p(f'<w:hyperlink r:id="away">{t("the tables")}</w:hyperlink>')
    assert words_of(tmp_path, body) == ["the tables (https://tides.example/)"]


def test_notes_stand_after_the_paragraph_that_refers_to_them(tmp_path: Path) -> None:
    body = p(t("Due in May") + '<w:r><w:footnoteReference w:id="8"/></w:r>') + p(t("Next."))
    note = f'<w:footnote w:id="8">{p(t("Except in leap years."))}</w:footnote>'
    line = f'<w:footnote w:type="separator" w:id="0">{p(t("line"))}</w:footnote>'
    assert words_of(tmp_path, body, {"footnotes": line + note}) == [
        "Due in May (note 1)",
        "Note 1: Except in leap years.",
        "Next.",
    ]


def test_headers_footers_and_comments_are_told_as_such(tmp_path: Path) -> None:
    about = f'<w:commentRangeStart w:id="3"/>{t("365")}<w:commentRangeEnd w:id="3"/>'
    comment = f'<w:comment w:id="3" w:author="Ana" w:date="2026-03-01T10:00:00Z">{p(t("Too much?"))}</w:comment>'
    parts = {"header": p(t("Contract 118")), "footer": p(t("Confidential")), "comments": comment}
    assert words_of(tmp_path, p(t("The fee is ") + about + t(".")), parts) == [
        "The fee is 365.",
        "Page header: Contract 118",
        "Page footer: Confidential",
        "Comment by Ana, 2026-03-01 on “365”: Too much?",
    ]


def level(at: int, text: str, format: str = "decimal") -> str:
    start = '<w:start w:val="1"/>'
    return f'<w:lvl w:ilvl="{at}">{start}<w:numFmt w:val="{format}"/><w:lvlText w:val="{text}"/></w:lvl>'


def numbered(words: str, at: int = 0, list_: int = 1) -> str:
    return p(t(words), f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{list_}"/></w:numPr>')


def numbering(*levels: str, more: str = "") -> dict[str, str]:
    abstract = f'<w:abstractNum w:abstractNumId="4">{"".join(levels)}</w:abstractNum>'
    return {"numbering": f'{abstract}<w:num w:numId="1"><w:abstractNumId w:val="4"/></w:num>{more}'}


def test_automatic_numbers_stand_with_their_paragraphs(tmp_path: Path) -> None:
    parts = numbering(level(0, "%1."), level(1, "%1.%2"), level(2, "(%3)", "lowerLetter"))
    body = (
        numbered("One")
        + numbered("Sub", 1)
        + numbered("Two")
        + numbered("Sub", 1)
        + numbered("x", 2)
        + numbered("y", 2)
    )
    [found] = blocks_of(tmp_path, body, parts)
    assert found.kind == "list"
    assert [line.strip() for line in found.text.splitlines()] == [
        "1. One",
        "1.1 Sub",
        "2. Two",
        "2.1 Sub",
        "(a) x",
        "(b) y",
    ]


def test_chinese_articles_keep_their_numbers(tmp_path: Path) -> None:
    body = "".join(numbered(words) for words in ("总则", "付款", "交付"))
    [found] = words_of(tmp_path, body, numbering(level(0, "第%1条", "chineseCountingThousand")))
    assert found.splitlines() == ["第一条 总则", "第二条 付款", "第三条 交付"]


def test_a_skipped_level_counts_as_begun_and_a_bullet_as_nothing(tmp_path: Path) -> None:
    parts = numbering(level(0, "%1"), level(1, "%1.%2"), level(2, "*", "bullet"), level(3, "%1.%2.%3.%4"))
    body = numbered("a") + numbered("b", 3) + numbered("c", 1)
    [found] = words_of(tmp_path, body, parts)
    assert [line.strip() for line in found.splitlines()] == ["1 a", "1.1..1 b", "1.2 c"]


def test_a_level_that_does_not_say_where_it_starts_begins_with_nought(tmp_path: Path) -> None:
    levels = '<w:lvl w:ilvl="0"><w:numFmt w:val="decimalZero"/><w:lvlText w:val="%1"/></w:lvl>'
    assert words_of(tmp_path, numbered("a") + numbered("b"), numbering(levels)) == ["00 a\n01 b"]


def test_a_list_that_starts_anew_counts_from_there(tmp_path: Path) -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    more = f'<w:num w:numId="2"><w:abstractNumId w:val="4"/>{anew}</w:num>'
    body = numbered("a") + numbered("b") + numbered("c", list_=2) + numbered("d", list_=2)
    [found] = words_of(tmp_path, body, numbering(level(0, "%1)"), more=more))
    assert found.splitlines() == ["1) a", "2) b", "1) c", "2) d"]


def test_headings_that_a_style_numbers_keep_the_number(tmp_path: Path) -> None:
    styled = '<w:pPr><w:outlineLvl w:val="0"/><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = f'<w:style w:type="paragraph" w:styleId="K"><w:name w:val="Kop"/>{styled}</w:style>'
    body = p(t("Payment"), '<w:pStyle w:val="K"/>')
    [found] = blocks_of(tmp_path, body, {**numbering(level(0, "Article %1", "upperRoman")), "styles": styles})
    assert (found.kind, found.level, found.text) == ("heading", 1, "Article I Payment")


@pytest.mark.parametrize(
    ("count", "format", "text"),
    [
        (4, "lowerRoman", "iv"),
        (1994, "upperRoman", "MCMXCIV"),
        (28, "upperLetter", "BB"),
        (3, "ordinal", "3rd"),
        (12, "chineseCounting", "十二"),
        (105, "chineseCountingThousand", "一百零五"),
        (20, "japaneseCounting", "二十"),
        (10_200, "chineseCounting", "一万零二百"),
        (13, "chineseLegalSimplified", "壹拾叁"),
        (2, "ideographTraditional", "乙"),
        (3, "decimalEnclosedCircle", "③"),
        (7, "decimalZero", "07"),
        (7, "unheard of", "7"),
    ],
)
def test_numbers_in_the_formats_of_word(count: int, format: str, text: str) -> None:
    assert written(count, format) == text


@pytest.mark.parametrize("how", ["<w:vanish/>", '<w:color w:val="FFFFFF"/>', '<w:sz w:val="2"/>'])
def test_hidden_words_stand_apart(tmp_path: Path, how: str) -> None:
    found = blocks_of(tmp_path, p(t("Seen. ") + t("Say nothing of it.", how) + t("Too.")))
    assert [(block.text, block.standing) for block in found] == [("Seen. Too.", ""), ("Say nothing of it.", "hidden")]


def test_a_hidden_row_stands_apart(tmp_path: Path) -> None:
    shown, hidden = blocks_of(tmp_path, table(row("A", "B"), row("1", "2"), row("3", "4", properties="<w:hidden/>")))
    assert (shown.cells, hidden.standing, hidden.cells) == ((("A", "B"), ("1", "2")), "hidden", (("3", "4"),))


def test_white_letters_on_a_shaded_cell_are_seen(tmp_path: Path) -> None:
    white = '<w:color w:val="FFFFFF"/>'
    assert cells_of(tmp_path, table(tr(tc(p(t("Boat", white))), tc(p(t("Length", white)))), row("Petrel", "9")))[0] == (
        "Boat",
        "Length",
    )


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{p(t('Call 0555 7010'))}</w:txbxContent>"
    two = f"<mc:Choice><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
    body = p(t("Desk") + f"<w:r><mc:AlternateContent>{two}</mc:AlternateContent></w:r>")
    assert words_of(tmp_path, body) == ["Desk", "Call 0555 7010"]


def test_a_picture_in_a_text_box_is_taken_once(tmp_path: Path) -> None:
    drawing = '<w:r><w:drawing><a:blip r:embed="rimage"/></w:drawing></w:r>'
    box = f"<w:r><w:drawing><w:txbxContent>{p(t('Boat') + drawing)}</w:txbxContent></w:drawing></w:r>"
    page = page_of(tmp_path, p(box), {"image": ""})
    assert [block.text for block in page.blocks] == ["Boat"]
    assert [problem.message for problem in page.problems] == [
        "a picture is in a format that can't be read (EMF, WMF or damaged)"
    ]


def test_many_comments_on_the_same_words_take_time_in_step_with_their_number(tmp_path: Path) -> None:
    def work(words: str) -> None:
        starts = (f'<w:commentRangeStart w:id="{number}"/>{t("y")}' for number in range(len(words)))
        page_of(tmp_path, p("".join(starts)))

    assert_linear(work, "y" * 8_000)


def test_a_table_in_a_cell_keeps_its_headers_and_whose_it_is(tmp_path: Path) -> None:
    inner = table(row("Ticket", "Sunday"), row("Family", "31"))
    outer, found = blocks_of(tmp_path, table(row("Day", "Prices"), tr(tc(p(t("All days"))), tc(inner + p("")))))
    assert (found.cells, found.caption) == ((("Ticket", "Sunday"), ("Family", "31")), "All days")
    assert outer.cells == (("Day", "Prices"), ("All days", ""))


def test_a_table_of_one_cell_is_a_frame(tmp_path: Path) -> None:
    found = blocks_of(tmp_path, table(tr(tc(p(t("Note well.")) + table(row("A", "B"), row("1", "2"))))))
    assert [block.kind for block in found] == ["text", "table"]


def test_merged_cells_say_the_same_in_every_row_and_header_levels_are_paths(tmp_path: Path) -> None:
    begins, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    top = tr(tc(p(t("Region")), begins), tc(p(t("2024")), '<w:gridSpan w:val="2"/>'))
    below = tr(tc(p(""), goes_on), tc(p(t("Q1"))), tc(p(t("Q2"))))
    north = tr(tc(p(t("North")), begins), tc(p(t("3"))), tc(p(t("4"))))
    again = tr(tc(p(""), goes_on), tc(p(t("5"))), tc(p(t("6"))))
    assert cells_of(tmp_path, table(top, below, north, again)) == (
        ("Region", "2024 / Q1", "2024 / Q2"),
        ("North", "3", "4"),
        ("North", "5", "6"),
    )


def test_equations_are_text(tmp_path: Path) -> None:
    def m(words: str) -> str:
        return f"<m:r><m:t>{words}</m:t></m:r>"

    fraction = f"<m:f><m:num>{m('a+b')}</m:num><m:den>{m('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{m('x')}</m:e><m:sup>{m('2')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{m('y')}</m:e></m:rad>"
    assert words_of(tmp_path, p(t("So ") + f"<m:oMath>{fraction}{m('=')}{power}{root}</m:oMath>")) == [
        "So (a+b)/2=x^2√(y)"
    ]


@pytest.mark.parametrize(
    "nest",
    [
        lambda depth: f"{INSERTED * depth}{t('deep')}{'</w:ins>' * depth}",
        lambda depth: f"<m:oMath>{'<m:e>' * depth}<m:r><m:t>deep</m:t></m:r>{'</m:e>' * depth}</m:oMath>",
    ],
)
def test_deep_markup_is_read_to_its_end(tmp_path: Path, nest: object) -> None:
    assert callable(nest)
    assert words_of(tmp_path, p(nest(3_000))) == ["deep"]


def test_tables_in_tables_without_end_are_read_to_their_end(tmp_path: Path) -> None:
    inside = p(t("deep"))
    for _ in range(200):
        inside = table(tr(tc(inside), tc(p(t("x")))))
    assert any("deep" in words for words in words_of(tmp_path, inside))


def test_a_long_document_takes_time_in_step_with_its_length(tmp_path: Path) -> None:
    parts = numbering(level(0, "%1."))

    def work(paragraphs: str) -> None:
        page_of(tmp_path, (numbered("One") + p(t("word"))) * len(paragraphs), parts)

    assert_linear(work, "p" * 2_000)


@pytest.mark.parametrize("asked_for", [False, True])
def test_hidden_words_are_left_out_and_told_or_marked(tmp_path: Path, asked_for: bool) -> None:
    page = page_of(tmp_path, p(t("Seen. ") + t("Say nothing.", "<w:vanish/>")))
    file = tmp_path / "pages.json"
    file.write_bytes(Pages.dump_json((page,)))
    document = Document("d", "c", "default", "d.docx", WORD, 1, "0" * 64, "running", datetime.now(UTC))
    cut = cut_text(document, [file], lambda texts: [len(text.split()) for text in texts], 200, STANDARD, asked_for)
    hidden = ["[hidden text] Say nothing."] if asked_for else []
    assert [chunk.text for chunk in cut.chunks] == ["Seen.", *hidden]
    assert [problem.message for problem in cut.problems] == ([] if asked_for else ["2 hidden words were left out"])
