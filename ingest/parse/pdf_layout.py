"""Puts the words of a page into lines, columns, headings and paragraphs: arithmetic only, no PDF library."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from domain.types import Block, Box, Line
from language.scripts import CJK_WIDE
from language.sentences import is_field

BULLET = re.compile(r"^(?:[•‣▪▫■□●○◦►▶➢➤✓✔·∙–—*\uf0b7\uf0a7-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])$")
COUNTING = re.compile(r"^(?:\d{1,2}|[A-Z]|[IVX]{1,4})[.)]$")  # of bullets, those that count sections too
CJK = re.compile(f"[{CJK_WIDE}]")
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
BINS = 160  # of a page's width, when looking for the white between columns
MOST_SEGMENTS = 3000  # beyond it the page is a drawing of letters: rows are good enough


@dataclass(frozen=True, slots=True)
class Word:
    """In points of the page as rendered, origin top left."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float  # of its line's font
    bold: bool
    line: int  # the reader's count of lines
    turns: int = 0  # quarter turns clockwise that the letters are turned by
    score: float | None = None  # how sure a recogniser was, 0..1
    hidden: bool = False  # not to be seen on the page


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that stand together on one line."""

    words: tuple[Word, ...]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        return self.words[0].size

    @property
    def bold(self) -> bool:
        return self.words[0].bold

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


def segment(words: Sequence[Word]) -> Segment:
    return Segment(
        tuple(words),
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
    )


# ---------------------------------------------------------------- words to segments


def segments(words: Sequence[Word]) -> list[Segment]:
    """Words of one line, cut where the white between them is wider than between words."""
    found: list[Segment] = []
    run: list[Word] = []
    for word in words:
        if run and not (_continues(run[-1], word) or _goes_on_after_raised(run, word)):
            found.append(segment(run))
            run = []
        run.append(word)
    if run:
        found.append(segment(run))
    return found


def _continues(before: Word, word: Word) -> bool:
    if before.line != word.line or before.turns != word.turns:
        return False
    if word.turns:
        return True
    gap = word.x0 - before.x1
    size = max(before.size, word.size)
    return -1.0 * size < gap < 1.5 * size and min(before.y1, word.y1) > max(before.y0, word.y0) - 0.35 * size


def _goes_on_after_raised(run: Sequence[Word], word: Word) -> bool:
    """The reader counts a new line where raised letters begin or end, which is none where it goes on close by."""
    before = run[-1]
    size = max(before.size, word.size)
    close = -0.3 * size < word.x0 - before.x1 < 0.45 * size
    if before.turns or word.turns or not close or run[0].size < 0.8 * word.size:
        return False
    shared = min(before.y1, word.y1) - max(before.y0, word.y0)
    return shared > 0.5 * min(before.y1 - before.y0, word.y1 - word.y0)


def parted(part: Segment, widest: float) -> list[Segment]:
    """Cut where the white between two words is wider than so many sizes of the font, but not after a bullet."""
    found: list[list[Word]] = []
    for word in part.words:
        marked = found and len(found[-1]) == 1 and BULLET.match(found[-1][0].text)
        if marked or (found and word.x0 - found[-1][-1].x1 <= widest * max(word.size, found[-1][-1].size)):
            found[-1].append(word)
        else:
            found.append([word])
    return [segment(words) for words in found]


def joined(parts: Sequence[Segment]) -> list[Segment]:
    """Neighbours on a row that the file draws apart but that read as one."""
    ordered = sorted(parts, key=lambda part: part.x0)
    found: list[Segment] = []
    for part in ordered:
        last = found[-1] if found else None
        if last is not None and part.x0 - last.x1 < 0.9 * min(part.size, last.size):
            found[-1] = segment((*last.words, *part.words))
        else:
            found.append(part)
    return found


# ---------------------------------------------------------------- reading order


def in_order(parts: list[Segment], depth: int = 0) -> list[list[Segment]]:
    """Rows of segments in reading order: column by column where there are columns, else top to bottom."""
    if len(parts) < 2:
        return [parts] if parts else []
    if depth < 5 and 6 <= len(parts) <= MOST_SEGMENTS:
        gutter = _gutter(parts)
        if gutter is not None:
            return _by_columns(parts, gutter, depth)
        cut = _widest_gap(parts)
        if cut is not None:  # a table above two columns hides their gutter: each half may still have one
            above, below = [p for p in parts if p.middle < cut], [p for p in parts if p.middle >= cut]
            return in_order(above, depth + 1) + in_order(below, depth + 1)
    return rows(parts)


def _widest_gap(parts: Sequence[Segment]) -> float | None:
    """The y of the widest white across all of them; None where lines follow each other evenly."""
    best, cut, floor = 1.2 * median(part.size for part in parts), None, None
    for part in sorted(parts, key=lambda part: part.y0):
        if floor is not None and part.y0 - floor > best:
            best, cut = part.y0 - floor, (part.y0 + floor) / 2
        floor = part.y1 if floor is None else max(floor, part.y1)
    return cut


def rows(parts: Sequence[Segment]) -> list[list[Segment]]:
    """Segments that share a baseline, top to bottom, each row from left to right."""
    found: list[list[Segment]] = []
    floor: list[float] = []
    for part in sorted(parts, key=lambda part: (part.middle, part.x0)):
        if found and part.middle <= floor[-1]:
            found[-1].append(part)
        else:
            found.append([part])
            floor.append(part.middle + 0.45 * max(1.0, min(part.y1 - part.y0, part.size)))
    return [joined(row) for row in found]


def _gutter(parts: Sequence[Segment]) -> float | None:
    """The x of the white between two columns, which few segments cross; None where there is none."""
    left, right = min(p.x0 for p in parts), max(p.x1 for p in parts)
    width = right - left
    if width <= 0:
        return None
    steps = [0] * (BINS + 2)
    for part in parts:
        steps[int((part.x0 - left) / width * BINS)] += 1
        steps[int((part.x1 - left) / width * BINS) + 1] -= 1
    best: tuple[int, int, float] | None = None  # crossings, -width of the white, x
    crossing, start = 0, 0
    counts = []
    for step in steps[:BINS]:
        crossing += step
        counts.append(crossing)
    low, high = BINS // 8, BINS - BINS // 8
    position = low
    while position < high:
        start = position
        while position + 1 < high and counts[position + 1] == counts[start]:
            position += 1
        run = (counts[start], start - position, left + (start + position + 1) / 2 / BINS * width)
        if best is None or run < best:
            best = run
        position += 1
    if best is None or best[0] > 0.3 * len(parts):
        return None
    return best[2] if _are_columns(parts, best[2]) else None


def _are_columns(parts: Sequence[Segment], x: float) -> bool:
    """Prose on both sides, not the label and the numbers of a table's rows."""
    lefts = [part for part in parts if part.x1 <= x]
    rights = [part for part in parts if part.x0 >= x]
    if len(lefts) < 3 or len(rights) < 3:
        return False
    if _wordy(lefts) and _wordy(rights):
        return True
    aligned = _aligned(lefts, rights)
    return aligned < 0.5 and (_wordy(lefts) or _wordy(rights) or aligned < 0.2)


def _wordy(parts: Sequence[Segment]) -> bool:
    return median(_weight(part) for part in parts) >= 4


def _weight(part: Segment) -> float:
    """In words; two Chinese characters count as one."""
    return max(len(part.words), len(CJK.findall(part.text)) / 2)


def _aligned(lefts: Sequence[Segment], rights: Sequence[Segment]) -> float:
    """The share of the shorter side's segments that have one at their height on the other side."""
    few, many = sorted((lefts, rights), key=len)
    heights = sorted(part.middle for part in many)
    hits = 0
    for part in few:
        tolerance = 0.25 * max(1.0, part.y1 - part.y0)
        hits += any(abs(height - part.middle) <= tolerance for height in heights)
    return hits / len(few)


def _by_columns(parts: Sequence[Segment], x: float, depth: int) -> list[list[Segment]]:
    """Bands between the segments that span the columns: left, then right, then what spans, and so on."""
    spanning = sorted((p for p in parts if p.x0 < x < p.x1), key=lambda p: p.middle)
    rest = sorted((p for p in parts if not p.x0 < x < p.x1), key=lambda p: p.middle)
    ordered: list[list[Segment]] = []
    start = 0
    bounds = [*rows(spanning), None]
    for row in bounds:
        end = len(rest)
        if row is not None:
            end = start
            while end < len(rest) and rest[end].middle < row[0].middle:
                end += 1
        band = rest[start:end]
        ordered += in_order([p for p in band if p.x1 <= x], depth + 1)
        ordered += in_order([p for p in band if p.x0 >= x], depth + 1)
        if row is not None:
            ordered.append(row)
        start = end
    return ordered


# ---------------------------------------------------------------- rows to blocks


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's blocks are measured against: its size as rendered, and how its text lies on it.

    A page of sideways text is laid out as if turned upright; its boxes are those of the page as rendered.
    """

    number: int
    width: float
    height: float
    turns: int = 0  # quarter turns clockwise that most letters are turned by
    tilt: float = 0.0  # radians clockwise that its lines fall by besides; words are laid out as if they lay level

    def upright(self, word: Word) -> Word:
        """The word where it stands once the page is turned back."""
        x0, y0, x1, y1 = word.x0, word.y0, word.x1, word.y1
        if self.turns == 1:
            x0, y0, x1, y1 = y0, self.width - x1, y1, self.width - x0
        elif self.turns == 2:
            x0, y0, x1, y1 = self.width - x1, self.height - y1, self.width - x0, self.height - y0
        elif self.turns == 3:
            x0, y0, x1, y1 = self.height - y1, x0, self.height - y0, x1
        return replace(word, x0=x0, y0=y0, x1=x1, y1=y1, turns=(word.turns - self.turns) % 4)

    def lying(self, word: Word) -> Word:
        """The other way round."""
        x0, y0, x1, y1 = self._turned(word.x0, word.y0, word.x1, word.y1)
        return replace(word, x0=x0, y0=y0, x1=x1, y1=y1, turns=(word.turns + self.turns) % 4)

    def as_rendered(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        """From where something stands on the upright page to where it is on the page as rendered."""
        return self._turned(*self._tilted(x0, y0, x1, y1))

    def _tilted(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        if not self.tilt:
            return x0, y0, x1, y1
        across, down = (self.height, self.width) if self.turns % 2 else (self.width, self.height)
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        corners = [(x - across / 2, y - down / 2) for x in (x0, x1) for y in (y0, y1)]
        xs, ys = [x * cos - y * sin for x, y in corners], [x * sin + y * cos for x, y in corners]
        return min(xs) + across / 2, min(ys) + down / 2, max(xs) + across / 2, max(ys) + down / 2

    def _turned(self, x0: float, y0: float, x1: float, y1: float) -> Rectangle:
        if self.turns == 1:
            return self.width - y1, x0, self.width - y0, x1
        if self.turns == 2:
            return self.width - x1, self.height - y1, self.width - x0, self.height - y0
        if self.turns == 3:
            return y0, self.height - x1, y1, self.height - x0
        return x0, y0, x1, y1

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """As fractions of the page as rendered."""
        left, top, right, bottom = self.as_rendered(x0, y0, x1, y1)
        return Box(
            share(left, self.width), share(top, self.height), share(right, self.width), share(bottom, self.height)
        )


def share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, value / whole)), 5) if whole > 0 else 0.0


def around(boxes: Iterable[Rectangle]) -> Rectangle:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def turns_of(words: Iterable[Word]) -> int:
    """How most letters lie."""
    letters: Counter[int] = Counter()
    for word in words:
        letters[word.turns] += len(word.text)
    return letters.most_common(1)[0][0] if letters else 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a page as it will be read: one line of text, or the cells of a table's row."""

    cells: tuple[Segment, ...]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def size(self) -> float:
        return self.cells[0].size

    @property
    def bold(self) -> bool:
        return all(cell.bold for cell in self.cells)

    @property
    def text(self) -> str:
        return "  ".join(cell.text for cell in self.cells)

    @property
    def marked(self) -> bool:
        """Starts with a bullet or a number that counts."""
        return bool(BULLET.match(self.cells[0].words[0].text))


def row_of(cells: Sequence[Segment]) -> Row:
    return Row(
        tuple(cells),
        min(cell.x0 for cell in cells),
        min(cell.y0 for cell in cells),
        max(cell.x1 for cell in cells),
        max(cell.y1 for cell in cells),
    )


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
    """Indented, or wider white above than between the lines before."""
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
    """Of its words after the first; none where they don't follow each other to the right."""
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
