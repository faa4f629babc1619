"""Splits stored pages into chunks, in a child process, and reports what was on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from domain.documents import Chunk, Document, PageReport, Problem
from domain.parsed import Block, ParsedPage

CountTokens = Callable[[Sequence[str]], list[int]]
Pages = TypeAdapter(tuple[ParsedPage, ...])  # how a batch of pages is stored between the stages


@dataclass(frozen=True, slots=True)
class Cut:
    chunks: tuple[Chunk, ...]
    report: tuple[PageReport, ...]
    problems: tuple[Problem, ...]
    outline: tuple[Chunk, ...] = ()
    context: bytes = b""  # what cutting the pictures has to know of the text, to be kept until then


def cut_text(
    document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int, hidden_text: bool = False
) -> Cut:
    """The chunks of the text; with `hidden_text`, also of text that can't be seen on the pages."""
    from ingest.chunk.split import PageContext, split_text  # brings LlamaIndex and LangChain's splitter: 60 to 100 MB
    from ingest.outline import outline_of

    pages = [page for file in files for page in _read(file)]
    chunks, context = split_text(document, pages, count, max_tokens, hidden_text)
    cut = _cut(chunks, pages, TypeAdapter(PageContext).dump_json(context))
    return replace(cut, outline=(outline_of(document, pages),))


def cut_pictures(
    document: Document, files: Sequence[Path], context: Path, batch: int, count: CountTokens, max_tokens: int
) -> Cut:
    """The chunks of the pictures in the last file. The file before it gives the headings above its first page."""
    from ingest.chunk.split import PageContext, split_pictures

    before = [page for file in files[:-1] for page in _read(file)]
    pages = _read(files[-1])
    known = TypeAdapter(PageContext).validate_json(context.read_bytes())
    chunks = split_pictures(document, [*before, *pages], known, batch, count, max_tokens)
    of_these = {page.number for page in pages}
    return _cut(tuple(chunk for chunk in chunks if chunk.page in of_these), pages)


def _read(file: Path) -> tuple[ParsedPage, ...]:
    return Pages.validate_json(file.read_bytes())


def _cut(chunks: Sequence[Chunk], pages: Sequence[ParsedPage], context: bytes = b"") -> Cut:
    report = tuple(report_of(page, page.number) for page in pages if page.number is not None)
    problems = tuple(problem for page in pages for problem in page.problems)
    return Cut(tuple(chunks), report, problems, context=context)


def report_of(page: ParsedPage, number: int) -> PageReport:
    tables = [block for block in page.blocks if block.kind == "table"]
    figures = [block for block in page.blocks if block.kind == "figure"]
    return PageReport(
        number,
        "pending" if page.needs_ocr else page.read_as,
        page.confidence,
        len(tables),
        len(figures),
        _uncaptioned((*tables, *figures)),
        sum(len(block.text.split()) for block in page.blocks if block.standing == "hidden"),
    )


def _uncaptioned(blocks: Iterable[Block]) -> int:
    return sum(not block.caption for block in blocks)
