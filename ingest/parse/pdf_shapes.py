"""Reads what a PDF page draws besides text: pictures, drawings, and the rules of tables."""

from __future__ import annotations

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.parse.pdf_geometry import Rectangle
from ingest.parse.pdf_words import Frame

MOST_OBJECTS = 20_000  # of a page are looked at: maps and plots may have a million
DEEPEST_FORM = 4
MOST_EDGES = 4000
MOST_SEGMENTS = 400  # of a path that may draw a grid
LEAST_ROW = 6.0  # points: two rules nearer than this have no row of text between them

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cover:
    """An opaque shape, and its position in the drawing order."""

    box: Rectangle
    order: int
    colour: Colour | None  # None: it varies


@dataclass(slots=True)
class Shapes:
    """What a page draws, as rectangles; a picture also with its size in pixels, which tells repeats."""

    pictures: list[tuple[Rectangle, tuple[int, int]]] = field(default_factory=list)
    drawings: list[Rectangle] = field(default_factory=list)
    across: list[Rectangle] = field(default_factory=list)  # horizontal rules
    down: list[Rectangle] = field(default_factory=list)  # vertical rules
    boxes: list[Rectangle] = field(default_factory=list)  # plain rectangles: cells, frames, bars, backgrounds
    strokes_across: list[Rectangle] = field(default_factory=list)  # horizontal parts of drawings: a grid in one path
    strokes_down: list[Rectangle] = field(default_factory=list)
    texts: list[tuple[Any, int]] = field(default_factory=list)  # pdfium's text objects, each with its turn
    covers: list[Cover] = field(default_factory=list)  # boxes, pictures and shadings, in the order drawn

    @property
    def blank(self) -> bool:
        return not (self.pictures or self.drawings or self.boxes or self.texts)


def read_shapes(page: Any, frame: Frame) -> Shapes:
    """The shapes of a pypdfium2 page; those in form objects are moved to where the page shows them."""
    return _Reader(frame).read(page.raw)


class _Reader:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._left = MOST_OBJECTS
        self._edges = [ctypes.c_float() for _ in range(4)]
        self._refs = [ctypes.byref(edge) for edge in self._edges]
        self._values = [ctypes.c_uint() for _ in range(4)]
        self._tones = [ctypes.byref(value) for value in self._values]
        self._shapes = Shapes()

    def read(self, page: Any) -> Shapes:
        for index in range(min(pdfium_c.FPDFPage_CountObjects(page), self._left)):
            self._object(pdfium_c.FPDFPage_GetObject(page, index), IDENTITY, 0)
        return self._shapes

    def _object(self, item: Any, matrix: Matrix, depth: int) -> None:
        kind = pdfium_c.FPDFPageObj_GetType(item)
        self._left -= 1
        if self._left < 0 or kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                self._shapes.texts.append((item, -self._left))
            return
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            self._form(item, matrix, depth)
            return
        seen = self._bounds(item, matrix)
        if seen is None:
            return
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            width, height = ctypes.c_uint(), ctypes.c_uint()
            pdfium_c.FPDFImageObj_GetImagePixelSize(item, ctypes.byref(width), ctypes.byref(height))
            self._shapes.pictures.append((seen, (width.value, height.value)))
            self._shapes.covers.append(Cover(seen, -self._left, None))
        elif kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            self._path(item, seen, matrix)
        else:  # shadings
            self._shapes.drawings.append(seen)
            self._shapes.covers.append(Cover(seen, -self._left, None))

    def _colour(self, item: Any) -> Colour | None:
        """The colour of the filling; None where it is (nearly) transparent."""
        if not pdfium_c.FPDFPageObj_GetFillColor(item, *self._tones):
            return 0, 0, 0
        red, green, blue, alpha = (tone.value for tone in self._values)
        return (red, green, blue) if alpha > 12 else None

    @staticmethod
    def _is_filled(item: Any) -> bool:
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDFPath_GetDrawMode(item, ctypes.byref(fill), ctypes.byref(stroke))
        return bool(fill.value != pdfium_c.FPDF_FILLMODE_NONE)

    def _form(self, item: Any, matrix: Matrix, depth: int) -> None:
        if depth >= DEEPEST_FORM:
            return
        own = pdfium_c.FS_MATRIX()
        if not pdfium_c.FPDFPageObj_GetMatrix(item, own):
            return
        inner = times((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
        for index in range(min(max(0, pdfium_c.FPDFFormObj_CountObjects(item)), max(0, self._left))):
            self._object(pdfium_c.FPDFFormObj_GetObject(item, index), inner, depth + 1)

    def _bounds(self, item: Any, matrix: Matrix) -> Rectangle | None:
        """The part of the object on the page; None when there is none."""
        if not pdfium_c.FPDFPageObj_GetBounds(item, *self._refs):
            return None
        x0, y0, x1, y1 = (edge.value for edge in self._edges)
        if matrix != IDENTITY:
            x0, y0, x1, y1 = carried((x0, y0, x1, y1), matrix)
        left, top, right, bottom = self._frame.place(x0, y0, x1, y1)
        left, top = max(0.0, left), max(0.0, top)
        right, bottom = min(self._frame.width, right), min(self._frame.height, bottom)
        return (left, top, right, bottom) if right >= left and bottom >= top else None

    def _path(self, item: Any, seen: Rectangle, matrix: Matrix) -> None:
        left, top, right, bottom = seen
        width, height = right - left, bottom - top
        shapes = self._shapes
        if height <= 2.5 and width >= 12:
            shapes.across.append(seen)
        elif width <= 2.5 and height >= 6:
            shapes.down.append(seen)
        elif pdfium_c.FPDFPath_CountSegments(item) <= 5 and self._is_rectangle(item):
            shapes.boxes.append(seen)
            if self._is_filled(item) and (colour := self._colour(item)) is not None:
                shapes.covers.append(Cover(seen, -self._left, colour))
        else:
            shapes.drawings.append(seen)
            self._strokes(item, matrix)

    def _strokes(self, item: Any, matrix: Matrix) -> None:
        """The level and the upright parts of a path that draws several."""
        own = pdfium_c.FS_MATRIX()
        if pdfium_c.FPDFPath_CountSegments(item) > MOST_SEGMENTS or not pdfium_c.FPDFPageObj_GetMatrix(item, own):
            return
        matrix = times((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
        segments = segments_of(item)
        for (_, x0, y0), (kind, x1, y1) in pairwise(segments):
            if kind != pdfium_c.FPDF_SEGMENT_LINETO or (abs(x0 - x1) > 0.5 and abs(y0 - y1) > 0.5):
                continue
            ends = carried((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), matrix)
            stroke = left, top, right, bottom = self._frame.place(*ends)
            if bottom - top <= 1:
                self._shapes.strokes_across.append(stroke)
            elif right - left <= 1:
                self._shapes.strokes_down.append(stroke)

    @staticmethod
    def _is_rectangle(item: Any) -> bool:
        """Four or five points, each next one straight above or beside the last."""
        segments = segments_of(item)
        if len(segments) < 4 or any(kind == pdfium_c.FPDF_SEGMENT_BEZIERTO for kind, _, _ in segments):
            return False
        return all(abs(a[1] - b[1]) < 0.5 or abs(a[2] - b[2]) < 0.5 for a, b in pairwise(segments))


def segments_of(path: Any) -> list[tuple[int, float, float]]:
    """(kind, x, y) of each point of a path, before its matrix."""
    x, y = ctypes.c_float(), ctypes.c_float()
    found = []
    for index in range(pdfium_c.FPDFPath_CountSegments(path)):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, index)
        pdfium_c.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        found.append((pdfium_c.FPDFPathSegment_GetType(segment), x.value, y.value))
    return found


def times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def carried(rectangle: Rectangle, matrix: Matrix) -> Rectangle:
    a, b, c, d, e, f = matrix
    x0, y0, x1, y1 = rectangle
    xs = [a * x + c * y + e for x in (x0, x1) for y in (y0, y1)]
    ys = [b * x + d * y + f for x in (x0, x1) for y in (y0, y1)]
    return min(xs), min(ys), max(xs), max(ys)


# ---------------------------------------------------------------- rules of tables


def is_ruled(shapes: Shapes) -> bool:
    """Whether rules, or the edges of boxes, make a grid of at least two columns and two rows.

    Stripes behind every other row make none: their sides end with the stripe.
    """
    across = shapes.across + [edge for box in shapes.boxes for edge in edges_across(box)]
    down = shapes.down + [edge for box in shapes.boxes for edge in edges_down(box)]
    if len(across) < 3 or len(down) < 3:
        return False
    heights = sorted(across[:MOST_EDGES], key=lambda edge: edge[1])
    sides = [side for side in _long_sides(down[:MOST_EDGES]) if _crossings(side, heights) >= 3]
    return len({round(side[0] / 3) for side in sides}) >= 3


def edges_across(box: Rectangle) -> tuple[Rectangle, Rectangle]:
    left, top, right, bottom = box
    return (left, top, right, top), (left, bottom, right, bottom)


def edges_down(box: Rectangle) -> tuple[Rectangle, Rectangle]:
    left, top, right, bottom = box
    return (left, top, left, bottom), (right, top, right, bottom)


def _long_sides(down: Sequence[Rectangle]) -> list[Rectangle]:
    """Vertical edges that continue each other, as one."""
    found: list[Rectangle] = []
    for edge in sorted(down, key=lambda edge: (round(edge[0] / 3), edge[1])):
        last = found[-1] if found else None
        if last is not None and abs(edge[0] - last[0]) < 3 and edge[1] - last[3] < 3:
            found[-1] = (last[0], last[1], last[2], max(last[3], edge[3]))
        else:
            found.append(edge)
    return found


def _crossings(side: Rectangle, across: Sequence[Rectangle]) -> int:
    """At how many heights horizontal edges meet this vertical one, within three points."""
    x, top, _, bottom = side
    first = bisect_left(across, top - 3, key=lambda edge: edge[1])
    last = bisect_right(across, bottom + 3, key=lambda edge: edge[1])
    count, height = 0, -LEAST_ROW
    for edge in across[first:last]:
        if edge[1] - height >= LEAST_ROW and edge[0] - 3 <= x <= edge[2] + 3:
            count, height = count + 1, edge[1]
    return count


def area(box: Rectangle) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(a: Rectangle, b: Rectangle) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def share(part: Rectangle, whole: Rectangle) -> float:
    """How much of `part` lies in `whole`, also when it is a mere line."""
    grown = (part[0] - 0.5, part[1] - 0.5, part[2] + 0.5, part[3] + 0.5)
    return overlap(grown, whole) / area(grown)
