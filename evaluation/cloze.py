"""Questions made without a model: from distinctive sentences with a word left out, from cells of tables, from captions.

They ask in the document's own words, so they are easier than a person's questions. They show whether a change made
search better or worse, not how good it is for people.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from domain.documents import Chunk
from language.analyser import query_terms
from language.scripts import has_cjk
from language.sentences import is_caption, sentences

LEAST_WORDS, MOST_WORDS = 9, 45
LEAST_CJK, MOST_CJK = 14, 120
MOST_COMMAS = 4
LEAST_NAME = 4  # letters: "Ms" and "In" are not answers
AROUND = 14  # words kept on both sides of the gap; twice as many Chinese characters
RAREST = 5  # terms by which a sentence is judged distinctive
TRIED = 4  # times as many candidates as needed: the best of each document are taken

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[$€£¥]?\d[\d,]*(?:\.\d+)?(?:\s?%)?(?![A-Za-z0-9_])")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w&'-]+(?: [A-Z][\w&'-]+)*")
_LABEL = re.compile(r"^\s*(?:fig(?:ure|\.)?|table|图|表)\s*[\w.]*\s*[:：.]?\s*", re.IGNORECASE)
_RULE = re.compile(r"^\|[\s|:-]+\|$")


@dataclass(frozen=True, slots=True)
class Made:
    """A question, the chunk that answers it, and how distinctive its words are among all chunks."""

    question: str
    answer: str
    kind: str
    chunk: Chunk
    distinctive: float


def cloze_questions(chunks: Sequence[Chunk], count: int, seed: int) -> list[Made]:
    """At most so many, spread evenly over the documents and the kinds; the same seed makes the same ones."""
    rarity = rarity_of(chunks)
    order = np.random.default_rng(seed).permutation(len(chunks))
    made = [one for at in order for one in made_from(chunks[at], rarity)]
    return spread(unlike(made), count)


def rarity_of(chunks: Sequence[Chunk]) -> Callable[[str], float]:
    often = Counter(term for chunk in chunks for term in set(query_terms(chunk.text)))

    def rarity(text: str) -> float:
        """The mean idf of the rarest terms; 0 if there are too few terms for a question."""
        weights = sorted(
            (math.log(len(chunks) / often[term]) for term in query_terms(text) if often[term]), reverse=True
        )
        return sum(weights[:RAREST]) / RAREST if len(weights) >= RAREST else 0.0

    return rarity


def made_from(chunk: Chunk, rarity: Callable[[str], float]) -> Iterator[Made]:
    """The best question of each kind that a chunk gives."""
    candidates: Mapping[str, Iterable[tuple[str, str]]] = {
        "text": from_sentences(chunk) if chunk.kind in ("text", "page") else (),
        "table": from_cells(chunk) if chunk.kind == "table" else (),
        "figure": from_caption(chunk) if chunk.kind in ("figure", "image") else (),
    }
    for kind, pairs in candidates.items():
        asked = [(rarity(question), question, answer) for question, answer in pairs]
        if asked and max(asked)[0] > 0:
            distinctive, question, answer = max(asked)
            yield Made(question, answer, kind, chunk, distinctive)


def from_sentences(chunk: Chunk) -> Iterator[tuple[str, str]]:
    for sentence in sentences(chunk.text):
        line = " ".join(sentence.split())
        if not whole_sentence(line):
            continue
        names = [name for name in _NAME.findall(line) if len(name) >= LEAST_NAME]
        for answer in (*_NUMBER.findall(line)[:2], *names[:2]):
            gap = shortened(line, answer)
            if has_cjk(line):
                yield f"“{gap}”，空白处是什么？", answer
            else:
                yield f"What is missing here: “{gap}”?", answer


def whole_sentence(line: str) -> bool:
    """False for lists of names and references: they are full of rare words, but nobody asks about them."""
    if is_caption(line) or line.startswith("|") or line.count(",") > MOST_COMMAS:
        return False
    if has_cjk(line):
        return LEAST_CJK <= len(line) <= MOST_CJK and line[-1] in "。！？"
    return LEAST_WORDS <= len(line.split()) <= MOST_WORDS and line[-1] in ".!?" and line[0].isupper()


def shortened(line: str, answer: str) -> str:
    """The words around the gap: a part of the sentence, as people remember one."""
    before, _, after = line.partition(answer)
    if has_cjk(line):
        return f"{before[-2 * AROUND :]}____{after[: 2 * AROUND]}"
    return " ".join([*before.split()[-AROUND:], "____", *after.split()[:AROUND]])


def from_cells(chunk: Chunk) -> Iterator[tuple[str, str]]:
    lines = [line for line in chunk.text.splitlines() if line.startswith("|")]
    if len(lines) < 3:
        return
    header, *rows = [cells_of(line) for line in lines if not _RULE.match(line)]
    caption = _LABEL.sub("", chunk.text.splitlines()[0]) if not chunk.text.startswith("|") else ""
    for row in rows:
        for name, cell in zip(header[1:], row[1:], strict=False):
            if row[0] and name and re.search(r"\d", cell):
                yield cell_question(row[0], name, caption), cell


def cell_question(row: str, column: str, caption: str) -> str:
    if has_cjk(row + column):
        return f"{caption}中，{row}的{column}是多少？" if caption else f"{row}的{column}是多少？"
    return f"What is {row} in {column}{f', in {caption}' if caption else ''}?"


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def from_caption(chunk: Chunk) -> Iterator[tuple[str, str]]:
    first, *_ = chunk.text.splitlines() or [""]
    caption = _LABEL.sub("", first).strip(" .。")
    if is_caption(first) and len(caption) > LEAST_CJK:
        ask = "哪幅图展示了：{}？" if has_cjk(caption) else "Which figure shows {}?"
        yield ask.format(" ".join(caption.split()[: 2 * AROUND])), first


def unlike(made: Sequence[Made]) -> list[Made]:
    """Each question once: a sentence in the footer of every page has no single place."""
    seen = Counter(one.question for one in made)
    return [one for one in made if seen[one.question] == 1]


def spread(made: Sequence[Made], count: int) -> list[Made]:
    """Takes turns over the kinds of each document; the most distinctive candidates come first."""
    groups: dict[tuple[str, str], list[Made]] = {}
    for one in made:
        groups.setdefault((one.chunk.document_id, one.kind), []).append(one)
    ordered = [sorted(group[: TRIED * count], key=lambda one: -one.distinctive) for group in groups.values()]
    dealt = (one for round_ in zip_longest(*ordered) for one in round_ if one is not None)
    return [one for one, _ in zip(dealt, range(count), strict=False)]
