"""The words of an abstention: what is absent, or that nothing found states the answer, in the question's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from answering.about.context import of_evidence
from answering.about.judge import Looked, looked
from answering.about.lookup import Lookup
from domain.answers import Because
from domain.evidence import Evidence
from domain.question import Question
from domain.searches import Query
from prompts.neutral import in_one_line
from prompts.templates import Templates, templates

_VARIABLES = (
    ("absent", frozenset({"what"})),
    ("nearest", frozenset({"nearest"})),
    ("nothing_found", frozenset[str]()),
    ("missing", frozenset({"what"})),
    ("not_stated", frozenset[str]()),
    ("count", frozenset[str]()),
    ("picture", frozenset({"which"})),
    ("hint", frozenset[str]()),
)
_PICTURED = frozenset({"figure", "image", "page"})
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Abstention:
    text: str
    because: Because


class Abstaining:
    """`hint`: no language model is set up, and one could answer from the same passages."""

    def __init__(self, lookup: Lookup | None = None, hint: bool = False) -> None:
        self._lookup = lookup
        self._hint = hint

    def of(self, question: Question, evidence: Sequence[Evidence], query: Query) -> Abstention:
        found = looked(question.about.asks, [of_evidence(one) for one in evidence])
        looks = self._lookup if not question.hints else None  # a measure's name seldom stands by what it is made of
        absent = looks.absent(found, query) if looks is not None else ()
        said = templates("abstaining.zh.md" if question.chinese else "abstaining.md", _VARIABLES, __package__)
        if absent:
            sentences = [said.say("absent", what=_named(absent, question.chinese)), *_nearest(said, evidence)]
            return Abstention(_joined(sentences, question.chinese), "absent")
        sentences = _unsure(said, question, evidence, found)
        if self._hint and evidence:
            sentences.append(said.say("hint"))
        return Abstention(_joined(sentences, question.chinese), "unsure")


def _unsure(said: Templates, question: Question, evidence: Sequence[Evidence], found: Looked) -> list[str]:
    if not evidence:
        return [said.say("nothing_found")]
    if found.lacks:
        what = _named([one.text for one in found.lacks], question.chinese)
        return [said.say("missing", what=what), *_nearest(said, evidence)]
    sentences = [said.say("not_stated")]
    pictured = [one for one in evidence if one.chunk.kind in _PICTURED]
    if question.standalone.asks.shape in ("count", "comparison"):
        sentences.append(said.say("count"))
    elif pictured and question.cues.figure:
        sentences.append(said.say("picture", which=_place(pictured[0], question.chinese)))
    return sentences


def _nearest(said: Templates, evidence: Sequence[Evidence]) -> list[str]:
    return [said.say("nearest", nearest=in_one_line(evidence[0].document.name, 120))] if evidence else []


def _place(one: Evidence, chinese: bool) -> str:
    name = in_one_line(one.document.name, 120)
    if one.chunk.page is None:
        return name
    return f"{name} 第 {one.chunk.page} 页" if chinese else f"{name}, page {one.chunk.page}"


def _named(words: Sequence[str], chinese: bool) -> str:
    return ("、" if chinese else " or ").join(f"“{in_one_line(one)}”" for one in words[:_MOST_NAMED])


def _joined(sentences: Sequence[str], chinese: bool) -> str:
    return ("" if chinese else " ").join(sentences)
