"""Makes headings, lists and paragraphs of the rows of a page: arithmetic only, no PDF library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from domain.parsed import Block, Line
from ingest.parse.pdf_geometry import CJK, Page, Row, Segment, Word
from language.sentences import is_field

COUNTING = re.compile(r"^(?:\d{1,2}|[A-Z]|[IVX]{1,4})[.)]$")  # of bullets, those that count sections too


def body_size(words: Iterable[Word]) -> float:
    """The font size that most letters have."""
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[round(word.size * 2) / 2] += len(word.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def level_of(row: Row, body: float) -> int:
    """The level of a heading by its size, 0 for running text: by ratio, so that batches agree."""
    if len(row.cells) > 1 or not any(c.isalpha() for c in row.text):
        return 0
    if len(row.text) > 160:
        return 0
    ratio = row.size / body
    if row.marked and not (ratio >= 1.12 and _counts_a_section(row)):
        return 0
    if ratio >= 1.75:
        return 1
    if ratio >= 1.3:
        return 2
    short = len(row.text) <= 90 and not row.text.rstrip().endswith((".", ",", ";", "。", "，"))
    if ratio >= 1.12 and short:
        return 3
    return 3 if row.bold and short and ratio >= 0.95 else 0


def _counts_a_section(row: Row) -> bool:
    """`2. Methods`, and not an item of a list that is set large."""
    mark, *title = (word.text for word in row.cells[0].words)
    named = bool(title) and (title[0][0].isupper() or CJK.match(title[0]) is not None)
    return named and COUNTING.match(mark) is not None and len(title) <= 12 and not row.text.endswith((".", ";", "。"))


def blocks(ordered: Sequence[Row], page: Page, body: float) -> list[Block]:
    """Headings, lists and paragraphs out of rows in reading order."""
    groups: list[tuple[int, list[Row]]] = []
    for row in ordered:
        level = level_of(row, body)
        if groups and _belongs(groups[-1], row, level):
            groups[-1][1].append(row)
        else:
            groups.append((level, [row]))
    return [_block(level, group, page) for level, group in groups]


def _belongs(group: tuple[int, list[Row]], row: Row, level: int) -> bool:
    kind, rows = group
    last = rows[-1]
    if kind != level or abs(row.size - last.size) > 0.15 * last.size:
        return False
    height = max(last.size, 1.0)
    gap = row.y0 - last.y1
    if gap > 0.9 * height or gap < -1.2 * height or row.x0 > last.x1 or row.x1 < last.x0:
        return False
    if level:
        return len(rows) < 4
    if row.marked:
        return rows[0].marked
    if rows[0].marked:
        return row.x0 > rows[0].x0 - 0.3 * height
    return not _starts_paragraph(rows, row)


def _starts_paragraph(rows: Sequence[Row], row: Row) -> bool:
    """Whether a row is indented, or has a wider gap above than the lines before it."""
    last = rows[-1]
    left = min(each.x0 for each in rows)
    indented = row.x0 - left > 0.8 * last.size and len(rows) > 1 and abs(last.x0 - left) < 0.3 * last.size
    if len(rows) < 2:
        return indented
    usual = median(after.y0 - before.y0 for before, after in pairwise(rows))
    return indented or row.y0 - last.y0 > 1.35 * usual + 0.5


def _block(level: int, rows: Sequence[Row], page: Page) -> Block:
    marked = rows[0].marked
    box = page.box(
        min(row.x0 for row in rows),
        min(row.y0 for row in rows),
        max(row.x1 for row in rows),
        max(row.y1 for row in rows),
    )
    return Block(
        "heading" if level else "list" if marked else "text",
        text_of(rows, items=marked),
        page=page.number,
        box=box,
        lines=lines_of(rows, page),
        level=level,
        confidence=confidence(rows),
    )


def lines_of(rows: Iterable[Row], page: Page) -> tuple[Line, ...]:
    """One for each cell: a row of several has white between them."""
    cells = (cell for row in rows for cell in row.cells)
    return tuple(
        Line(cell.text, page.box(cell.x0, cell.y0, cell.x1, cell.y1), page.turns, _starts(cell)) for cell in cells
    )


def _starts(cell: Segment) -> tuple[float, ...]:
    """Where the words after the first begin; nothing where words don't follow each other to the right."""
    if cell.x1 <= cell.x0 or any(after.x0 < word.x0 or after.turns for word, after in pairwise(cell.words)):
        return ()
    return tuple(round((word.x0 - cell.x0) / (cell.x1 - cell.x0), 4) for word in cell.words[1:])


def confidence(rows: Iterable[Row]) -> float | None:
    """The mean of the recogniser's scores over the letters; None for text that was not recognised."""
    scored = [
        (len(word.text), word.score)
        for row in rows
        for cell in row.cells
        for word in cell.words
        if word.score is not None
    ]
    letters = sum(length for length, _ in scored)
    return round(sum(length * score for length, score in scored) / letters, 4) if letters else None


def text_of(rows: Sequence[Row], items: bool) -> str:
    """Lines run together: hyphens mended, no blank between Chinese characters; items, rows, and fields below each
    other on their own lines."""
    text, after_field = "", False
    for row in rows:
        field = is_field(row.text) and not row.text[0].islower()
        fields, after_field = after_field and field, field
        if text and (len(row.cells) > 1 or fields or (items and row.marked)):
            text += "\n"
        elif text:
            text = run_on(text, row.text)
            continue
        text += row.text
    return text


def run_on(text: str, more: str) -> str:
    if text.endswith("-") and _breaks_a_word(text, more):
        return text[:-1] + more
    if text.endswith(("-", "\u2010")) or (CJK.match(text[-1]) and CJK.match(more[0])):
        return text + more
    return f"{text} {more}"


def _breaks_a_word(text: str, more: str) -> bool:
    """`exam-` `ple`, not `2019-` `2020`, `Anglo-` `American` or `state-of-the-` `art`."""
    word = text.rsplit(None, 1)[-1]
    return len(word) > 2 and word[-2].islower() and more[0].islower() and "-" not in word[:-1]
