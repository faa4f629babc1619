"""The PDFs of the bench, grouped by whether they have text, and one long PDF made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from evaluation.questions import LabelledQuestion, QuestionFolder

HAS_TEXT = 16  # characters on a page; fewer are a page number on a scan


@dataclass(frozen=True, slots=True)
class Pdf:
    path: Path
    pages: int
    textless: int  # pages that only OCR can read, empty ones included

    @property
    def has_text_layer(self) -> bool:
        return self.textless == 0


@dataclass(frozen=True, slots=True)
class BenchFiles:
    with_text: tuple[Pdf, ...]  # every page has text
    without: tuple[Pdf, ...]  # at least one page has none
    questions: tuple[LabelledQuestion, ...]  # answerable ones about these files

    @property
    def pdfs(self) -> tuple[Pdf, ...]:
        return self.with_text + self.without


def choose(folder: QuestionFolder, documents: int | None, text_only: bool) -> BenchFiles:
    """The folder's PDFs, or the smallest of them, and the questions about these."""
    pdfs = [looked_at(path) for path in folder.documents if path.suffix.lower() == ".pdf"]
    chosen = sorted((pdf for pdf in pdfs if pdf.has_text_layer or not text_only), key=lambda pdf: pdf.pages)[:documents]
    names = {pdf.path.name for pdf in chosen}
    return BenchFiles(
        with_text=tuple(pdf for pdf in chosen if pdf.has_text_layer),
        without=tuple(pdf for pdf in chosen if not pdf.has_text_layer),
        questions=tuple(question for question in folder.answerable if question.document in names),
    )


def looked_at(path: Path) -> Pdf:
    with pypdfium2.PdfDocument(path) as document:
        lengths = [len("".join(page.get_textpage().get_text_range().split())) for page in document]
    return Pdf(path, len(lengths), sum(length < HAS_TEXT for length in lengths))


def pages_of(pdfs: Iterable[Pdf]) -> int:
    return sum(pdf.pages for pdf in pdfs)


def make_long(pdfs: Sequence[Pdf], pages: int, path: Path) -> Pdf:
    """One PDF of so many pages: those of the given PDFs one after the other, repeated as often as needed."""
    sources = [pypdfium2.PdfDocument(pdf.path) for pdf in pdfs]
    with pypdfium2.PdfDocument.new() as made:
        while len(made) < pages:
            for source in sources:
                if wanted := list(range(min(len(source), pages - len(made)))):  # no pages would mean all of them
                    made.import_pages(source, wanted)
        made.save(str(path))
    for source in sources:
        source.close()
    return looked_at(path)
