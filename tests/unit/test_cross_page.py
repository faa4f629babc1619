"""What is seen over all pages: running lines, and tables that go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.documents import Box
from domain.parsed import Block, Line, ParsedPage
from ingest.chunk.cross_page import is_page_number, running_lines, with_joined_tables, without_running
from ingest.parse.tables import table_block

COLUMNS = (0.1, 0.4, 0.7)


def line(text: str, top: float, standing: bool = False) -> Block:
    box = Box(0.1, top, 0.9, top + 0.02)
    return Block("text", text, box=box, lines=(Line(text, box),), standing="running" if standing else "")


def rid(pages: Sequence[ParsedPage]) -> list[ParsedPage]:
    """Of what they repeat in their margins."""
    running = running_lines(pages)
    return [without_running(page, running) for page in pages]


def texts(pages: Sequence[ParsedPage]) -> list[list[str]]:
    return [[block.text for block in page.blocks] for page in pages]


def test_a_header_is_left_out_of_every_page_also_where_a_batch_has_it_once() -> None:
    pages = [ParsedPage(n, (line(f"Annual report | {n}", 0.03), line(f"Story {n}", 0.5))) for n in range(1, 18)]
    assert texts(rid(pages)) == [[f"Story {n}"] for n in range(1, 18)]


def test_two_pages_that_share_a_footer_are_enough_where_there_are_no_more() -> None:
    pages = [ParsedPage(n, (line(f"Story {n}", 0.5), line("Confidential", 0.95))) for n in (1, 2)]
    assert texts(rid(pages)) == [["Story 1"], ["Story 2"]]


def test_the_header_of_sideways_pages_stands_at_their_side() -> None:
    def sideways(text: str, left: float) -> Block:
        box = Box(left, 0.1, left + 0.03, 0.9)
        return Block("text", text, box=box, lines=(Line(text, box, turns=1),))

    pages = [ParsedPage(n, (sideways("Yearbook", 0.95), sideways(f"Story {n}", 0.5))) for n in range(1, 4)]
    assert texts(rid(pages)) == [["Story 1"], ["Story 2"], ["Story 3"]]


def test_what_only_one_page_has_in_its_margin_stays() -> None:
    pages = [ParsedPage(n, (line(f"Chapter {'abc'[n]}", 0.03, True), line("Text", 0.5))) for n in range(3)]
    assert texts(rid(pages)) == texts(pages)


def test_rows_of_figures_at_the_top_of_pages_are_no_headers() -> None:
    pages = [ParsedPage(n, (line(f"Total {n}10 {n}20 {n}30", 0.03),)) for n in range(1, 5)]
    assert texts(rid(pages)) == texts(pages)


def test_a_running_line_is_taken_out_of_the_block_it_was_read_into() -> None:
    box = Box(0.1, 0.03, 0.9, 0.05)
    pages = [
        ParsedPage(n, (replace(line(f"Prose {n} goes on.", 0.1), text=f"Yearbook Prose {n} goes on.",
                               lines=(Line("Yearbook", box), *line(f"Prose {n} goes on.", 0.1).lines)),))
        for n in range(1, 4)
    ]  # fmt: skip
    assert texts(rid(pages)) == [[f"Prose {n} goes on."] for n in range(1, 4)]


@pytest.mark.parametrize("text", ["7", "- 12 -", "Page 3 of 10", "3 / 10", "xii", "第 3 页 共 10 页"])
def test_page_numbers_are_recognised(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["Total", "7 dwarfs", "2019 2020 2021", "Part 3"])
def test_other_numbers_are_no_page_numbers(text: str) -> None:
    assert not is_page_number(text)


def table(rows: Sequence[Sequence[str]], top: float, page: int, caption: str = "") -> Block:
    boxes = [
        [[Box(x, top + 0.03 * n, x + 0.1, top + 0.03 * n + 0.02)] for x in COLUMNS[: len(row)]]
        for n, row in enumerate(rows)
    ]
    box = Box(0.1, top, 0.8, top + 0.03 * len(rows))
    return table_block(rows, page=page, box=box, stretches=boxes, caption=caption)


HEAD = ("Island", "Letters", "Parcels")
FIRST = [HEAD, ("Amber", "61", "58"), ("Tolle", "14", "19")]
MORE = [("Skerry", "5", "13"), ("Finch", "9", "11")]


@pytest.mark.parametrize("rows", [MORE, [HEAD, *MORE]], ids=["without its header", "with its header again"])
def test_a_table_that_goes_on_is_one_and_knows_the_page_of_each_row(rows: list[tuple[str, ...]]) -> None:
    one, two = with_joined_tables(
        [
            ParsedPage(1, (line("Before", 0.2), table(FIRST, 0.8, 1, "Table 1: Mail"))),
            ParsedPage(2, (table(rows, 0.1, 2), line("After", 0.5))),
        ]
    )
    joined = one.blocks[1]
    assert joined.cells == (*FIRST, *MORE)
    assert joined.row_pages == (1, 1, 1, 2, 2)
    assert len(joined.boxes) == len(joined.stretches) == 5
    assert joined.caption == "Table 1: Mail"
    assert texts([two]) == [["After"]]


def test_a_table_may_go_on_over_many_pages() -> None:
    pages = [ParsedPage(1, (table(FIRST, 0.8, 1),))]
    pages += [
        ParsedPage(n, (line("Table 1 (continued)", 0.05), table([HEAD, *MORE], 0.1, n))) for n in range(2, 5)
    ]  # each ends its page low enough only when it is long: here the last may end anywhere
    joined = with_joined_tables(pages)
    assert len(joined[0].blocks[0].cells) == 3 + 2 * 3
    assert all(not page.blocks for page in joined[1:])


@pytest.mark.parametrize(
    "second",
    [
        (table([("Boat", "Year", "Crew"), ("Gull", "1931", "4")], 0.1, 2),),  # another header
        (table([HEAD[:2], ("Skerry", "5")], 0.1, 2),),  # other columns
        (table(MORE, 0.6, 2),),  # not at the top
        (line("A paragraph of prose.", 0.05), table(MORE, 0.1, 2)),
        (table(MORE, 0.1, 2, "Table 2: Boats"),),
    ],
)
def test_tables_of_two_pages_that_differ_stay_two(second: tuple[Block, ...]) -> None:
    pages = [ParsedPage(1, (table(FIRST, 0.8, 1, "Table 1: Mail"),)), ParsedPage(2, second)]
    assert with_joined_tables(pages) == pages
