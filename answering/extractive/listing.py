"""Whole lists and steps: the items under the heading, or after the sentence, that a question names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought
from domain.question import Asks

_ITEM = re.compile(
    r"\s*(?:[-*•·–—]\s|\(?\d{1,2}[.)、]\s|\(?[a-z]\)\s|[一二三四五六七八九十]、|（[一二三四五六七八九十]）)"
)
_CLAUSE = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3}){1,4})\.?\s")
_LOOKED_AT = 5  # best pieces whose chunks may hold the list
_MOST_ITEMS = 40
_SHAPES = frozenset({"list", "explanation"})


def listed(question: Sought, asks: Asks, ranked: Sequence[Scored], pieces: Sequence[Quotable]) -> list[Quotable]:
    """The items of one list, in order; none where no list is asked for, or none is headed by what is asked."""
    if asks.shape not in _SHAPES or not question.strong:
        return []
    for n in dict.fromkeys(one.quotable.n for one in ranked[:_LOOKED_AT]):
        of_chunk = [one for one in pieces if one.n == n and one.form != "row"]
        items = [one for one in of_chunk if _ITEM.match(one.text)][:_MOST_ITEMS]
        if len(items) > 1 and question.strong <= _heading(of_chunk, items[0]):
            return items
    return []


def _heading(pieces: Sequence[Quotable], first: Quotable) -> frozenset[str]:
    """Terms of what a list stands under: headings, the document's name, and the lines of its chunk before it."""
    before = (one.terms for one in pieces if one.at < first.at)
    return first.about.union(*before)


def clause(asks: Asks, pieces: Sequence[Quotable]) -> list[Quotable]:
    """The pieces that begin with the number of a clause that the question names: "clause 2.3"."""
    wanted = {word for one in asks.subjects for word in one.exact if word.count(".") > 0}
    if len(asks.subjects) != 1 or not wanted or asks.shape not in ("value", "list"):
        return []
    found = []
    for one, following in zip(pieces, (*pieces[1:], None), strict=True):
        number = _CLAUSE.match(f"{one.text} ")
        if number is not None and number[1] in wanted:
            apart = number.end() >= len(one.text)  # the number stands apart from its clause
            found.append(following if apart and following is not None and following.n == one.n else one)
    return found
