"""Numbers as digits and as words, English and Chinese, in one spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence

from language.scripts import folded
from language.units import SCALES

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*")

CARDINALS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905
        "seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)  # noqa: SIM905
}
_UP_TO_TWENTY = {word: str(value) for word, value in CARDINALS.items() if value <= 20}
HAN_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN_NUMBER = re.compile("[零〇一二两三四五六七八九十百]+")


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text in one spelling: `1,496.50` and `1496.5` are the same."""
    return frozenset(plain_number(number) for number in _NUMBER.findall(folded(text)))


def plain_number(number: str) -> str:
    number = number.replace(",", "") if re.fullmatch(r"\d+(?:,\d{3})+(?:\.\d+)?", number) else number
    if number.count(".") == 1:
        number = number.rstrip("0").rstrip(".")
    return number.lstrip("0") or "0"


def spelled_numbers(text: str) -> frozenset[str]:
    """Numbers written as words, up to twenty in English and 999 in Chinese, as digits."""
    words = {_UP_TO_TWENTY[word] for word in re.findall(r"[a-z]+", text.casefold()) if word in _UP_TO_TWENTY}
    return frozenset(words | {han_number(run) for run in _HAN_NUMBER.findall(text)})


def english_number(words: Sequence[str]) -> float | None:
    """`two hundred and five thousand`; None if it is no number (`one` alone counts, though it is mostly a pronoun)."""
    total = current = 0.0
    for word in words:
        if word == "and":
            continue
        if word in CARDINALS:
            current += CARDINALS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in SCALES:
            total += (current or 1) * SCALES[word]
            current = 0.0
    return total + current if words and words[0] in CARDINALS else None


def han_number(run: str) -> str:
    """In digits, as a run may be of any length: `三百二十` is `320`, and `二〇一九`, digit by digit, `2019`."""
    if not set(run) & set(HAN_TENS):
        return "".join(str(HAN_DIGITS[digit]) for digit in run).lstrip("0") or "0"
    total, digit = 0, None
    for character in run:
        if character in HAN_TENS:
            total += (1 if digit is None else digit) * HAN_TENS[character]
            digit = None
        else:
            digit = HAN_DIGITS[character]
    return str(total + (digit or 0))
