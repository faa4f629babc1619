"""What the bench of the recogniser counts."""

from __future__ import annotations

from pathlib import Path

from lab.bench.ocr import Speed, found_share, pages_with_words, rows_of, spread, words

REPORT = Path(__file__).parents[2] / "samples" / "documents" / "annual-report-2025.pdf"


def test_pages_are_spread_over_all_there_are() -> None:
    pages = [(Path("a.pdf"), number) for number in range(100)]
    assert [number for _, number in spread(pages, 4)] == [12, 37, 62, 87]
    assert len(spread(pages[:3], 8)) == 3


def test_words_found_are_counted_once_for_each_time_they_stand_there() -> None:
    page = next(iter(pages_with_words([REPORT])))
    assert found_share(page, "") == 0
    assert 0 < found_share(page, "the harbour the") < 0.1
    assert words("The 3rd, a 1st-class Licht!") == ["the", "3", "rd", "1", "st", "class", "licht"]


def test_the_ratio_is_of_pages_a_second_by_the_clock_and_by_the_processor() -> None:
    rows = rows_of(Speed(8, 4.0, 8.0, 0.98), Speed(8, 16.0, 24.0, 0.99))
    assert rows[0] == ("pages/s", "2.00", "0.50", "4.00")
    assert rows[1] == ("pages per processor second", "1.00", "0.33", "3.00")
    assert rows[2] == ("words found", "0.980", "0.990", "")
