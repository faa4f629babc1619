"""Reads what lies on a PDF page beside its own text: notes of readers, and the fields of a form with their values.

It is read before the page is flattened, and only where a page has any. Notes become blocks of their own, marked as
comments with who wrote them and what they are about; a field's value that the file doesn't draw becomes words at its
place, so that it stands beside its label as any other word does.
"""

from __future__ import annotations

import ctypes
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from domain.documents import Place, Problem
from domain.parsed import Block, Line
from ingest.parse.pdf_file import MOST_NOTES
from ingest.parse.pdf_geometry import Page, Rectangle, Word, around
from ingest.parse.pdf_words import Frame

LONGEST = 4000  # characters of a note or a value
MOST_PARTS = 2000  # rectangles of all highlights of a page
MOST_OPTIONS = 200  # of one list
UNSEEN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
SECRET = 1 << 13  # a field for a password
MARKED = frozenset(
    [
        pdfium_c.FPDF_ANNOT_HIGHLIGHT,
        pdfium_c.FPDF_ANNOT_UNDERLINE,
        pdfium_c.FPDF_ANNOT_SQUIGGLY,
        pdfium_c.FPDF_ANNOT_STRIKEOUT,
    ]
)  # the words beneath are what it is about
NO_NOTES = frozenset([pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_WIDGET])
CHECKS = frozenset([pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON])
LISTS = frozenset([pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX])
CHOSEN, NOT_CHOSEN = "☒", "☐"
DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
LONGEST_LABEL = 80  # characters
LABEL_AWAY = 150.0  # points at most between a field and its label
FIELD_SIZE = 12.0  # points, at most, of a value that is drawn nowhere


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader wrote on the page."""

    text: str
    box: Rectangle  # on the page as rendered
    parts: tuple[Rectangle, ...] = ()  # the words that it marks
    author: str = ""
    date: str = ""
    answers: str = ""  # the beginning of the note that it is a reply to
    written: bool = False  # the page may show its words too


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: the words of its value, or whether it is chosen."""

    text: str
    box: Rectangle
    label: str = ""  # for those who can't see the page
    chosen: bool | None = None  # None: it is not to be chosen


@dataclass(frozen=True, slots=True)
class Annotations:
    notes: tuple[Note, ...] = ()
    fields: tuple[Field, ...] = ()
    not_read: int = 0


def read_annotations(page: pdfium.PdfPage, frame: Frame) -> Annotations:
    """Of a page that isn't flattened. Those that are hidden are left out."""
    reader = _Reader(page, frame)
    count = pdfium_c.FPDFPage_GetAnnotCount(page.raw)
    for index in range(min(count, MOST_NOTES)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            try:
                reader.read(annotation)
            finally:
                pdfium_c.FPDFPage_CloseAnnot(annotation)
    return Annotations(tuple(reader.notes), tuple(reader.fields), max(0, count - MOST_NOTES))


class _Reader:
    def __init__(self, page: pdfium.PdfPage, frame: Frame) -> None:
        self._frame = frame
        self._form: Any = None if page.formenv is None else page.formenv.raw
        self._parts_left = MOST_PARTS
        self.notes: list[Note] = []
        self.fields: list[Field] = []

    def read(self, annotation: Any) -> None:
        kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
        box = self._box(annotation)
        if box is None or pdfium_c.FPDFAnnot_GetFlags(annotation) & UNSEEN:
            return
        if kind == pdfium_c.FPDF_ANNOT_WIDGET:
            field = self._field(annotation, box) if self._form else None
            self.fields += [field] if field else []
        elif kind not in NO_NOTES:
            self._note(annotation, kind, box)

    def _note(self, annotation: Any, kind: int, box: Rectangle) -> None:
        said = _words(annotation, "Contents")
        if not said and kind == pdfium_c.FPDF_ANNOT_STAMP:
            said = _words(annotation, "Name")
        if not said:
            return
        date = DATE.match(_words(annotation, "M") or _words(annotation, "CreationDate"))
        self.notes.append(
            Note(
                said,
                box,
                tuple(self._parts(annotation)) if kind in MARKED else (),
                _words(annotation, "T"),
                "-".join(date.groups()) if date else "",
                _answered(annotation),
                kind in (pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP),
            )
        )

    def _field(self, annotation: Any, box: Rectangle) -> Field | None:
        kind = pdfium_c.FPDFAnnot_GetFormFieldType(self._form, annotation)
        label = _of_field(pdfium_c.FPDFAnnot_GetFormFieldAlternateName, self._form, annotation)
        if kind in CHECKS:
            export = _of_field(pdfium_c.FPDFAnnot_GetFormFieldExportValue, self._form, annotation)
            chosen = bool(pdfium_c.FPDFAnnot_IsChecked(self._form, annotation))
            return Field(export, box, label, chosen)
        if kind in LISTS:
            value = ", ".join(self._options(annotation))
        elif kind == pdfium_c.FPDF_FORMFIELD_TEXTFIELD:
            secret = pdfium_c.FPDFAnnot_GetFormFieldFlags(self._form, annotation) & SECRET
            value = "" if secret else _of_field(pdfium_c.FPDFAnnot_GetFormFieldValue, self._form, annotation)
        else:
            return None
        value = value or ("" if kind not in LISTS else self._value(annotation))
        return Field(value, box, label) if value else None

    def _value(self, annotation: Any) -> str:
        return _of_field(pdfium_c.FPDFAnnot_GetFormFieldValue, self._form, annotation)

    def _options(self, annotation: Any) -> list[str]:
        count = min(pdfium_c.FPDFAnnot_GetOptionCount(self._form, annotation), MOST_OPTIONS)
        chosen = (at for at in range(count) if pdfium_c.FPDFAnnot_IsOptionSelected(self._form, annotation, at))
        return [_string(partial(pdfium_c.FPDFAnnot_GetOptionLabel, self._form, annotation, at)) for at in chosen]

    def _parts(self, annotation: Any) -> list[Rectangle]:
        found = []
        points = pdfium_c.FS_QUADPOINTSF()
        for index in range(min(pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation), self._parts_left)):
            if pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, index, points):
                across = (points.x1, points.x2, points.x3, points.x4)
                down = (points.y1, points.y2, points.y3, points.y4)
                found.append(self._frame.place(min(across), min(down), max(across), max(down)))
        self._parts_left -= len(found)
        return found

    def _box(self, annotation: Any) -> Rectangle | None:
        rectangle = pdfium_c.FS_RECTF()
        if not pdfium_c.FPDFAnnot_GetRect(annotation, rectangle):
            return None
        return self._frame.place(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _answered(annotation: Any) -> str:
    other = pdfium_c.FPDFAnnot_GetLinkedAnnot(annotation, b"IRT")
    if not other:
        return ""
    try:
        return textwrap.shorten(_words(other, "Contents"), 80, placeholder="…")
    finally:
        pdfium_c.FPDFPage_CloseAnnot(other)


def _words(annotation: Any, key: str) -> str:
    name = key.encode("ascii")
    return _string(partial(pdfium_c.FPDFAnnot_GetStringValue, annotation, name))


def _of_field(call: Callable[..., int], form: Any, annotation: Any) -> str:
    return _string(partial(call, form, annotation))


def _string(call: Callable[[Any, int], int]) -> str:
    """What pdfium writes into a buffer of the size that it asks for, as UTF-16."""
    size = call(None, 0)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    call(buffer, size)
    text = bytes(buffer)[: min(size - 2, 2 * LONGEST)].decode("utf-16-le", "replace")
    lines = (" ".join(line.split()) for line in re.split(r"\r\n|\r|\n", text.replace("\x00", "")))
    return "\n".join(line for line in lines if line)


# ---------------------------------------------------------------- on the page


class _Spots:
    """Finds the words whose middles lie in a box. One look at all of them takes microseconds: pages may hold thousands
    of words and of fields."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._across = np.array([(word.x0 + word.x1) / 2 for word in words])
        self._down = np.array([(word.y0 + word.y1) / 2 for word in words])

    def inside(self, box: Rectangle) -> list[int]:
        """Their places among the words."""
        across = (self._across >= box[0] - 1) & (self._across <= box[2] + 1)
        return [int(at) for at in np.flatnonzero(across & (self._down >= box[1] - 1) & (self._down <= box[3] + 1))]


def with_fields(words: Sequence[Word], found: Annotations) -> list[Word]:
    """The words of the page, with each field's value at its place: those drawn there stay, the mark in a check box
    becomes one that says whether it is chosen. What free notes show is said by the note alone."""
    if not (found.fields or found.notes):
        return list(words)
    spots = _Spots(words)
    gone, made = set[int](), list[Word]()
    line = max((word.line for word in words), default=0) + 1
    for field in found.fields:
        inside = [at for at in spots.inside(field.box) if not words[at].hidden]
        if field.chosen is not None:
            gone.update(at for at in inside if len(words[at].text) == 1)
        shown = _shown(field, bool(inside), _is_labelled(field, spots))
        if shown:
            box = _before(field.box, words[inside[0]]) if inside and field.chosen is None else field.box
            made += _written(shown, box, line, field.chosen is None and not inside)
            line = made[-1].line + 1
    for note in found.notes:
        said = frozenset(note.text.split() if note.written else ())
        gone.update(at for at in spots.inside(note.box) if words[at].text in said)
    return [*(word for at, word in enumerate(words) if at not in gone), *made]


def _is_labelled(field: Field, spots: _Spots) -> bool:
    """Whether the page has words left of it or above it, or right of a check box."""
    x0, y0, x1, y1 = field.box
    right = x1 + LABEL_AWAY if field.chosen is not None else x0 - 2
    above = () if field.chosen is not None else spots.inside((x0, y0 - 20, x1, y0 - 1))
    return bool(above or set(spots.inside((x0 - LABEL_AWAY, y0, right, y1))) - set(spots.inside(field.box)))


def _shown(field: Field, drawn: bool, labelled: bool) -> str:
    """What is to be written into its place: its value or its mark, after its label where the page has none."""
    label = "" if labelled else textwrap.shorten(field.label, LONGEST_LABEL, placeholder="…")
    if field.chosen is not None:
        return f"{CHOSEN if field.chosen else NOT_CHOSEN} {label}".strip()
    if drawn:
        return f"{label}:" if label else ""
    return f"{label}: {field.text}" if label else field.text


def _before(box: Rectangle, value: Word) -> Rectangle:
    """The room left of a value that is drawn, for its label."""
    return max(0.0, box[0] - LABEL_AWAY), value.y0, max(1.0, box[0] - 1), value.y1


def _written(text: str, box: Rectangle, line: int, wrapped: bool) -> list[Word]:
    """Words spread over a box, as a form would write them; those that aren't wrapped end or begin at it."""
    x0, y0, x1, y1 = box
    size = min(FIELD_SIZE, max(4.0, 0.7 * (y1 - y0)))
    most = max(8, int((x1 - x0) / (0.45 * size))) if wrapped else len(text)
    lines = [part for row in text.split("\n") for part in textwrap.wrap(row, most)]
    height = min((y1 - y0) / len(lines), 1.4 * size)
    top = (y0 + y1) / 2 - height * len(lines) / 2
    made = []
    for number, part in enumerate(lines):
        step = min((x1 - x0) / len(part), 0.55 * size) if wrapped else 0.55 * size
        for match in re.finditer(r"\S+", part):
            left, right = x0 + step * match.start(), x0 + step * match.end()
            y = top + height * number
            made.append(Word(match.group(), left, y, right, y + height, size, False, line + number))
    return made


def not_read(found: Annotations, page: int) -> list[Problem]:
    if not found.not_read:
        return []
    left = f"{found.not_read:,} notes or form fields after the first {MOST_NOTES:,} were not read"
    return [Problem(left, page)]


def note_blocks(notes: Sequence[Note], words: Sequence[Word], page: Page) -> list[Block]:
    """One for each note, marked as such."""
    if not notes:
        return []
    spots, flat = _Spots(words), replace(page, turns=0)
    return [_block(note, [words[at].text for part in note.parts for at in spots.inside(part)], flat) for note in notes]


def _block(note: Note, about: Sequence[str], page: Page) -> Block:
    who = f" by {note.author}" if note.author else ""
    when = f", {note.date}" if note.date else ""
    on = f" on “{textwrap.shorten(' '.join(about), 300, placeholder='…')}”" if about else ""
    to = f" in reply to “{note.answers}”" if note.answers else ""
    text = f"Comment{who}{when}{on}{to}: {note.text}"
    box = page.box(*around(note.parts or (note.box,)))
    lines = tuple(Line(each, box) for each in text.split("\n"))
    return Block("text", text, page=page.number, box=box, lines=lines, place=Place(("Comments",)))
