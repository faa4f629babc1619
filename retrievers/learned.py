"""Ranks candidates by a weighted sum of features: the weights are learned, and few enough to read.

`python -m lab.measures.learn_ranking` learns them from questions with labelled pages, and measures them on
documents that they were not learned from. They stand in `ranking.json`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from operator import mul

from domain.evidence import Space
from domain.question import Cues, Question
from language.analyser import query_terms
from retrievers.labels import label_borne, numbers_in
from retrievers.reranked import Candidate

FEATURES = (
    "words",  # share of the most that the question's words can score
    "text",  # cosine to the question
    "page_text",  # the best cosine on the page
    "document_best",  # the best of words and text in the document
    "named_page",  # it stands on the page that the question names
    "labelled",  # it bears the label, "Figure 3", that the question names
    "figure_asked",  # the question is about a picture, and it is one
    "table_asked",  # the question is about a table or an amount, and it is a table
    "title",  # share of the question's words in the document's title
    "numbers",  # share of the question's numbers in the chunk
    "quantity",  # if the question asks how much: the share of numbers in the chunk
)
LONGEST_TITLE = 300  # characters
TEXT_BESIDE_WORDS = 0.8  # in `document_best`
_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Ranking:
    weights: Mapping[str, float]
    spread: float  # see Reranked


@cache
def shipped() -> Ranking:
    read = json.loads((files("retrievers") / "ranking.json").read_text(encoding="utf-8"))
    return Ranking({name: float(read["weights"][name]) for name in FEATURES}, float(read["spread"]))


class Learned:
    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = [weights[name] for name in FEATURES]

    async def __call__(self, question: Question, candidates: Sequence[Candidate]) -> Sequence[float]:
        return [sum(map(mul, self._weights, row)) for row in features_of(question, candidates)]


def features_of(question: Question, candidates: Sequence[Candidate]) -> list[tuple[float, ...]]:
    """One row a candidate, in the order of FEATURES."""
    cues, terms = question.cues, frozenset(query_terms(question.about.text))
    words, text = _scores(candidates, "words"), _scores(candidates, "text")
    pages = [(one.chunk.document_id, one.chunk.page) for one in candidates]
    page_text: defaultdict[tuple[str, int | None], float] = defaultdict(float)
    document_best: defaultdict[str, float] = defaultdict(float)
    for at, page in enumerate(pages):
        page_text[page] = max(page_text[page], text[at])
        document_best[page[0]] = max(document_best[page[0]], words[at] + TEXT_BESIDE_WORDS * text[at])
    return [
        (
            words[at],
            text[at],
            page_text[pages[at]] if pages[at][1] is not None else text[at],
            document_best[pages[at][0]],
            *_of_chunk(one, cues, terms),
        )
        for at, one in enumerate(candidates)
    ]


def looks_at_regions(question: Question) -> bool:
    """Whether the scores need the candidates' regions."""
    return bool(question.cues.pages)


def _scores(candidates: Sequence[Candidate], space: Space) -> list[float]:
    """A candidate that a space did not find counts as much as the least that it did find."""
    found = [one.hit.scores.get(space) for one in candidates]
    least = min((score for score in found if score is not None), default=0.0)
    return [least if score is None else score for score in found]


def _of_chunk(one: Candidate, cues: Cues, terms: frozenset[str]) -> tuple[float, ...]:
    chunk = one.chunk
    title = _title_terms(chunk.search_text[:LONGEST_TITLE].partition("\n")[0])
    return (
        float(bool(cues.pages and cues.pages & {chunk.page, *(region.page for region in chunk.regions)})),
        float(bool(cues.labels and cues.labels & label_borne(chunk.text))),
        float(cues.figure and chunk.kind in ("figure", "image")),
        float(cues.table and chunk.kind == "table"),
        len(terms.intersection(title)) / max(1, len(terms)),
        _share_of_numbers(cues.numbers, chunk.search_text) if cues.numbers else 0.0,
        _density(chunk.text) if cues.quantity else 0.0,
    )


def _share_of_numbers(numbers: frozenset[str], text: str) -> float:
    digits = text.replace(",", "")
    if not any(number in digits for number in numbers):  # most texts: and what follows takes fifty times as long
        return 0.0
    return len(numbers & numbers_in(text)) / len(numbers)


@lru_cache(maxsize=16_384)
def _title_terms(title: str) -> tuple[str, ...]:
    """A tuple takes a quarter of a set's memory: some 15 MB for the longest titles."""
    return tuple(query_terms(title))


def _density(text: str) -> float:
    """Numbers among the words."""
    return len(_NUMBER.findall(text)) / max(5, text.count(" ") + 1)
