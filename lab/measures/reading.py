"""`python -m lab.measures.reading --data FOLDER`: whether the built-in reader quotes the answer, and how briefly.

The right context is given; what is measured is the reading alone.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2

from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from app.adapters.encoders.text import load_text_encoder
from app.settings import load_settings
from domain.answers import Prompt
from domain.documents import Chunk, Document, Kind
from domain.evidence import Evidence
from evaluation.claims import markdown
from evaluation.kept import ROOT
from evaluation.measure import bare
from evaluation.tables import table
from prompts.answer import abstains
from prompts.markers import without_markers

WORDS = 180
FOLDERS = ("passages", "tables", "pdf-qa")
CHARACTERS_A_WORD = 1.6  # of Chinese, on average
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Asked:
    group: str
    question: str
    answer: str
    texts: tuple[tuple[Kind, str], ...]


@dataclass(frozen=True, slots=True)
class Read:
    asked: Asked
    said: str

    @property
    def contained(self) -> bool:
        return contains(self.said, self.asked.answer)

    @property
    def words(self) -> float:
        return words_in(self.said)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.reading", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="passages, tables with text, or PDFs with questions")
    parser.add_argument("--words-alone", action="store_true", help="without the encoder")
    parser.add_argument("--every", type=int, default=1, help="only every Nth question")
    parser.add_argument("--wrong", type=int, default=0, help="print so many that were not answered")
    options = parser.parse_args()
    settings = load_settings()
    encoder = None if options.words_alone else load_text_encoder(settings.models, settings.cache_dir)
    asked = [one for folder in options.data or default_folders() for one in questions_of(folder)][:: options.every]
    read = measure(asked, ExtractiveReader(encoder))
    print(as_table(read))
    for one in [one for one in read if not one.contained][: options.wrong]:
        print(f"\n{one.asked.group}: {one.asked.question}\n  wanted: {one.asked.answer}\n  said: {one.said}")
    return 0


def default_folders() -> list[Path]:
    data = ROOT.parent / "shared" / "data"
    return [data / name for name in FOLDERS if (data / name).is_dir()]


def measure(asked: Sequence[Asked], reader: ExtractiveReader) -> list[Read]:
    return [
        Read(one, " ".join(reader.read(Prompt(read(one.question), (), evidence_of(one.texts))).quotes)) for one in asked
    ]


def evidence_of(texts: Sequence[tuple[Kind, str]]) -> tuple[Evidence, ...]:
    document = Document(
        "d", "c", "default", "document", "text/plain", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
    )
    return tuple(Evidence(Chunk(f"d.{n}", "d", n, kind, text, text), document) for n, (kind, text) in enumerate(texts))


def contains(said: str, wanted: str) -> bool:
    """The wanted words in a row, case, spaces and punctuation aside; an abstention holds nothing."""
    return not abstains(said) and bool(bare(wanted)) and bare(wanted) in bare(without_markers(said))


def words_in(text: str) -> float:
    text = without_markers(text)
    characters = len(_CJK.findall(text))
    return len(_CJK.sub(" ", text).split()) + characters / CHARACTERS_A_WORD


# ---------------------------------------------------------------- questions of the three sorts of folder


def questions_of(folder: Path) -> Iterator[Asked]:
    if (folder / "passages.jsonl").is_file():
        return _passages(folder)
    if (folder / "contexts.jsonl").is_file():
        return _tables(folder)
    return _pages(folder)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _passages(folder: Path) -> Iterator[Asked]:
    texts = {one["id"]: one["text"] for one in _lines(folder / "passages.jsonl")}
    for one in _lines(folder / "questions.jsonl"):
        yield Asked(f"passages {one['lang']}", one["question"], one["answer"], (("text", texts[one["passage"]]),))


def _tables(folder: Path) -> Iterator[Asked]:
    contexts = {one["id"]: one for one in _lines(folder / "contexts.jsonl")}
    for one in _lines(folder / "questions.jsonl"):
        answer = one["answer"]
        if one["answer_from"] == "table" and isinstance(answer, list) and len(answer) == 1:
            context = contexts[one["context"]]
            texts: list[tuple[Kind, str]] = [("text", text) for text in context["paragraphs"]]
            yield Asked("tables", one["question"], answer[0], (("table", markdown(context["table"])), *texts))


def _pages(folder: Path) -> Iterator[Asked]:
    """Only the questions whose answer stands literally on a labelled page's text."""
    for one in _lines(folder / "questions.jsonl"):
        if not one.get("answerable", True) or not one.get("pages") or not one.get("answer"):
            continue
        texts = _texts(folder, one["document"], one["pages"])
        answer = str(one["answer"])
        if len(bare(answer)) >= 2 and any(bare(answer) in bare(text) for _, text in texts):
            yield Asked("pages", one["question"], answer, tuple(texts))


def _texts(folder: Path, name: str, pages: Sequence[int]) -> list[tuple[Kind, str]]:
    path = next((one for one in (folder / name, folder / "documents" / name) if one.is_file()), None)
    if path is None or path.suffix.lower() != ".pdf":
        return []
    document = pypdfium2.PdfDocument(path)
    try:
        texts = [document[page - 1].get_textpage().get_text_bounded() for page in pages if page <= len(document)]
    finally:
        document.close()
    return [("text", piece) for text in texts for piece in _pieces(text.replace("\r\n", "\n").replace("\ufffe", ""))]


def _pieces(text: str) -> Iterator[str]:
    lines, count = list[str](), 0
    for line in text.splitlines():
        lines.append(line)
        count += len(line.split())
        if count >= WORDS:
            yield "\n".join(lines)
            lines, count = [], 0
    if count:
        yield "\n".join(lines)


# ---------------------------------------------------------------- for people


def as_table(read: Sequence[Read]) -> str:
    rows = [("reading, the right context given", "questions", "contained", "abstained", "words, mean")]
    for group in dict.fromkeys(one.asked.group for one in read):
        fellows = [one for one in read if one.asked.group == group]
        contained = sum(one.contained for one in fellows) / len(fellows)
        silent = sum(abstains(one.said) for one in fellows) / len(fellows)
        words = sum(one.words for one in fellows) / len(fellows)
        rows.append((group, str(len(fellows)), f"{contained:.3f}", f"{silent:.3f}", f"{words:.1f}"))
    return table(rows)


if __name__ == "__main__":
    raise SystemExit(main())
