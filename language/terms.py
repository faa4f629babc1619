"""A text as the things that can be compared: stems of words, pairs of Chinese characters, numbers."""

from __future__ import annotations

import re
from functools import lru_cache

from language.numerals import plain_number
from language.scripts import CJK, CJK_RUN, folded

_TOKEN = re.compile(rf"[{CJK}]+|\d+(?:[.,]\d+)*|[^\W\d_{CJK}]+(?:['’][^\W\d_]+)?|\w+")

STOP_WORDS = frozenset(
    """a about also an and any are as at be been being but by can could did do does for from had has have he her him his
    how i if in into is it its itself me my no nor not of off on or our over per she should so some such than that the
    their them then there these they this those through to under up us very was we were what when where which while who
    whom whose why will with would you your""".split()  # noqa: SIM905
)
_STOP_CHARACTERS = frozenset("的了吗呢吧啊在是和与及或也都就而被把对于从到由为之其这那此该什么怎哪谁多少几个有")


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


def terms(text: str) -> list[str]:
    """Content words as stems, CJK as pairs of characters, numbers without thousands separators; in order."""
    found: list[str] = []
    for token in _TOKEN.findall(folded(text)):
        if token[0].isdigit():
            found.append(plain_number(token))
        elif CJK_RUN.fullmatch(token):
            found.extend(_pairs(token))
        elif token not in STOP_WORDS:
            found.append(stem(token))
    return found


def _pairs(run: str) -> list[str]:
    if len(run) == 1:
        return [] if run in _STOP_CHARACTERS else [run]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return [pair for pair in pairs if not set(pair) <= _STOP_CHARACTERS]
