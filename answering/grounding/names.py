"""Names in a claim, and whether the cited text has them: by capitals; in Chinese by signs and known places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from answering.grounding.parsed import Cited, Piece
from language.scripts import CJK, folded, has_cjk
from language.terms import STOP_WORDS, stem

_CAPITAL = re.compile(r"(?<![\w’'])[A-ZÀ-ÖØ-Þ][\w’'&.-]*\w|\b[A-Z]\b")
_LATIN = re.compile(r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿ’'&.-]*[A-Za-zÀ-ÖØ-öø-ÿ]")
_HAN_TITLE = re.compile(r"《([^》]{1,30})》|“([^”]{1,16})”")
_DOTTED = re.compile(rf"([{CJK}]{{2}})·(?=([{CJK}]{{2}}))")
DETERMINERS = STOP_WORDS | frozenset(
    """however although while since during after before both many most some several each every other another first
    second third one two three four five six seven eight nine ten according today yet thus therefore
    moreover""".split()  # noqa: SIM905
)


def names_in_common(said: Piece, window: Sequence[Piece], cited: Cited) -> float:
    if has_cjk(said.text):
        return _han_names(said, window, cited)
    here = frozenset(re.findall(r"[^\W\d_]+", folded(" ".join(piece.text for piece in window))))
    return min((_name(word, first, here, cited) for word, first in capitals(said.text)), default=1.0)


def capitals(text: str) -> list[tuple[str, bool]]:
    """(name, whether it begins the sentence): there a capital says little."""
    found = []
    for match in _CAPITAL.finditer(text):
        word = re.sub(r"['’]s$", "", match.group()).strip(".")
        begins = not re.search(r"\w", text[: match.start()])
        if folded(word) not in DETERMINERS and not _MONTH_NAME.fullmatch(word):
            found.append((word, begins))
    return found


_MONTH_NAME = re.compile(r"January|February|March|April|May|June|July|August|September|October|November|December")


def _name(word: str, begins: bool, here: frozenset[str], cited: Cited) -> float:
    parts = [part for part in re.findall(r"[^\W\d_]+", folded(word)) if part not in STOP_WORDS]
    if not parts:
        return 1.0
    if all(_known(part, here) for part in parts) or _initials(word, here):
        return 1.0
    if all(_known(part, cited.words) for part in parts):
        return 0.75 if begins else 0.5
    if begins and word[1:].islower():
        return 0.4
    return 0.0


def _known(part: str, words: frozenset[str]) -> bool:
    return part in words or stem(part) in {stem(word) for word in words if word[:3] == part[:3]}


def _initials(word: str, here: frozenset[str]) -> bool:
    """`UK` where the text has `United Kingdom`: at least a word for each letter."""
    letters = word.replace(".", "")
    return letters.isupper() and 2 <= len(letters) <= 5 and letters.lower() in here


def _han_names(said: Piece, window: Sequence[Piece], cited: Cited) -> float:
    here = folded(" ".join(piece.text for piece in window))
    everywhere = folded(" ".join(piece.text for piece in cited.pieces))
    worst = 1.0
    for name in named_in(said.text):
        plain = folded(name)
        if plain not in here:
            worst = min(worst, 0.5 if plain in everywhere else 0.0)
    return worst


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
    known = (files("answering.grounding") / "places.zh.txt").read_text(encoding="utf-8").split()
    return re.compile("|".join(sorted(known, key=len, reverse=True)))
