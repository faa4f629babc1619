"""Looks in all that was asked for what the evidence lacks: only what stands nowhere may be called absent."""

from __future__ import annotations

import re

from answering.about.context import of_evidence
from answering.about.judge import Looked
from answering.about.standing import stands_exactly
from domain.errors import Unavailable
from domain.ports import Chunks, WordsSearch
from domain.question import Subject
from domain.searches import Query

_MOST_LOOKED_UP = 3  # words of one question
_READ = 12  # pieces that are read for each: a code's parts stand in many
_SHORTEST = 3  # letters of a name
_TEMPLATE = re.compile(r"[ymdhs]{2,4}(?:[-/.:][ymdhs]{2,4}){1,3}")  # "as YYYY-MM-DD"
_YEAR = re.compile(r"[a-z]{0,3}(?:19|20)\d\d")


class Lookup:
    def __init__(self, words: WordsSearch, chunks: Chunks) -> None:
        self._words = words
        self._chunks = chunks

    def absent(self, found: Looked, query: Query) -> tuple[str, ...]:
        """The names and codes, missing from the evidence, that nothing in the query's collections and filter mentions.

        A thing may be called otherwise there, a number may be given to compute with, and a year be written otherwise:
        these are never called absent.
        """
        if not query.collections:
            return ()
        words = [word for one in found.missing if isinstance(one, Subject) for word in _lookable(one)]
        try:
            return tuple(word for word in words[:_MOST_LOOKED_UP] if not self._mentioned(word, query))
        except Unavailable:  # what can't be looked up is not called absent
            return ()

    def _mentioned(self, word: str, query: Query) -> bool:
        hits = [
            hit for one in query.collections
            for hit in self._words.search(one.id, word, _READ, query.kinds, query.documents)
        ]  # fmt: skip
        evidence = self._chunks.evidence([chunk_id for chunk_id, _ in hits], [one.id for one in query.collections])
        return any(stands_exactly(word.casefold(), of_evidence(one)) for one in evidence)


def _lookable(subject: Subject) -> list[str]:
    """As they stand in the question: names, and codes of letters and digits."""
    if any(not any(map(str.isalpha, word)) for word in subject.exact):
        return []
    long_enough = [word for word in subject.exact if len(word) >= _SHORTEST]
    words = [word for word in long_enough if not _YEAR.fullmatch(word) and not _TEMPLATE.fullmatch(word)]
    found = (_told(word).search(subject.text) for word in words)
    return [one.group() for one in found if one is not None]


def _told(word: str) -> re.Pattern[str]:
    return re.compile(re.escape(word), re.IGNORECASE)
