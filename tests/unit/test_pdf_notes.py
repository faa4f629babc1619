"""Forms and notes of readers in PDFs: written by hand here, as other programs leave them."""

from __future__ import annotations

from pathlib import Path

from domain.parsed import ParsedPage
from ingest.parse.pdf import parse_pdf

LETTERS = "BT /F 12 Tf {x} {y} Td ({words}) Tj ET\n"


def with_annotations(
    path: Path, drawn: list[tuple[int, int, str]], annotations: list[str], form: str = ""
) -> ParsedPage:
    """A page of 600 × 800 points; annotation n (from 0) is object 10 + n."""
    content = "".join(LETTERS.format(x=x, y=y, words=words) for x, y, words in drawn)
    numbers = " ".join(f"{10 + at} 0 R" for at in range(len(annotations)))
    objects = {
        1: f"<</Type/Catalog/Pages 2 0 R{form.replace('FIELDS', numbers)}>>",
        2: "<</Type/Pages/Count 1/Kids[5 0 R]>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        5: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 6 0 R/Annots[{numbers}]"
        "/Resources<</Font<</F 3 0 R>>>>>>",
        6: f"<</Length {len(content)}>>stream\n{content}\nendstream",
        **dict(enumerate(annotations, 10)),
    }
    body = "%PDF-1.7\n" + "".join(f"{number} 0 obj\n{each}\nendobj\n" for number, each in objects.items())
    path.write_bytes((body + "trailer<</Root 1 0 R>>\n%%EOF").encode("latin-1"))
    (page,) = parse_pdf(path, 1, 1)
    return page


def note(kind: str, box: str, words: str, more: str = "") -> str:
    return f"<</Type/Annot/Subtype/{kind}/Rect[{box}]/Contents({words}){more}>>"


def field(kind: str, box: str, more: str) -> str:
    return f"<</Type/Annot/Subtype/Widget/FT/{kind}/T(field)/Rect[{box}]{more}>>"


FORM = "/AcroForm<</Fields[FIELDS]/NeedAppearances true>>"


def texts(page: ParsedPage) -> list[str]:
    return [" ".join(block.text.split()) for block in page.blocks]


def test_a_sticky_note_says_who_wrote_it_and_when(tmp_path: Path) -> None:
    written = note("Text", "400 690 420 710", "Ask for oak", "/T(Ada Birch)/M(D:20260504101500Z)")
    page = with_annotations(tmp_path / "n.pdf", [(60, 700, "The door is of pine.")], [written])
    assert texts(page) == ["The door is of pine.", "Comment by Ada Birch, 2026-05-04: Ask for oak"]
    assert page.blocks[1].box is not None
    assert page.blocks[1].box.x0 > 0.6


def test_a_comment_on_a_highlight_names_the_words_beneath(tmp_path: Path) -> None:
    quads = "/QuadPoints[60 712 95 712 60 696 95 696]"
    page = with_annotations(
        tmp_path / "h.pdf", [(60, 700, "Monday is free")], [note("Highlight", "60 696 95 712", "a feast", quads)]
    )
    assert texts(page)[-1] == "Comment on “Monday”: a feast"


def test_a_reply_says_what_it_answers(tmp_path: Path) -> None:
    notes = [note("Text", "9 9 29 29", "Too dear?"), note("Text", "9 9 29 29", "No.", "/IRT 10 0 R")]
    page = with_annotations(tmp_path / "r.pdf", [(60, 700, "It costs 40 francs.")], notes)
    assert texts(page)[-1] == "Comment in reply to “Too dear?”: No."


def test_a_free_text_that_is_drawn_is_said_once_as_a_comment(tmp_path: Path) -> None:
    look = "<</Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 3 0 R>>>>/Length 47>>stream\n"
    look += "BT /F 12 Tf 2 5 Td (Ring twice) Tj ET          \nendstream"
    free = note("FreeText", "60 600 260 620", "Ring twice", "/AP<</N 11 0 R>>")
    page = with_annotations(tmp_path / "f.pdf", [(60, 700, "Deliver at noon.")], [free, look])
    assert texts(page) == ["Deliver at noon.", "Comment: Ring twice"]


def test_hidden_notes_are_left_out(tmp_path: Path) -> None:
    page = with_annotations(tmp_path / "x.pdf", [(60, 700, "Seen.")], [note("Text", "9 9 29 29", "unseen", "/F 2")])
    assert texts(page) == ["Seen."]


def test_a_value_that_the_file_does_not_draw_stands_beside_its_label(tmp_path: Path) -> None:
    value = field("Tx", "150 695 350 715", "/V(Ida Holm)")
    page = with_annotations(tmp_path / "v.pdf", [(60, 700, "Full name")], [value], FORM)
    assert texts(page) == ["Full name Ida Holm"]
    assert page.blocks[0].lines[-1].box.x0 > 0.2


def test_a_password_in_a_form_is_not_read(tmp_path: Path) -> None:
    secret = field("Tx", "150 695 350 715", "/V(hunter2)/Ff 8192")
    page = with_annotations(tmp_path / "p.pdf", [(60, 700, "Password")], [secret], FORM)
    assert "Password" in texts(page)
    assert "hunter2" not in " ".join(texts(page))


def test_check_boxes_say_what_is_chosen(tmp_path: Path) -> None:
    chosen = field("Btn", "60 695 76 711", "/V/On/AS/On/AP<</N<</On 6 0 R/Off 6 0 R>>>>")
    other = field("Btn", "60 655 76 671", "/V/Off/AS/Off/AP<</N<</On 6 0 R/Off 6 0 R>>>>").replace("(field)", "(other)")
    drawn = [(82, 700, "By sea"), (82, 660, "By rail")]
    page = with_annotations(tmp_path / "c.pdf", drawn, [chosen, other], FORM)
    assert "☒ By sea" in texts(page)
    assert "☐ By rail" in texts(page)


def test_a_field_without_a_label_on_the_page_brings_its_own(tmp_path: Path) -> None:
    value = field("Tx", "150 695 350 715", "/V(12 May)/TU(Date of birth)")
    page = with_annotations(tmp_path / "l.pdf", [(60, 600, "Please sign below.")], [value], FORM)
    assert "Date of birth: 12 May" in texts(page)


def test_ten_thousand_notes_are_bounded_and_told(tmp_path: Path) -> None:
    page = with_annotations(tmp_path / "many.pdf", [(60, 700, "Text.")], [note("Text", "9 9 29 29", "n")] * 10_000)
    assert len(page.blocks) == 2_001
    assert [each.message for each in page.problems] == [
        "8,000 notes or form fields after the first 2,000 were not read"
    ]
