"""Reads a PDF: what it is, and its pages as blocks of text, tables and figures with their places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import pypdfium2 as pdfium

from domain.documents import Box, Problem
from domain.errors import Unreadable
from domain.parsed import Block, Identity, Line, ParsedPage
from ingest.chunk.cross_page import MARGIN, blanked, is_page_number
from ingest.parse.formats import PDF
from ingest.parse.pdf_captions import captioned, is_caption, placed
from ingest.parse.pdf_figures import figures, stamp
from ingest.parse.pdf_file import load_page, opened
from ingest.parse.pdf_geometry import Page, Rectangle, Row, Word, row_of, turns_of
from ingest.parse.pdf_hidden import hidden_words
from ingest.parse.pdf_layout import blocks, body_size, confidence, lines_of
from ingest.parse.pdf_notes import Annotations, not_read, note_blocks, read_annotations, with_fields
from ingest.parse.pdf_rows import Aligned, aligned_tables
from ingest.parse.pdf_shapes import Shapes, area, is_ruled, read_shapes, share
from ingest.parse.pdf_tables import Table, ruled_tables
from ingest.parse.pdf_words import Frame, frame_of, read_words
from ingest.parse.reading_order import in_order, segments
from ingest.parse.tables import table_block

TITLE_PAGES = 3  # on which a title is looked for
WORD = re.compile(r"[^\W_]+")


def open_pdf(path: Path) -> Identity:
    """What the file is. Raises NeedsPassword or Unreadable."""
    with opened(path) as document:
        count = len(document)
        if count == 0:
            raise Unreadable("the PDF has no pages")
        title = _title(document)
        return Identity(PDF, count, title if title and _is_seen(title, document) else None)


def parse_pdf(path: Path, first: int, last: int) -> list[ParsedPage]:
    """Pages `first` to `last`, from 1, both included; those past the end are left out."""
    with opened(path) as document:
        numbers = range(max(1, first), min(last, len(document)) + 1)
        seen = [_seen(document, number) for number in numbers]
        batch = _Batch.of(seen)
        return [_parsed(page, batch) for page in seen]


def _title(document: pdfium.PdfDocument) -> str | None:
    """The title that its author gave it, when it is one: not a file name, not a template's."""
    try:
        title = " ".join(document.get_metadata_value("Title").split())
    except pdfium.PdfiumError:
        return None
    title = "".join(c for c in title if c.isprintable())
    poor = re.search(
        r"^(untitled|microsoft |powerpoint|slide \d|document\d*$|title$|[\W\d_]*$)|\.\w{2,5}$|\ufffd", title, re.I
    )
    return None if len(title) < 4 or poor else title[:200]


def _is_seen(title: str, document: pdfium.PdfDocument) -> bool:
    """Most of its words stand on the first pages: else it may say anything, where nobody reads it. A scan has no
    words to compare."""
    text = " ".join(_first_words(document)).casefold()
    named = WORD.findall(title.casefold())
    return not text.strip() or sum(word in text for word in named) >= 0.6 * len(named)


def _first_words(document: pdfium.PdfDocument) -> Iterator[str]:
    for index in range(min(TITLE_PAGES, len(document))):
        try:
            page = document[index]
            frame = frame_of(page)
            words = _read(page, frame, read_shapes(page, frame))
            yield " ".join(word.text for word in words if not word.hidden)
            page.close()
        except pdfium.PdfiumError:  # the page will be reported when it is parsed
            continue


# ---------------------------------------------------------------- a page, first look


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a page holds, before it is known what its neighbours repeat."""

    number: int
    frame: Frame
    page: Page
    words: tuple[Word, ...] = ()
    rows: tuple[Row, ...] = ()
    shapes: Shapes | None = None  # None: the page can't be loaded
    hidden: tuple[Word, ...] = ()
    notes: tuple[Block, ...] = ()
    not_read: tuple[Problem, ...] = ()
    why: str = ""


def _seen(document: pdfium.PdfDocument, number: int) -> _Seen:
    try:
        beside = [Annotations()]
        page = load_page(document, number, lambda page: beside.append(read_annotations(page, frame_of(page))))
    except pdfium.PdfiumError as error:
        return _Seen(number, Frame(0, 0, 0, 0, 0), Page(number, 0, 0), why=f"the page can't be read: {error}")
    try:
        frame = frame_of(page)
        shapes = read_shapes(page, frame)
        read = with_fields(_words(page, frame, shapes), beside[-1])
        words, hidden = [word for word in read if not word.hidden], tuple(word for word in read if word.hidden)
        layout = Page(number, frame.width, frame.height, turns_of(words))
        notes = tuple(note_blocks(beside[-1].notes, words, layout))
        left = tuple(not_read(beside[-1], number))
        return _Seen(number, frame, layout, tuple(words), _rows(words, layout), shapes, hidden, notes, left)
    except pdfium.PdfiumError as error:
        return _Seen(number, Frame(0, 0, 0, 0, 0), Page(number, 0, 0), why=f"the page can't be read: {error}")
    finally:
        page.close()


def words_of(page: pdfium.PdfPage, frame: Frame) -> list[Word]:
    """In the order in which the file draws them; those that can't be seen are marked."""
    return _words(page, frame, read_shapes(page, frame))


def _words(page: pdfium.PdfPage, frame: Frame, shapes: Shapes) -> list[Word]:
    """pdfium puts letters in order as the page is shown: sideways and upside down ones are read on the page turned."""
    words = _read(page, frame, shapes)
    turns = turns_of(words)
    if not turns:
        return words
    shown = page.get_rotation()
    page.set_rotation((shown - 90 * turns) % 360)
    try:
        again = _read(page, frame, None)
    finally:
        page.set_rotation(shown)
    unseen = {(word.text, round(word.x0), round(word.y0)) for word in words if word.hidden}
    return [replace(each, hidden=(each.text, round(each.x0), round(each.y0)) in unseen) for each in again]


def _read(page: pdfium.PdfPage, frame: Frame, shapes: Shapes | None) -> list[Word]:
    """The words of a page; with `shapes`, those that can't be seen are marked."""
    textpage = page.get_textpage()
    try:
        words, firsts = read_words(textpage, frame)
        hidden = frozenset[int]() if shapes is None else hidden_words(page, textpage, frame, shapes, words, firsts)
    finally:
        textpage.close()
    return [replace(word, hidden=True) if at in hidden else word for at, word in enumerate(words)] if hidden else words


def _rows(words: Sequence[Word], page: Page) -> tuple[Row, ...]:
    upright = [page.upright(word) for word in words] if page.turns else words
    return tuple(row_of(row) for row in in_order(segments(upright)) if row)


# ---------------------------------------------------------------- what pages have in common


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the pages of one batch repeat, and the size of their running text."""

    body: float
    repeated: frozenset[str]  # lines in margins, their numbers blanked: headers and footers
    logos: frozenset[tuple[int, ...]]

    @classmethod
    def of(cls, pages: Sequence[_Seen]) -> _Batch:
        lines: Counter[str] = Counter()
        logos: Counter[tuple[int, ...]] = Counter()
        for page in pages:
            lines.update({blanked(row.text) for row in page.rows if _in_margin(row, page.page)})
            if page.shapes is not None:
                logos.update({stamp(box, pixels) for box, pixels in page.shapes.pictures})
        return cls(
            body_size(word for page in pages for word in page.words),
            frozenset(line for line, count in lines.items() if count > 1),
            frozenset(logo for logo, count in logos.items() if count >= 3),
        )


def _in_margin(row: Row, page: Page) -> bool:
    height = page.width if page.turns % 2 else page.height
    return row.y1 < MARGIN * height or row.y0 > (1 - MARGIN) * height


def _is_running(row: Row, page: Page, batch: _Batch) -> bool:
    """Whether it may be a running line. It is kept apart, and decided later with all pages in view."""
    return _in_margin(row, page) and (blanked(row.text) in batch.repeated or is_page_number(row.text))


def _with_margins(found: Sequence[Block], seen: _Seen, batch: _Batch) -> list[Block]:
    """The blocks, with possible headers before and possible footers after them."""
    rows = [row for row in seen.rows if _is_running(row, seen.page, batch)]
    above, below = list[Block](), list[Block]()
    for row in rows:
        middle = (row.y0 + row.y1) / 2
        height = seen.page.width if seen.page.turns % 2 else seen.page.height
        side = above if middle < height / 2 else below
        side += [replace(block, standing="running") for block in blocks([row], seen.page, batch.body)]
    return [*above, *found, *below]


def _hidden(seen: _Seen) -> list[Block]:
    """The words that can't be seen, as one block that is marked so."""
    lines = []
    for _, words in groupby(seen.hidden, lambda word: word.line):
        held = list(words)
        lefts, tops, rights, bottoms = zip(*((word.x0, word.y0, word.x1, word.y1) for word in held), strict=True)
        box = replace(seen.page, turns=0).box(min(lefts), min(tops), max(rights), max(bottoms))
        lines.append(Line(" ".join(word.text for word in held), box))
    if not lines:
        return []
    text = "\n".join(line.text for line in lines)
    return [Block("text", text, page=seen.number, lines=tuple(lines), standing="hidden")]


# ---------------------------------------------------------------- a page, read


def _parsed(seen: _Seen, batch: _Batch) -> ParsedPage:
    if seen.shapes is None:
        return ParsedPage(seen.number, read_as="failed", problems=(Problem(seen.why, seen.number),))
    if not seen.words and seen.shapes.blank:
        return ParsedPage(seen.number, (*seen.notes, *_hidden(seen)), read_as="text" if seen.notes else "empty")
    problems = list(seen.not_read)
    if _needs_ocr(seen, seen.shapes):
        regions = figures(seen.shapes, seen.frame, (), (), (), batch.logos)
        return ParsedPage(
            seen.number,
            (*_figure_blocks(seen, _Found((), (), tuple(regions)), ()), *seen.notes, *_hidden(seen)),
            needs_ocr=True,
            problems=tuple(problems),
        )
    found = _found(seen, seen.shapes, batch, problems)
    texts, aligned = texts_and_tables(found.running, aligned_tables(found.running), seen.page, batch.body)
    ruled = [_table_block(table, seen.page, texts) for table in found.ruled]
    pictures = _figure_blocks(seen, found, texts)
    aligned = [captioned(table, texts, "table") for table in aligned]
    everything = placed(placed(texts, [*ruled, *aligned]), pictures)
    everything = [*_with_margins(everything, seen, batch), *seen.notes, *_hidden(seen)]
    return ParsedPage(seen.number, tuple(everything), problems=tuple(problems))


@dataclass(frozen=True, slots=True)
class _Found:
    """The tables and figures of a page, and the rows outside of them."""

    ruled: tuple[Table, ...]
    running: tuple[Row, ...]
    figures: tuple[Rectangle, ...]  # on the page as rendered
    inside: tuple[tuple[Row, ...], ...] = ()  # those in each figure


def _found(seen: _Seen, shapes: Shapes, batch: _Batch, problems: list[Problem]) -> _Found:
    ruled = _tables(seen, shapes, problems)
    rows = [row for row in seen.rows if not _is_running(row, seen.page, batch)]
    placed = [(row, _box(row, seen.page)) for row in rows]
    placed = [(row, box) for row, box in placed if not any(share(box, table.box) > 0.5 for table in ruled)]
    outside = [row for row, _ in placed]
    unruled = [_around_rows(table.rows, seen.page) for table in aligned_tables(outside)]
    unruled = [box for box in unruled if not _is_drawn(box, shapes)]
    tabled = [*(table.box for table in ruled), *unruled]
    prose = [box for row, box in placed if len(row.cells[0].words) >= 6]
    lines = [_box(row, seen.page) for row in rows]  # those in tables too: a part of one is no figure either
    regions = figures(shapes, seen.frame, tabled, lines, prose, batch.logos)
    drawn = [(row, box) for row, box in placed if not is_caption(row.text)]
    inside = tuple(tuple(row for row, box in drawn if share(box, region) > 0.7) for region in regions)
    labels = {id(row) for row, box in drawn if any(share(box, region) > 0.7 for region in regions)}
    running = [row for row, _ in placed if id(row) not in labels]
    return _Found(tuple(ruled), tuple(running), tuple(regions), inside)


def _is_drawn(box: Rectangle, shapes: Shapes) -> bool:
    """Whether curves or a picture lie under the rows: then they are labels of a chart, not a table."""
    return sum(share(drawing, box) > 0.6 for drawing in shapes.drawings) > 5 or any(
        share(box, picture) > 0.8 for picture, _ in shapes.pictures
    )


def _around_rows(rows: Sequence[Row], page: Page) -> Rectangle:
    return page.as_rendered(
        min(row.x0 for row in rows),
        min(row.y0 for row in rows),
        max(row.x1 for row in rows),
        max(row.y1 for row in rows),
    )


def texts_and_tables(
    rows: Sequence[Row], tables: Sequence[Aligned], page: Page, body: float
) -> tuple[list[Block], list[Block]]:
    """Blocks of text, and of tables without rules, out of rows."""
    texts: list[Block] = []
    found: list[Block] = []
    start = 0
    for table in tables:
        texts += blocks(rows[start : table.first], page, body)
        box = page.box(*_around_rows(table.rows, replace(page, turns=0)))
        block = table_block(table.cells, page=page.number, box=box, stretches=_stretches(table.stretches, page))
        found.append(replace(block, confidence=confidence(table.rows)))
        start = table.last + 1
    return texts + blocks(rows[start:], page, body), found


def _stretches(rows: Sequence[Sequence[Sequence[Rectangle]]], page: Page) -> list[list[list[Box]]]:
    """The stretches of cells, as fractions of the page."""
    return [[[page.box(*each) for each in cell] for cell in row] for row in rows]


def _box(row: Row, page: Page) -> Rectangle:
    return page.as_rendered(row.x0, row.y0, row.x1, row.y1)


def _needs_ocr(seen: _Seen, shapes: Shapes) -> bool:
    """Whether the page has no words, garbage for words, or a few stray ones on a picture."""
    text = "".join(word.text for word in seen.words)
    whole = max(1.0, seen.frame.width * seen.frame.height)
    if not text:
        return bool(shapes.pictures or len(shapes.drawings) + len(shapes.boxes) > 3 or shapes.texts)
    garbage = sum(1 for c in text if c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or (not c.isprintable()))
    if garbage > 0.3 * len(text):
        return True
    largest = max((area(box) for box, _ in shapes.pictures), default=0.0)
    return len(seen.words) < 8 and len(text) < 60 and largest > 0.5 * whole


def _tables(seen: _Seen, shapes: Shapes, problems: list[Problem]) -> list[Table]:
    if not is_ruled(shapes):
        return []
    try:
        return ruled_tables(shapes, seen.words, seen.page.turns)
    except Exception as error:  # whatever an odd grid does to it; the text is there all the same
        problems.append(Problem(f"tables were not recognised ({type(error).__name__})", seen.number))
        return []


def _table_block(table: Table, page: Page, texts: Sequence[Block]) -> Block:
    page = replace(page, turns=0)
    stretches = _stretches(table.stretches, page)
    block = table_block(table.cells, page=page.number, box=page.box(*table.box), stretches=stretches)
    return captioned(block, texts, "table")


# ---------------------------------------------------------------- figures


def _figure_blocks(seen: _Seen, found: _Found, texts: Sequence[Block]) -> list[Block]:
    """Each region with the words drawn in it, and its caption; `crop_figures` draws them when their turn comes."""
    made = []
    for region, inside in zip(found.figures, found.inside or [()] * len(found.figures), strict=True):
        words, box = "\n".join(row.text for row in inside), replace(seen.page, turns=0).box(*region)
        block = Block("figure", words, page=seen.number, box=box, lines=lines_of(inside, seen.page))
        made.append(captioned(block, texts, "figure"))
    return made
