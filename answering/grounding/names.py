"""How far the cited text has the names of a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.grounding.parsed import Cited, ParsedPiece
from language.names import capitals, named_in
from language.scripts import folded, has_cjk
from language.stems import stem
from language.terms import STOP_WORDS


def names_in_common(claim: ParsedPiece, window: Sequence[ParsedPiece], cited: Cited) -> float:
    if has_cjk(claim.text):
        return _han_names(claim, window, cited)
    here = frozenset(re.findall(r"[^\W\d_]+", folded(" ".join(piece.text for piece in window))))
    return min((_name(word, first, here, cited) for word, first in capitals(claim.text)), default=1.0)


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
    """`U.K.` where the text has `UK`."""
    letters = word.replace(".", "")
    return letters.isupper() and 2 <= len(letters) <= 5 and letters.lower() in here


def _han_names(claim: ParsedPiece, window: Sequence[ParsedPiece], cited: Cited) -> float:
    here = folded(" ".join(piece.text for piece in window))
    everywhere = folded(" ".join(piece.text for piece in cited.pieces))
    worst = 1.0
    for name in named_in(claim.text):
        plain = folded(name)
        if plain not in here:
            worst = min(worst, 0.5 if plain in everywhere else 0.0)
    return worst
