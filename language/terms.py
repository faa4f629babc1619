"""A text as what it is compared by: stems of words, pairs of Chinese characters, numbers.

`analyser.py` reads texts for the words index, with more care for spellings, and with the stems that indexes hold.
"""

from __future__ import annotations

import re

from language.numerals import plain_number
from language.scripts import CJK, CJK_RUN, bigrams, folded
from language.stems import stem
from language.wordlists import words

_TOKEN = re.compile(rf"[{CJK}]+|\d+(?:[.,]\d+)*|[^\W\d_{CJK}]+(?:['’][^\W\d_]+)?|\w+")

STOP_WORDS = frozenset(words("stop_words.en.txt"))
_STOP_CHARACTERS = frozenset(words("stop_characters.zh.txt"))


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
    return [pair for pair in bigrams(run) if not set(pair) <= _STOP_CHARACTERS]
