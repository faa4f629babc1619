"""Folders of passages or of tables with text: each becomes a small document, and the questions ask for it.

    passages.jsonl  {"id","text"}                  questions.jsonl  {"question","passage","parallel"?,"answer"?,…}
    contexts.jsonl  {"id","table","paragraphs"}    questions.jsonl  {"question","context","answer"?,"answer_from"?,…}

`parallel` is the same passage in another language: how well a question finds it is measured separately.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of folder is recognised and read."""

    file: str
    names: str  # the field of a question that names its document
    text_of: Callable[[Row], str]


def passage_text(row: Row) -> str:
    return str(row["text"])


def table_text(row: Row) -> str:
    """Markdown: the paragraphs, and the table below them."""
    return "\n\n".join([*map(str, row["paragraphs"]), markdown_table(row["table"])]) + "\n"


def markdown_table(rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(cell_text(cell) for cell in row)} |" for row in rows]
    rule = f"|{' --- |' * len(rows[0])}" if rows else ""
    return "\n".join([*lines[:1], rule, *lines[1:]])


def cell_text(cell: Any) -> str:
    return " ".join(str(cell).split()).replace("|", "\\|")


KINDS = (Kind("passages.jsonl", "passage", passage_text), Kind("contexts.jsonl", "context", table_text))


def kind_of(folder: Path) -> Kind | None:
    return next((kind for kind in KINDS if (folder / kind.file).is_file()), None)


def written(folder: Path, kind: Kind, scratch: Path) -> tuple[Path, ...]:
    """The documents as files, in a scratch folder that is named by what is in them."""
    source = folder / kind.file
    place = scratch / hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    return tuple(sorted(write(place, row, kind) for row in rows_of(source)))


def write(place: Path, row: Row, kind: Kind) -> Path:
    path = place / file_name(row["id"])
    text = kind.text_of(row)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def file_name(row_id: Any) -> str:
    """A safe file name from an untrusted `id`: it can't lead out of the folder."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '_', str(row_id))[:100]}.md"


def rows_of(path: Path) -> Iterator[Row]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
