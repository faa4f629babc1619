"""One number in its spellings, English and Chinese."""

from __future__ import annotations

import pytest

from language.dates import dates
from language.names import capitals, named_in
from language.numerals import han_number, numbers, spelled_numbers
from language.quantities import quantities, same_quantity
from language.wordlists import words


@pytest.mark.parametrize(
    ("run", "number"),
    [
        ("三百二十", "320"),
        ("十", "10"),
        ("两千零五", "2005"),
        ("二〇一九", "2019"),
        ("零零", "0"),
        ("一" * 5000, "1" * 5000),
    ],
)
def test_han_numerals_are_read_by_places_or_digit_by_digit(run: str, number: str) -> None:
    assert han_number(run) == number


def test_numbers_of_a_text_have_one_spelling() -> None:
    assert numbers("1,496.50 and 007") == {"1496.5", "7"}
    assert spelled_numbers("twelve ships, thirty crew, 二十一人") == {"12", "21"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2 million", "120万"),
        ("two hundred and five thousand", "205,000"),
        ("３０％", "30 percent"),
        ("三点五公里", "3,500 m"),
        ("5 square miles", "5 square-miles"),
    ],
)
def test_quantities_in_other_words_are_the_same(one: str, other: str) -> None:
    assert same_quantity(quantities(one)[0], quantities(other)[0]) == 1.0


@pytest.mark.parametrize("text", ["一般", "B2B", "百姓"])
def test_numerals_inside_of_words_are_no_quantities(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    "text", ["5 March 2019", "Mar. 5th, 2019", "2019-03-05", "2019 年 3 月 5 日", "３/５/２０１９"]
)
def test_dates_in_other_words_are_the_same(text: str) -> None:
    assert any((date.year, date.month, date.day) == (2019, 3, 5) for date in dates(text))


def test_months_and_words_that_begin_a_sentence_are_no_names() -> None:
    assert capitals("However, Ada left London in March.") == [("Ada", False), ("London", False)]
    assert named_in("卡万·肖特住在伦敦，读《红楼梦》") == ["红楼梦", "卡万", "肖特", "伦敦"]


def test_comments_are_no_words() -> None:
    assert words("stop_words.en.txt")[:3] == ["a", "about", "also"]
