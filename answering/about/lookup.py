"""Looks in all that was asked for what the evidence lacks: only what stands nowhere may be called absent."""

from __future__ import annotations

from collections.abc import Sequence

from answering.about.context import of_evidence
from answering.about.judge import Looked
from answering.about.standing import of_subject
from domain.ports import Chunks, WordsSearch
from domain.question import Subject
from domain.searches import Query
from language.scripts import has_cjk

_MOST_LOOKED_UP = 3  # subjects of one question
_READ = 12  # pieces that are read for each: a code's parts stand in many
_STANDS = 0.5


class Lookup:
    def __init__(self, words: WordsSearch, chunks: Chunks) -> None:
        self._words = words
        self._chunks = chunks

    def absent(self, found: Looked, query: Query) -> tuple[Subject, ...]:
        """The subjects, missing from the evidence, that nothing in the collections and filter of the query mentions.

        A thing may be called otherwise in the documents, so it counts only where not one of its words stands there.
        """
        missing = [one for one in found.missing if isinstance(one, Subject)]
        return tuple(one for one in missing[:_MOST_LOOKED_UP] if not self._mentioned(one, query))

    def _mentioned(self, subject: Subject, query: Query) -> bool:
        if not subject.exact and has_cjk(subject.text):
            return True  # Chinese words can't be told apart without a dictionary
        if not query.collections:
            return True
        hits = [
            hit for one in query.collections
            for hit in self._words.search(one.id, _looked_for(subject), _READ, query.kinds, query.documents)
        ]  # fmt: skip
        if not subject.exact:
            return bool(hits)
        evidence = self._chunks.evidence([chunk_id for chunk_id, _ in hits], [one.id for one in query.collections])
        return any(of_subject(subject, of_evidence(one)) >= _STANDS for one in evidence)


def _looked_for(subject: Subject) -> str:
    return " ".join(subject.exact) or subject.text


def named(subjects: Sequence[Subject], chinese: bool) -> str:
    quoted = [f"“{one.text}”" for one in subjects]
    return ("、" if chinese else " or ").join(quoted)
