"""Finds the figures of a page among the shapes that it draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.parse.pdf_geometry import Rectangle, around
from ingest.parse.pdf_shapes import Shapes, area, overlap, share
from ingest.parse.pdf_words import Frame

CELLS = 120  # the grid on which shapes are grown together has this many cells across and down
MOST_FIGURES = 30


def figures(
    shapes: Shapes,
    frame: Frame,
    taken: Sequence[Rectangle],
    texts: Sequence[Rectangle],
    prose: Sequence[Rectangle],
    repeated: frozenset[tuple[int, ...]],
) -> list[Rectangle]:
    """Regions that a reader would call a figure: pictures, and drawings of several strokes, grown together.

    `taken`: tables, which are none. `texts`: lines of text; a region full of them is a box around prose, and
    `prose` those of several words.
    `repeated`: pictures (see `stamp`) that stand in the same place on many pages.
    """
    whole = frame.width * frame.height
    if whole <= 0:
        return []
    parts = [
        (box, 8)
        for box, pixels in shapes.pictures
        if stamp(box, pixels) not in repeated and area(box) < 0.85 * whole and min(pixels) > 8
    ]
    parts += [
        (box, 1)
        for box in _strokes(shapes)
        if area(box) < 0.5 * whole and not _is_background(box, taken, prose, 0.05 * whole)
    ]
    parts = [part for part in parts if not any(share(part[0], table) > 0.6 for table in taken)]
    drawn = [*shapes.drawings, *(box for box, _ in shapes.pictures)]
    found = []
    for box, strokes in _clusters(parts, frame):
        sizeable = 0.015 * whole <= area(box) < 0.85 * whole and min(box[2] - box[0], box[3] - box[1]) > 18
        plain = not any(share(each, box) > 0.5 for each in drawn)
        if strokes >= 6 and sizeable and not _is_prose(box, texts, strokes, plain):
            found.append(box)
    return sorted(found, key=area, reverse=True)[:MOST_FIGURES]


def stamp(box: Rectangle, pixels: tuple[int, int]) -> tuple[int, ...]:
    """Tells a picture that is drawn again at the same place: a logo, a background."""
    return (*pixels, *(round(edge / 6) for edge in box))


def _strokes(shapes: Shapes) -> list[Rectangle]:
    """Rules and boxes count for a drawing only where something that is neither is drawn too."""
    if len(shapes.drawings) + len(shapes.boxes) < 3:
        return []
    return shapes.drawings + shapes.boxes + shapes.across + shapes.down


def _clusters(parts: Sequence[tuple[Rectangle, int]], frame: Frame) -> list[tuple[Rectangle, int]]:
    """Shapes that touch, or nearly, joined; each with the number of its strokes."""
    covered = np.zeros((CELLS + 2, CELLS + 2), dtype=bool)
    spans = [_span(box, frame) for box, _ in parts]
    for left, top, right, bottom in spans:
        covered[top : bottom + 1, left : right + 1] = True
    labels = _islands(covered)
    groups: dict[int, list[int]] = defaultdict(list)
    for index, (left, top, _, _) in enumerate(spans):
        groups[int(labels[top, left])].append(index)
    return [(around(parts[i][0] for i in group), sum(parts[i][1] for i in group)) for group in groups.values()]


def _span(box: Rectangle, frame: Frame) -> tuple[int, int, int, int]:
    """The grid cells of a shape and one more on each side."""
    across, down = CELLS / frame.width, CELLS / frame.height
    return (
        max(0, int(box[0] * across) - 1),
        max(0, int(box[1] * down) - 1),
        min(CELLS + 1, int(box[2] * across) + 1),
        min(CELLS + 1, int(box[3] * down) + 1),
    )


def _islands(covered: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Numbers the connected parts of a grid: runs of each row, joined with those they touch in the row above."""
    labels = np.zeros(covered.shape, dtype=np.int32)
    owner = [0]

    def root(name: int) -> int:
        while owner[name] != name:
            owner[name] = owner[owner[name]]
            name = owner[name]
        return name

    edges = np.diff(np.pad(covered, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    heights, starts = (found.tolist() for found in np.nonzero(edges > 0))
    ends = np.nonzero(edges < 0)[1].tolist()
    for y, start, end in zip(heights, starts, ends, strict=True):
        name = len(owner)
        owner.append(name)
        labels[y, start:end] = name
        for above in set(labels[y - 1, start:end].tolist()) - {0} if y else ():
            owner[root(name)] = root(above)
    return np.array([root(name) for name in range(len(owner))], dtype=np.int32)[labels]


def _is_prose(box: Rectangle, texts: Sequence[Rectangle], strokes: int, plain: bool) -> bool:
    """Whether a region is mostly text. A `plain` region (boxes and rules only) counts as text sooner: a frame, say."""
    covered = sum(overlap(box, text) for text in texts)
    most = 0.1 if plain else 0.3 if strokes < 20 else 0.45
    return covered > most * area(box)


def _is_background(box: Rectangle, tables: Sequence[Rectangle], prose: Sequence[Rectangle], least: float) -> bool:
    """Whether a large shape lies behind a table or several lines of prose."""
    if area(box) < least:
        return False
    return any(share(table, box) > 0.9 for table in tables) or sum(share(line, box) > 0.9 for line in prose) >= 4
