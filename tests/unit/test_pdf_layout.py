"""Words become lines, columns and paragraphs by arithmetic alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.documents import Box
from ingest.parse.pdf_geometry import Page, Row, Word, row_of
from ingest.parse.pdf_layout import blocks, text_of
from ingest.parse.pdf_rows import aligned_tables, is_of_records
from ingest.parse.pdf_tables import filled, is_table, stretches_of_cell, tidy
from ingest.parse.reading_order import in_order, segments

PAGE = Page(1, 600, 800)


def line(text: str, x: float, y: float, number: int, size: float = 10, bold: bool = False) -> list[Word]:
    """A line of words, five points a letter."""
    words = []
    for token in text.split():
        words.append(Word(token, x, y, x + 5 * len(token), y + size, size, bold, number))
        x += 5 * len(token) + 3
    return words


def rows(*words: list[Word]) -> list[Row]:
    return [row_of(row) for row in in_order(segments([word for each in words for word in each]))]


def test_two_columns_are_read_one_after_the_other() -> None:
    left = [line(f"left column line number {i}", 50, 100 + 14 * i, 2 * i) for i in range(8)]
    right = [line(f"right column line number {i}", 330, 100 + 14 * i, 2 * i + 1) for i in range(8)]
    title = line("a title that spans the whole width of this page with both of its columns " * 1, 50, 60, 99)
    mixed = [part for pair in zip(left, right, strict=True) for part in pair]
    texts = [row.text for row in rows(*mixed, title)]
    assert texts[0].startswith("a title")
    assert texts[1:9] == [f"left column line number {i}" for i in range(8)]
    assert texts[9:] == [f"right column line number {i}" for i in range(8)]


def test_the_rows_of_a_table_are_not_taken_for_columns() -> None:
    table = [[*line("Net sales", 50, 100 + 14 * i, i), *line(f"{i},100", 400, 100 + 14 * i, i)] for i in range(8)]
    assert [row.text for row in rows(*table)] == [f"Net sales  {i},100" for i in range(8)]


def costs(i: int) -> list[Word]:
    y = 100 + 14 * i
    return [*line(f"Cost {i}", 50, y, i), *line("$", 280, y, i), *line(f"{i}11", 300, y, i), *line(f"{i}22", 420, y, i)]


def test_aligned_rows_become_a_table_with_signs_beside_their_numbers() -> None:
    lines = [
        [*line("Item", 50, 86, 0), *line("2021", 300, 86, 0), *line("2020", 420, 86, 0)],
        *(costs(i) for i in range(1, 5)),
    ]
    (table,) = aligned_tables(rows(*lines))
    assert table.cells[0] == ("Item", "2021", "2020")
    assert table.cells[2] == ("Cost 2", "$211", "222")


def test_a_currency_s_sign_belongs_to_the_number_after_it() -> None:
    def paid(i: int) -> list[Word]:  # as reports set it: the sign at the left of its column, the number at the right
        y = 100 + 14 * i
        return [*line(f"Paid {i}", 50, y, i), *line("$", 250, y, i), *line(f"{i},011 $", 300, y, i),
                *line(f"{i}2", 420, y, i), *line("$", 450, y, i), *line(f"{i},023", 520, y, i)]  # fmt: skip

    head = [*line("Year", 50, 86, 0), *line("2021", 300, 86, 0), *line("2020", 420, 86, 0), *line("2019", 520, 86, 0)]
    (table,) = aligned_tables(rows(head, *(paid(i) for i in range(1, 5))))
    assert table.cells[2] == ("Paid 2", "$2,011", "$22", "$2,023")
    assert [len(cell) for cell in table.stretches[2]] == [1, 2, 2, 2]  # the white between is no part of the cell


def test_a_word_is_in_the_innermost_of_cells_within_cells() -> None:
    words = line("outer", 10, 10, 0) + line("inner", 60, 10, 1)
    outer, inner = (0.0, 0.0, 100.0, 40.0), (50.0, 0.0, 100.0, 40.0)
    assert [[w.text for w in cell] for cell in filled([[outer, inner]], words)[0]] == [["outer"], ["inner"]]


def test_the_gaps_in_a_cell_are_found_however_its_letters_are_turned() -> None:
    upright = line("12,267 37.4", 10, 10, 0)[:1] + line("2,737", 200, 10, 0)
    for turns in range(4):
        page = Page(1, 300, 300, turns)
        assert len(stretches_of_cell([page.lying(word) for word in upright])) == 2


def spaced(words: str, x: float, y: float, number: int, white: float) -> list[Word]:
    """A line with the same white between all of its words."""
    made = []
    for token in words.split():
        made.append(Word(token, x, y, x + 5 * len(token), y + 10, 10, False, number))
        x += 5 * len(token) + white
    return made


def test_columns_may_stand_closer_together_than_cells_usually_do() -> None:
    lines = [[*line("Method", 50, 100, 0), *spaced("Maps Maze Mean", 140, 100, 0, 12)]]
    lines += [
        [*line(f"Model {i}", 50, 100 + 14 * i, i), *spaced(f"4{i}.5 5{i}.5 6{i}.5", 140, 100 + 14 * i, i, 12)]
        for i in range(1, 5)
    ]
    (table,) = aligned_tables(rows(*lines))
    assert table.cells[0] == ("Method", "Maps", "Maze", "Mean")
    assert table.cells[2] == ("Model 2", "42.5", "52.5", "62.5")


def test_a_row_without_wide_gaps_has_cells_where_numbers_follow() -> None:
    def row(name: str, *numbers: str, y: float) -> list[Word]:
        placed = zip(numbers, (130, 190), strict=True)
        return [*line(name, 50, y, int(y)), *(Word(n, x, y, x + 30, y + 10, 10, False, int(y)) for n, x in placed)]

    tight = row("x", "911", "922", y=128)
    tight[:2] = [Word("Name", 50, 128, 118, 138, 10, False, 128), Word("911", 130, 128, 178, 138, 10, False, 128)]
    around = [row("Data", "111", "222", y=y) for y in (100, 114, 142, 156)]
    (table,) = aligned_tables(rows(*around[:2], tight, *around[2:]))
    assert table.cells[2] == ("Name", "911", "922")


@pytest.mark.parametrize(
    ("cells", "records"),
    [
        (("Item Qty Amount", "Shelf 12 184.50", "Bench 3 395.00", "Desk 1 75.00"), True),
        (("Land 2023 2024", "Tolle 6,300 7,100", "Skerry 4,120 4,500", "Ness 90 70"), True),
        (("Layer Layer Layer", "softmax softmax softmax", "input input output", "a b c"), False),
        (("1 2 3", "4 5 6", "7 8 9", "10 11 12"), False),
    ],
)
def test_the_labels_of_a_drawing_are_no_table_of_records(cells: tuple[str, ...], records: bool) -> None:
    lines = [
        [word for j, cell in enumerate(row.split()) for word in line(cell, 50 + 120 * j, 100 + 14 * i, i)]
        for i, row in enumerate(cells)
    ]
    (table,) = aligned_tables(rows(*lines))
    assert is_of_records(table) == records


def test_prose_beside_prose_is_no_table() -> None:
    words = "these are many words of running prose in one of two columns"
    both = [[*line(words, 20, 100 + 14 * i, i), *line(words, 330, 100 + 14 * i, i)] for i in range(6)]
    assert aligned_tables(rows(*both)) == []


def test_a_large_line_is_a_heading_and_a_gap_below_ends_a_paragraph() -> None:
    found = blocks(
        rows(
            line("Results", 50, 50, 0, size=20),
            line("The first paragraph starts", 50, 90, 1),
            line("and goes on here.", 50, 104, 2),
            line("Another one begins.", 50, 150, 3),
        ),
        PAGE,
        10,
    )
    assert [(b.kind, b.level, b.text) for b in found] == [
        ("heading", 1, "Results"),
        ("text", 0, "The first paragraph starts and goes on here."),
        ("text", 0, "Another one begins."),
    ]
    assert [each.text for each in found[1].lines] == ["The first paragraph starts", "and goes on here."]


def test_a_large_numbered_line_is_a_heading_and_an_item_of_a_large_list_is_not() -> None:
    found = blocks(
        rows(
            line("2. Methods", 50, 50, 0, size=14),
            line("Traps were run for ten weeks.", 50, 90, 1),
            line("3. Large type, but a sentence.", 50, 130, 2, size=14),
        ),
        PAGE,
        10,
    )
    assert [(b.kind, b.text) for b in found] == [
        ("heading", "2. Methods"),
        ("text", "Traps were run for ten weeks."),
        ("list", "3. Large type, but a sentence."),
    ]


def test_a_line_with_raised_letters_stays_one_line_across_the_columns_below() -> None:
    left = [line(f"left column line number {i}", 50, 100 + 14 * i, 2 * i) for i in range(8)]
    right = [line(f"right column line number {i}", 330, 100 + 14 * i, 2 * i + 1) for i in range(8)]
    names = [line("Written by Ingrid Valberg", 120, 60, 90), [Word("a", 241, 58, 244, 64, 6, False, 91)]]
    names.append(line("and Priya Nambiar", 247, 60, 92))
    texts = [row.text for row in rows(*names, *(part for pair in zip(left, right, strict=True) for part in pair))]
    assert texts[0] == "Written by Ingrid Valberg a and Priya Nambiar"


def test_bullets_make_a_list_with_an_item_a_line() -> None:
    (block,) = blocks(
        rows(line("• first item", 50, 50, 0), line("goes on", 60, 62, 1), line("• second", 50, 74, 2)), PAGE, 10
    )
    assert (block.kind, block.text) == ("list", "• first item goes on\n• second")


def test_fields_below_each_other_stay_lines_of_their_own() -> None:
    lines = rows(
        line("Invoice no: 17", 50, 50, 0), line("Due date: 3 May", 50, 64, 1), line("Note: it was seen", 50, 78, 2)
    )
    assert text_of([*lines, *rows(line("by the clerk", 50, 92, 3))], items=False) == (
        "Invoice no: 17\nDue date: 3 May\nNote: it was seen by the clerk"
    )


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("the exam-", "ple", "the example"),
        ("in 2019-", "2020", "in 2019-2020"),
        ("state-of-the-", "art", "state-of-the-art"),
        ("Anglo-", "American", "Anglo-American"),
        ("证据在这", "一页上", "证据在这一页上"),
        ("two", "words", "two words"),
    ],
)
def test_lines_run_on_as_a_reader_would_read_them(first: str, second: str, whole: str) -> None:
    assert text_of(rows(line(first, 50, 50, 0), line(second, 50, 64, 1)), items=False) == whole


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turning_a_page_upright_and_back_changes_no_place(turns: int) -> None:
    page = Page(1, 600, 800, turns)
    word = page.upright(Word("x", 60, 80, 120, 160, 10, False, 0, turns))
    assert word.turns == 0
    assert page.box(word.x0, word.y0, word.x1, word.y1) == Box(0.1, 0.1, 0.2, 0.2)


@given(
    st.lists(
        st.tuples(st.floats(-50, 700), st.floats(-50, 900), st.floats(0, 300), st.floats(0, 50), st.integers(0, 9)),
        max_size=40,
    )
)
def test_no_word_is_lost_or_doubled_wherever_it_stands(places: list[tuple[float, float, float, float, int]]) -> None:
    words = [
        Word(f"w{i}", x, y, x + width, y + height, max(1.0, height), False, number)
        for i, (x, y, width, height, number) in enumerate(places)
    ]
    ordered = [row_of(row) for row in in_order(segments(words))]
    found = [token for row in ordered for cell in row.cells for token in cell.text.split()]
    assert sorted(found) == sorted(word.text for word in words)


def test_a_frame_around_prose_is_no_table_and_empty_columns_go() -> None:
    assert tidy([["a", "", "b"], ["", "", ""], ["d", "", "e"]], bool) == [["a", "b"], ["d", "e"]]
    assert not is_table([["x" * 2000, "y"], ["z", "w"]])
    assert not is_table([["only one column"], ["and two rows"]])
    assert is_table([["a", "b"], ["c", "d"]])
