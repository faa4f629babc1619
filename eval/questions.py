"""A folder with documents and `questions.jsonl`: what is taken in, what is asked, and what counts as found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CJK = re.compile(r"[㐀-鿿豈-﫿぀-ヿ가-힯]")


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    document: str  # file name
    pages: frozenset[int] = frozenset()  # from 1; empty: the document has no pages, any place in it counts
    answer: str | None = None
    answerable: bool = True
    kinds: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        return "zh" if CJK.search(self.text) else "en"


@dataclass(frozen=True, slots=True)
class QuestionFolder:
    name: str
    documents: tuple[Path, ...]
    questions: tuple[Question, ...]

    @property
    def answerable(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.answerable)


class BadFolder(Exception):
    """The folder is not one that can be measured; the message says why."""


def load_folder(folder: Path) -> QuestionFolder:
    """Reads `questions.jsonl`, and the documents beside it or in its folder `documents/`."""
    if not (folder / "questions.jsonl").is_file():
        raise BadFolder(f"{folder} has no questions.jsonl")
    inner = folder / "documents"
    documents = files_in(inner if inner.is_dir() else folder)
    questions = tuple(read_questions((folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()))
    absent = sorted({question.document for question in questions} - {path.name for path in documents})
    if absent:
        raise BadFolder(f"{folder} asks about documents that are not there: {', '.join(absent)}")
    return QuestionFolder(folder.resolve().name, documents, questions)


def files_in(folder: Path) -> tuple[Path, ...]:
    made_elsewhere = {"questions.jsonl", "README.md"}
    return tuple(sorted(path for path in folder.iterdir() if path.is_file() and path.name not in made_elsewhere))


def read_questions(lines: Iterable[str]) -> Iterable[Question]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield question_of(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadFolder(f"questions.jsonl, line {number}: {error!r}") from error


def question_of(fields: dict[str, Any]) -> Question:
    return Question(
        text=fields["question"].strip(),
        document=fields["document"],
        pages=frozenset(int(page) for page in fields.get("pages") or ()),
        answer=fields.get("answer"),
        answerable=bool(fields.get("answerable", True)),
        kinds=tuple(fields.get("kinds") or ()),
    )


def first(folder: QuestionFolder, limit: int | None) -> QuestionFolder:
    """The same documents, but only the first questions."""
    return QuestionFolder(folder.name, folder.documents, folder.questions[:limit])
