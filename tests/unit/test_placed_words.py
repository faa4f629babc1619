"""The words of a page with their boxes, from the three places where they may be known."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from domain.documents import Box
from domain.errors import Missing
from domain.parsed import Block, Line
from ingest.narrowed import narrowed
from ingest.parse.pdf_placed import words_of_pdf
from ingest.parse.render import page_picture
from ingest.placed_words import dumped, loaded, words_of_blocks, words_of_line, words_of_regions

REPORT = Path(__file__).parents[2] / "samples" / "documents" / "annual-report-2025.pdf"


def test_the_words_of_a_pdf_stand_where_its_page_is_dark() -> None:
    words = words_of_pdf(REPORT, 1)
    page = page_picture(REPORT, "application/pdf", 1, 1600).convert("L")
    assert len(words) > 20
    assert {"Annual", "Report"} <= {word.text for word in words}
    for word in words:
        box = word.box
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1
        cut = page.crop((int(box.x0 * page.width), int(box.y0 * page.height),
                         int(box.x1 * page.width) + 1, int(box.y1 * page.height) + 1))  # fmt: skip
        darkest, lightest = cut.getextrema()
        assert lightest - darkest > 40, word  # type: ignore[operator]


def test_a_page_that_is_not_there_has_no_words() -> None:
    with pytest.raises(Missing, match="no page 99"):
        words_of_pdf(REPORT, 99)


def test_recognised_words_have_their_stretch_of_the_line() -> None:
    line = Line("To the Schoolmistress", Box(0.1, 0.2, 0.9, 0.25), starts=(0.1, 0.25))
    assert [(word.text, word.box.x0, word.box.x1) for word in words_of_line(line)] == [
        ("To", 0.1, 0.18), ("the", 0.18, 0.3), ("Schoolmistress", 0.3, 0.9),
    ]  # fmt: skip
    unknown = Line("ab cd", Box(0.0, 0.0, 0.5, 0.1))
    assert [(word.box.x0, word.box.x1) for word in words_of_line(unknown)] == [(0.0, 0.3), (0.3, 0.5)]
    downwards = Line("ab cd", Box(0.0, 0.0, 0.1, 0.5), turns=1)
    assert [(word.box.y0, word.box.y1) for word in words_of_line(downwards)] == [(0.0, 0.3), (0.3, 0.5)]


def test_cells_of_recognised_tables_are_words_too() -> None:
    box = Box(0, 0, 0.5, 0.1)
    table = Block("table", cells=(("Island", "Post"),), boxes=((box, None),))
    assert [word.text for word in words_of_blocks([table, Block("text", lines=(Line("a b", box),))])] == [
        "Island", "a", "b",
    ]  # fmt: skip


def test_words_come_back_as_they_were_stored() -> None:
    words = words_of_line(Line("灯塔 烧 “鲸油”", Box(0.1, 0.2, 0.9, 0.25)))
    assert loaded(dumped(words)) == words


def test_a_text_is_spread_over_its_regions_whole_and_in_order() -> None:
    boxes = [Box(0, 0, 1, 0.1), Box(0, 0.2, 1, 0.5)]
    text = "one two three four five six seven eight"
    placed = words_of_regions(text, boxes)
    assert " ".join(word.text for word in placed) == text
    assert [word.box for word in placed] == boxes
    assert len(placed[0].text) < len(placed[1].text)
    assert words_of_regions("", boxes) == words_of_regions("words", []) == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_page_is_made_narrower_but_never_wider(kind: str) -> None:
    out = BytesIO()
    Image.new("RGB", (1131, 1600), "white").save(out, kind)
    with Image.open(BytesIO(narrowed(out.getvalue(), 200))) as small:
        assert (small.size, small.format) == ((200, 283), kind)
    assert narrowed(out.getvalue(), 2000) == out.getvalue()
