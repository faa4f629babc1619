"""Names in a text: by capitals; in Chinese by signs and known places."""

from __future__ import annotations

import re
from functools import lru_cache

from language.dates import MONTHS
from language.scripts import CJK, folded
from language.terms import STOP_WORDS
from language.wordlists import words

_CAPITAL = re.compile(r"(?<![\w’'])[A-ZÀ-ÖØ-Þ][\w’'&.-]*\w|\b[A-Z]\b")
_LATIN = re.compile(r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿ’'&.-]*[A-Za-zÀ-ÖØ-öø-ÿ]")
_HAN_TITLE = re.compile(r"《([^》]{1,30})》|“([^”]{1,16})”")
_DOTTED = re.compile(rf"([{CJK}]{{2}})·(?=([{CJK}]{{2}}))")
DETERMINERS = STOP_WORDS | frozenset(words("determiners.en.txt"))
_MONTHS = frozenset(map(str.capitalize, MONTHS))


def capitals(text: str) -> list[tuple[str, bool]]:
    """(name, whether it begins the sentence): there a capital says little."""
    found = []
    for match in _CAPITAL.finditer(text):
        word = re.sub(r"['’]s$", "", match.group()).strip(".")
        begins = not re.search(r"\w", text[: match.start()])
        if folded(word) not in DETERMINERS and word not in _MONTHS:
            found.append((word, begins))
    return found


def named_in(text: str) -> list[str]:
    """Names in Chinese text, as far as they can be told without a dictionary of words."""
    titles = [next(filter(None, match.groups())) for match in _HAN_TITLE.finditer(text)]
    return [*titles, *_transliterated(text), *_LATIN.findall(text), *_places().findall(text)]


def _transliterated(text: str) -> list[str]:
    """Of a name like 卡万·肖特 the two characters at each side of the dot: where it begins and ends is not marked."""
    return [part for match in _DOTTED.finditer(text) for part in match.groups()]


@lru_cache(maxsize=1)
def _places() -> re.Pattern[str]:
    """Countries, provinces and great cities: nothing marks a name in Chinese."""
    return re.compile("|".join(sorted(words("places.zh.txt"), key=len, reverse=True)))
