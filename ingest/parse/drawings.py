"""Reads what floats on a sheet: pictures, charts with their cached numbers, text boxes."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from PIL import Image, UnidentifiedImageError

from domain.documents import Place
from domain.errors import Unreadable
from domain.parsed import Block
from ingest.parse.docling_blocks import encoded_picture
from ingest.parse.packages import xml
from ingest.parse.tables import table_block

RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
PARAGRAPH = "{http://schemas.openxmlformats.org/drawingml/2006/main}p"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MAX_POINTS = 500  # of a chart


def drawn_blocks(archive: zipfile.ZipFile, sheet_part: str, sheet: str) -> Iterator[Block]:
    """The blocks of a sheet's drawings. A damaged drawing is left out: the cells are what matters."""
    place = Place(sheet=sheet)
    try:
        for drawing in _related(archive, sheet_part, "/drawing"):
            for part in (drawing, *_related(archive, drawing, "/diagramData")):
                words = _words(xml(archive, part))
                if words:
                    yield Block("text", words, place=place)
            for chart in _related(archive, drawing, "/chart"):
                yield from _chart(xml(archive, chart), place)
            for picture in _related(archive, drawing, "/image"):
                yield from _picture(archive, picture, place)
    except (Unreadable, KeyError):
        return


def comments(archive: zipfile.ZipFile, sheet_part: str, sheet: str) -> Iterator[Block]:
    """The comments at the cells of a sheet, in one block."""
    try:
        parts = [xml(archive, part) for part in _related(archive, sheet_part, "/comments")]
    except Unreadable:
        return
    notes = [note for root in parts if root is not None for note in root.iter(f"{MAIN}comment")]
    lines = [f"{note.get('ref', '')}: {' '.join(''.join(note.itertext()).split())}" for note in notes]
    if lines:
        yield Block("text", "\n".join(lines), place=Place(sheet=sheet))


def _related(archive: zipfile.ZipFile, part: str, kind: str) -> list[str]:
    """The parts that a part points to, of one kind."""
    folder, name = posixpath.split(part)
    relations = xml(archive, f"{folder}/_rels/{name}.rels")
    found = [] if relations is None else relations.findall(RELATION)
    targets = [
        relation.get("Target", "")
        for relation in found
        if relation.get("Type", "").endswith(kind) and relation.get("TargetMode") != "External"
    ]
    return [posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/") for target in targets]


def _words(root: Element | None) -> str:
    paragraphs = [] if root is None else root.iter(PARAGRAPH)
    lines = ("".join(text.text or "" for text in paragraph.iter(TEXT)).strip() for paragraph in paragraphs)
    return "\n".join(line for line in lines if line)


def _chart(root: Element | None, place: Place) -> Iterator[Block]:
    if root is None:
        return
    series = [_series(element) for element in root.iter(f"{CHART}ser")]
    title = _words(root.find(f".//{CHART}title")).replace("\n", " ")
    labels = next((labels for _, labels, _ in series if labels), [])
    rows = [
        [labels[index] if index < len(labels) else str(index + 1)]
        + [values[index] if index < len(values) else "" for _, _, values in series]
        for index in range(min(MAX_POINTS, max((len(values) for _, _, values in series), default=0)))
    ]
    if rows:
        yield table_block([[title, *(name for name, _, _ in series)], *rows], place=place, caption=title)


def _series(element: Element) -> tuple[str, list[str], list[str]]:
    """(name, labels, values) as they were cached when the workbook was saved."""
    name = _points(element.find(f"{CHART}tx"))
    labels = _points(element.find(f"{CHART}cat")) or _points(element.find(f"{CHART}xVal"))
    values = _points(element.find(f"{CHART}val")) or _points(element.find(f"{CHART}yVal"))
    return " ".join(name), labels, values


def _points(element: Element | None) -> list[str]:
    return [] if element is None else [(value.text or "").strip() for value in element.iter(f"{CHART}v")]


def _picture(archive: zipfile.ZipFile, part: str, place: Place) -> Iterator[Block]:
    try:
        with archive.open(part) as file, Image.open(file) as image:
            pixels = encoded_picture(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return
    if pixels:
        yield Block("figure", pixels=pixels, place=place)
