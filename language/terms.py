"""A text as the things that can be compared: stems of words, pairs of Chinese characters, numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CJK = "\u2e80-\u2eff\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_RUN = re.compile(f"[{CJK}]+")
_TOKEN = re.compile(rf"[{CJK}]+|\d+(?:[.,]\d+)*|[^\W\d_{CJK}]+(?:['’][^\W\d_]+)?|\w+")
_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*")

STOP_WORDS = frozenset(
    """a about also an and any are as at be been being but by can could did do does for from had has have he her him his
    how i if in into is it its itself me my no nor not of off on or our over per she should so some such than that the
    their them then there these they this those through to under up us very was we were what when where which while who
    whom whose why will with would you your""".split()  # noqa: SIM905
)
_STOP_CHARACTERS = frozenset("的了吗呢吧啊在是和与及或也都就而被把对于从到由为之其这那此该什么怎哪谁多少几个有")


def has_cjk(text: str) -> bool:
    return _CJK_RUN.search(text) is not None


def is_chinese(text: str) -> bool:
    """Whether a reader of this text expects Chinese: one Chinese name in an English question is not enough."""
    cjk = sum(len(run) for run in _CJK_RUN.findall(text))
    words = len(re.findall(r"[A-Za-z]+", text))
    return cjk > 0 and cjk >= 2 * words


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light English stemmer: Snowball in pure Python takes 60 µs a word, too slow while someone waits."""
    for ending, instead in (("'s", ""), ("’s", ""), ("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]  # running, planned
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def folded(text: str) -> str:
    """Full-width forms, ligatures and case made one; may change the length of the text."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms(text: str) -> list[str]:
    """Content words as stems, CJK as pairs of characters, numbers without thousands separators; in order."""
    found: list[str] = []
    for token in _TOKEN.findall(folded(text)):
        if token[0].isdigit():
            found.append(_plain(token))
        elif _CJK_RUN.fullmatch(token):
            found.extend(_pairs(token))
        elif token not in STOP_WORDS:
            found.append(stem(token))
    return found


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text in one spelling: `1,496.50` and `1496.5` are the same."""
    return frozenset(_plain(number) for number in _NUMBER.findall(folded(text)))


def _plain(number: str) -> str:
    number = number.replace(",", "") if re.fullmatch(r"\d+(?:,\d{3})+(?:\.\d+)?", number) else number
    if number.count(".") == 1:
        number = number.rstrip("0").rstrip(".")
    return number.lstrip("0") or "0"


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [] if run in _STOP_CHARACTERS else [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return [pair for pair in pairs if not set(pair) <= _STOP_CHARACTERS]


_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()  # noqa: SIM905
_SPELLED = {
    word: str(value) for value, word in enumerate([*_UNITS, "sixteen", "seventeen", "eighteen", "nineteen", "twenty"])
}
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_NUMBER = re.compile("[零〇一二两三四五六七八九十百]+")


def spelled_numbers(text: str) -> frozenset[str]:
    """Numbers written as words, up to twenty in English and 999 in Chinese, as digits."""
    words = {_SPELLED[word] for word in re.findall(r"[a-z]+", text.casefold()) if word in _SPELLED}
    return frozenset(words | {_chinese_value(run) for run in _CHINESE_NUMBER.findall(text)})


def _chinese_value(run: str) -> str:
    if not set(run) & {"十", "百"}:  # digit by digit, as in years
        return "".join(str(_CHINESE_DIGITS[digit]) for digit in run).lstrip("0") or "0"
    total, digit = 0, None
    for character in run:
        if character in "十百":
            total += (1 if digit is None else digit) * (10 if character == "十" else 100)
            digit = None
        else:
            digit = _CHINESE_DIGITS[character]
    return str(total + (digit or 0))
