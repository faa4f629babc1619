"""Puts the words of a page into rows in reading order: column by column where there are columns."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ingest.parse.pdf_geometry import BULLET, CJK, Segment, Word, segment

BINS = 160  # of a page's width, when looking for the white between columns
MOST_SEGMENTS = 3000  # beyond it the page is a drawing of letters: rows are good enough


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
