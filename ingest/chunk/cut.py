"""Splits stored pages into chunks, in a child process, and reports what was on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from domain.documents import Chunk, Document, PageReport, Problem
from domain.limits import DocumentLimits, only_first, variable
from domain.parsed import Block, ParsedPage

MOST_PROBLEMS = 200
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
    document: Document,
    files: Sequence[Path],
    count: CountTokens,
    max_tokens: int,
    limits: DocumentLimits,
    hidden_text: bool = False,
) -> Cut:
    """The chunks of the text; with `hidden_text`, also of text that can't be seen on the pages. What is left out
    because of the limits is among the problems."""
    from ingest.chunk.split import PageContext, split_text  # brings LlamaIndex and LangChain's splitter: 60 to 100 MB
    from ingest.outline import outline_of

    pages = [page for file in files for page in _read(file)]
    chunks, context = split_text(document, pages, count, max_tokens, hidden_text)
    cut = _cut(chunks[: limits.chunks], pages, TypeAdapter(PageContext).dump_json(context))
    untold = () if hidden_text else _hidden(pages)
    problems = (*_left_out(document, pages, len(chunks), limits), *untold, *cut.problems)
    return replace(cut, outline=(outline_of(document, pages),), problems=problems)


def _hidden(pages: Sequence[ParsedPage]) -> tuple[Problem, ...]:
    """What was left out of documents without pages because nobody sees it: pages tell so in their report."""
    blocks = [block for page in pages if page.number is None for block in page.blocks if block.standing == "hidden"]
    words = sum(len(block.text.split()) for block in blocks)
    return (Problem(f"{words:,} hidden words were left out"),) if words else ()


def _left_out(document: Document, pages: Sequence[ParsedPage], chunks: int, limits: DocumentLimits) -> list[Problem]:
    left_out = []
    last = max((page.number or 0 for page in pages), default=0)
    if last and document.pages is not None and last < document.pages:
        if last >= limits.pages:
            left_out.append(only_first("pages", last, document.pages, "pages"))
        else:
            left_out.append(took_too_long(f"only the first {last:,} of its {document.pages:,} pages were read", limits))
    if chunks > limits.chunks:
        left_out.append(only_first("chunks", limits.chunks, chunks, "chunks", "can be found"))
    return [Problem(message) for message in left_out]


def took_too_long(what: str, limits: DocumentLimits) -> str:
    return f"{what}: it took longer than {limits.minutes} minutes; {variable('minutes')} is the limit"


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
    return Cut(tuple(chunks), report, _few([problem for page in pages for problem in page.problems]), context=context)


def _few(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """They are shown with every document, so of thousands the first."""
    more = len(problems) - MOST_PROBLEMS
    told = tuple(problems[:MOST_PROBLEMS])
    return (*told, Problem(f"{more:,} more problems are not listed")) if more > 0 else told


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
        page.hidden + sum(len(block.text.split()) for block in page.blocks if block.standing == "hidden"),
    )


def _uncaptioned(blocks: Iterable[Block]) -> int:
    return sum(not block.caption for block in blocks)
