"""Finds where a claim reads like the text that it cites, but has another name or number in one place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from answering.grounding.parsed import ParsedPiece, read
from language.names import DETERMINERS
from language.quantities import same_quantity
from language.scripts import CJK, folded

_TOKEN = re.compile(rf"\d+(?:[.,]\d+)*|[^\W\d_{CJK}]+(?:['’-][^\W\d_{CJK}]+)*|[{CJK}]")


def replaced(claim: ParsedPiece, near: Sequence[ParsedPiece]) -> bool:
    """Both are alike before and after a place where they have different names or different numbers."""
    if not near or near[0].is_row:  # cells are not running text: there numbers, names and columns decide
        return False
    mine, theirs = _tokens(claim.text), _tokens(near[0].text)
    steps = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    for at, (operation, a, b, c, d) in enumerate(steps):
        if operation == "replace" and _differ(mine[a:b], theirs[c:d], near[0], _is_framed(steps, at)):
            return True
    return False


_Step = tuple[str, int, int, int, int]


def _is_framed(steps: Sequence[_Step], at: int) -> bool:
    """True for two equal tokens on each side; one is enough at the beginning or the end of the sentence."""
    if not 0 < at < len(steps) - 1:
        return False
    (_, a, b, c, _), (_, e, f, _, _) = steps[at - 1], steps[at + 1]
    begins, ends = a == 0 and c == 0, at + 2 == len(steps)
    return (b - a >= 2 or begins) and (f - e >= 2 or ends)


def _tokens(text: str) -> list[str]:
    """Words in lower case, except words with a capital; numbers; Chinese characters."""
    return [token if token[0].isupper() else token.casefold() for token in _TOKEN.findall(text)][:_LONGEST_ALIGNED]


_LONGEST_ALIGNED = 160  # tokens


def _differ(claimed: Sequence[str], cited: Sequence[str], piece: ParsedPiece, framed: bool) -> bool:
    if len(claimed) > 6 or len(cited) > 6:
        return False
    for special in (_is_figure, _is_name):
        mine = [token for token in claimed if special(token)]
        theirs = [token for token in cited if special(token)]
        if mine and theirs and not set(map(_bare, mine)) & set(map(_bare, theirs)):
            if not framed and all(_stands_in(token, piece) for token in mine):
                continue
            if special is _is_name or not _same_figures(claimed, cited):
                return True
    return False


def _stands_in(token: str, piece: ParsedPiece) -> bool:
    if not _is_figure(token):
        return folded(token) in folded(piece.text)
    value = read(token).quantities
    date_parts = {part for date in piece.dates for part in (date.year, date.month, date.day)}
    return any(
        one.plain in date_parts or any(same_quantity(one, other) > 0 for other in piece.quantities) for one in value
    )


def _is_figure(token: str) -> bool:
    return token[0].isdigit()


def _is_name(token: str) -> bool:
    return token[0].isupper() and len(token) > 1 and folded(token) not in DETERMINERS


def _bare(token: str) -> str:
    return token.replace(",", "").casefold()


def _same_figures(claimed: Sequence[str], cited: Sequence[str]) -> bool:
    """True for the same value in another form: `1.2 thousand` and `1,200`, `3 May` and `May 3`."""
    mine, theirs = read(" ".join(claimed)), read(" ".join(cited))
    if mine.dates or theirs.dates:
        return any(one.agrees(other) for one in mine.dates for other in theirs.dates)
    return all(any(same_quantity(one, other) > 0 for other in theirs.quantities) for one in mine.quantities)
