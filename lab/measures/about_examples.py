"""Questions with evidence, some of which it answers: for measuring and learning whether an answer is about a question.

Sorts: paragraphs with questions by people, half of them unanswerable (`answerable`); paragraphs and tables with their
own questions, with those of other paragraphs and tables, and with one subject, year or attribute changed (`passages`,
`tables`); whole reports, as searched (`pdf-qa`, from a file of evidence that was kept).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answering.context.pack import spread
from answering.question.read import read
from app.compose.stores import catalogue_of
from domain.documents import Chunk, Document, Kind
from domain.evidence import Evidence
from evaluation.claims import markdown
from evaluation.client import connected
from evaluation.kept import KeptIndex
from evaluation.questions import load_folder
from evaluation.service import running_service
from language.scripts import has_cjk

SEED = 7
SHOWN, FOUND = 8, 16  # pieces of evidence, and candidates for them
Texts = Sequence[tuple[Kind, str]]


@dataclass(frozen=True, slots=True)
class Example:
    source: str  # answerable, passages en, passages zh, tables, pdf-qa
    sort: str  # asked, other, changed: whether the question is its own, another's or was changed
    group: str  # article or document: what is held out together
    question: str
    answers: tuple[str, ...]
    answerable: bool  # by this evidence
    evidence: tuple[Evidence, ...]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def evidence_of(texts: Texts, name: str = "document") -> tuple[Evidence, ...]:
    document = Document("d", "c", "default", name, "text/plain", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC))
    return tuple(Evidence(Chunk(f"d.{n}", "d", n, kind, text, text), document) for n, (kind, text) in enumerate(texts))


def answerable(folder: Path, most: int | None = None) -> list[Example]:
    passages = {one["id"]: one for one in lines(folder / "passages.jsonl")}
    asked = lines(folder / "questions.jsonl")
    if most is not None:
        asked = random.Random(SEED).sample(asked, min(most, len(asked)))
    return [
        Example(
            "answerable", "asked", passages[one["passage"]]["article"], one["question"], tuple(one["answers"]),
            one["answerable"], evidence_of([("text", passages[one["passage"]]["text"])]),
        )
        for one in asked
    ]  # fmt: skip


def passages(folder: Path) -> list[Example]:
    texts = {one["id"]: one["text"] for one in lines(folder / "passages.jsonl")}
    asked = lines(folder / "questions.jsonl")
    made = []
    for language in ("en", "zh"):
        own = [one for one in asked if one["lang"] == language]
        rows = [
            (one["passage"].rsplit("-", 1)[0], one["passage"], one["question"], (str(one["answer"]),)) for one in own
        ]
        made += _made(f"passages {language}", rows, {key: [("text", text)] for key, text in texts.items()})
    return made


def tables(folder: Path) -> list[Example]:
    contexts = {one["id"]: one for one in lines(folder / "contexts.jsonl")}
    texts: dict[str, Texts] = {
        key: [("table", markdown(one["table"])), *(("text", text) for text in one["paragraphs"])]
        for key, one in contexts.items()
    }
    rows = []
    for one in lines(folder / "questions.jsonl"):
        answer = one["answer"] if isinstance(one["answer"], list) else [one["answer"]]
        if one["answer_from"] in ("table", "text", "table-text") and len(answer) == 1:
            rows.append((one["context"], one["context"], one["question"], (str(answer[0]),)))
    return _made("tables", rows, texts)


def _made(source: str, rows: Sequence[tuple[str, str, str, tuple[str, ...]]], texts: dict[str, Texts]) -> list[Example]:
    """Each question of its own text, of another text of its group or kind, and changed in one place."""
    choose = random.Random(SEED)
    keys = sorted({key for _, key, _, _ in rows})
    changes = Changes([question for _, _, question, _ in rows], choose)
    made = []
    for group, key, question, answers in rows:
        made.append(Example(source, "asked", group, question, answers, True, evidence_of(texts[key])))
        others = [one for one in keys if one != key and one.rsplit("-", 1)[0] == group] or [
            one for one in keys if one != key
        ]
        other = texts[choose.choice(others)]
        if not any(answer in text for answer in answers for _, text in other):
            made.append(Example(source, "other", group, question, (), False, evidence_of(other)))
        changed = changes.of(question, " ".join(text for _, text in texts[key]))
        if changed:
            made.append(Example(source, "changed", group, changed, (), False, evidence_of(texts[key])))
    return made


class Changes:
    """Changes one subject, restriction or attribute of a question into that of another question."""

    def __init__(self, questions: Sequence[str], choose: random.Random) -> None:
        self._choose = choose
        asks = [read(question).standalone.asks for question in questions]
        self._subjects = {
            kind: sorted({one.text for ask in asks for one in ask.subjects if one.kind == kind and len(one.text) < 40})
            for kind in ("name", "code", "thing")
        }
        self._attributes = sorted({ask.attribute for ask in asks if 1 < len(ask.attribute) < 30})

    def of(self, question: str, text: str) -> str:
        """Empty where nothing could be changed so that the text holds no trace of it."""
        asks = read(question).standalone.asks
        swaps = [(one.text, self._year(one.exact[0])) for one in asks.restrictions if one.kind == "time" and one.exact]
        swaps += [(one.text, self._other(self._subjects[one.kind], text)) for one in asks.subjects]
        swaps += [(asks.attribute, self._other(self._attributes, text))] if asks.attribute else []
        swaps = [(old, new) for old, new in swaps if old and new and old in question and new not in text]
        if not swaps:
            return ""
        old, new = self._choose.choice(swaps)
        return question.replace(old, new, 1)

    def _year(self, year: str) -> str:
        if not (year.isdigit() and len(year) == 4):
            return ""
        return str(int(year) + self._choose.choice((-7, -5, -3, 3, 5, 7)))

    def _other(self, known: Sequence[str], text: str) -> str:
        """One whose first word (or whole, in Chinese) does not stand in the text."""
        if not known:
            return ""
        for one in (self._choose.choice(known) for _ in range(8)):
            words = [one] if has_cjk(one) else one.split()
            if not any(word.casefold() in text.casefold() for word in words if len(word) > 3 or has_cjk(word)):
                return one
        return ""


def pages_of(one: Evidence) -> set[int | None]:
    return {one.chunk.page, *(region.page for region in one.chunk.regions)}


def from_folder(data: Path, most: int | None = None) -> Iterator[Example]:
    for source in (answerable, passages, tables):
        if not (data / source.__name__).is_dir():
            continue
        examples = source(data / source.__name__)
        yield from examples if most is None else random.Random(SEED).sample(examples, min(most, len(examples)))


def reports_of(data: Path, index: Path) -> list[Example]:
    """Questions about whole reports with what a search finds: in all of them (`pooled`) and in their own (`known`)."""
    folder, kept = load_folder(data), KeptIndex(index)
    taken = kept.taken_in()
    if taken is None:
        return []
    found = []
    with running_service(kept.data) as service, connected(service.url, "eval") as client:
        for one in folder.questions:
            own = [taken.ids[one.document]]
            found.append((one, "pooled", client.search(one.text, FOUND)))
            found.append((one, "known", client.search(one.text, FOUND, own)))
    with catalogue_of(kept.data) as catalogue:
        return [
            Example(
                "pdf-qa",
                sort,
                one.document,
                one.text,
                tuple(map(str, sorted(one.pages))),
                one.answerable,
                spread([_placed(catalogue.chunks.find(each["id"]), each) for each in hits], SHOWN),
            )
            for one, sort, hits in found
        ]


def _placed(one: Evidence, found: dict[str, Any]) -> Evidence:
    return replace(one, score=found["score"], ranks=found["ranks"])
