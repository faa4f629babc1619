"""A question as the reader looks for its answer: its terms, and which of them say little."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from answering.extractive.passages import Quotable
from domain.question import Wants, Wording
from language.scripts import has_cjk
from language.stems import stem
from language.terms import terms
from language.wordlists import words

WEAK = frozenset(stem(word) for word in words("weak_words.en.txt")) | frozenset(words("weak_words.zh.txt"))
_JOINING = frozenset(words("joining_characters.zh.txt"))


@dataclass(frozen=True, slots=True)
class Sought:
    """A question as the reader looks for its answer."""

    text: str
    terms: frozenset[str]
    wants: Wants

    @classmethod
    def of(cls, wording: Wording) -> Sought:
        return cls(wording.text, frozenset(filter(_is_word, terms(wording.text))), wording.wants)

    @property
    def strong(self) -> frozenset[str]:
        return self.terms - WEAK

    def found_in(self, *pieces: Quotable) -> frozenset[str]:
        """The strong terms that the pieces have."""
        return self.strong & frozenset[str]().union(*(one.terms for one in pieces))


def _is_word(term: str) -> bool:
    """False for a pair of Chinese characters of which one only joins words."""
    return not (len(term) == 2 and has_cjk(term) and set(term) & _JOINING)


def boundary_pairs(question: str, spread: Counter[str]) -> frozenset[str]:
    """Pairs of Chinese characters that cross a word boundary: the pair is in no piece, both its neighbours are."""
    order = terms(question)
    return frozenset(
        pair
        for before, pair, after in zip(order, order[1:], order[2:], strict=False)
        if has_cjk(pair) and not spread[pair] and spread[before] and spread[after]
        and before[-1] == pair[0] and pair[-1] == after[0]
    )  # fmt: skip
