"""The split stage as a child process runs it: stored pages in, chunks and the report out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from app.domain.types import Chunk, Document, PageReport, ParsedPage, Problem

CountTokens = Callable[[Sequence[str]], list[int]]
Pages = TypeAdapter(tuple[ParsedPage, ...])  # how a batch of pages is stored between the stages


@dataclass(frozen=True, slots=True)
class Cut:
    chunks: tuple[Chunk, ...]
    report: tuple[PageReport, ...]
    problems: tuple[Problem, ...]


def cut(document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
    from ingest.split import split  # brings LlamaIndex and LangChain's splitter: 60 to 100 MB that only a child needs

    pages = [page for file in files for page in Pages.validate_json(file.read_bytes())]
    return Cut(
        chunks=split(document, pages, count, max_tokens),
        report=tuple(
            PageReport(page.number, page.read_as, page.confidence) for page in pages if page.number is not None
        ),
        problems=tuple(problem for page in pages for problem in page.problems),
    )
