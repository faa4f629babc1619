"""A folder with documents and `questions.jsonl`: what is taken in, what is asked, and what counts as found."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evaluation.small_documents import Kind, file_name, kind_of, written
from language.scripts import CJK_LETTERS

CJK = re.compile(f"[{CJK_LETTERS}]")


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    text: str
    document: str  # file name
    pages: frozenset[int] = frozenset()  # from 1; empty: the document has no pages, any place in it counts
    answer: str | None = None
    answerable: bool = True
    kinds: tuple[str, ...] = ()
    parallel: str | None = None  # file name of the same text in another language

    @property
    def language(self) -> str:
        return "zh" if CJK.search(self.text) else "en"


@dataclass(frozen=True, slots=True)
class QuestionFolder:
    name: str
    documents: tuple[Path, ...]
    questions: tuple[LabelledQuestion, ...]

    @property
    def answerable(self) -> tuple[LabelledQuestion, ...]:
        return tuple(question for question in self.questions if question.answerable)


class BadFolder(Exception):
    """The folder is not one that can be measured; the message says why."""


def load_folder(folder: Path, scratch: Path | None = None) -> QuestionFolder:
    """Reads `questions.jsonl`, and the documents beside it or in its folder `documents/`; passages and tables become
    documents in `scratch`."""
    if not (folder / "questions.jsonl").is_file():
        raise BadFolder(f"{folder} has no questions.jsonl")
    inner, small = folder / "documents", kind_of(folder)
    if small is None:
        documents, read = files_in(inner if inner.is_dir() else folder), question_of
    else:
        documents, read = small_documents(folder, small, scratch), partial(question_of_small, small)
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = tuple(read_questions(lines, read))
    absent = sorted({question.document for question in questions} - {path.name for path in documents})
    if absent:
        raise BadFolder(f"{folder} asks about documents that are not there: {', '.join(absent)}")
    return QuestionFolder(folder.resolve().name, documents, questions)


def files_in(folder: Path) -> tuple[Path, ...]:
    made_elsewhere = {"questions.jsonl", "README.md"}
    return tuple(sorted(path for path in folder.iterdir() if path.is_file() and path.name not in made_elsewhere))


def small_documents(folder: Path, small: Kind, scratch: Path | None) -> tuple[Path, ...]:
    try:
        return written(folder, small, scratch or Path(tempfile.gettempdir()) / "exhibit-eval")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadFolder(f"{folder / small.file} can't be read: {error!r}") from error


def read_questions(
    lines: Iterable[str], read: Callable[[dict[str, Any]], LabelledQuestion]
) -> Iterable[LabelledQuestion]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield read(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadFolder(f"questions.jsonl, line {number}: {error!r}") from error


def question_of(fields: dict[str, Any]) -> LabelledQuestion:
    return LabelledQuestion(
        text=fields["question"].strip(),
        document=fields["document"],
        pages=frozenset(int(page) for page in fields.get("pages") or ()),
        answer=fields.get("answer"),
        answerable=bool(fields.get("answerable", True)),
        kinds=tuple(fields.get("kinds") or ()),
    )


def question_of_small(small: Kind, fields: dict[str, Any]) -> LabelledQuestion:
    """A question that names its passage or its table; the kind of its answer is its kind."""
    parallel = fields.get("parallel")
    return LabelledQuestion(
        text=fields["question"].strip(),
        document=file_name(fields[small.names]),
        answer=answer_text(fields.get("answer")),
        kinds=tuple(filter(None, (fields.get("answer_from"),))),
        parallel=file_name(parallel) if parallel else None,
    )


def answer_text(answer: Any) -> str | None:
    return ", ".join(map(str, answer)) if isinstance(answer, list) else answer


def first(folder: QuestionFolder, limit: int | None) -> QuestionFolder:
    """The same documents, but only the first questions."""
    return QuestionFolder(folder.name, folder.documents, folder.questions[:limit])
