"""Reads what is drawn in Office files: pictures, charts with their cached numbers, text boxes, SmartArt."""

from __future__ import annotations

import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from PIL import Image, UnidentifiedImageError

from domain.documents import Place
from domain.errors import Unreadable
from domain.parsed import Block
from ingest.parse.docling_blocks import REPEATS, encoded_picture
from ingest.parse.packages import xml
from ingest.parse.tables import table_block

RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
PARAGRAPH = "{http://schemas.openxmlformats.org/drawingml/2006/main}p"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
PICTURES = ("{http://schemas.openxmlformats.org/drawingml/2006/main}blip", "{urn:schemas-microsoft-com:vml}imagedata")
SHOWN = {  # element → the attributes that name what it shows
    PICTURES[0]: (f"{RELATED}embed",),
    PICTURES[1]: (f"{RELATED}id",),
    f"{CHART}chart": (f"{RELATED}id",),
    f"{DIAGRAM}relIds": (f"{RELATED}dm",),
}
DAMAGED = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
MAX_POINTS = 500  # of a chart
MOST_INDENTED = 8


def drawn_blocks(archive: zipfile.ZipFile, sheet_part: str, sheet: str) -> Iterator[Block]:
    """The blocks of a sheet's drawings. A damaged drawing is left out: the cells are what matters."""
    place = Place(sheet=sheet)
    try:
        for drawing in related(archive, sheet_part, "/drawing"):
            words = _words(xml(archive, drawing))
            if words:
                yield Block("text", words, place=place)
            for diagram in related(archive, drawing, "/diagramData"):
                yield from smart_art(xml(archive, diagram), place)
            for part in related(archive, drawing, "/chart"):
                yield from chart(xml(archive, part), place)
            for picture in related(archive, drawing, "/image"):
                yield from _picture(archive, picture, place)
    except (Unreadable, KeyError):
        return


def comments(archive: zipfile.ZipFile, sheet_part: str, sheet: str) -> Iterator[Block]:
    """The comments at the cells of a sheet, in one block."""
    try:
        parts = [xml(archive, part) for part in related(archive, sheet_part, "/comments")]
    except Unreadable:
        return
    notes = [note for root in parts if root is not None for note in root.iter(f"{MAIN}comment")]
    lines = [f"Comment at {note.get('ref', '')}: {' '.join(''.join(note.itertext()).split())}" for note in notes]
    if lines:
        yield Block("text", "\n".join(lines), place=Place(sheet=sheet))


def related(archive: zipfile.ZipFile, part: str, kind: str) -> list[str]:
    """The parts that a part ("": the package) points to, of one kind, in the order of the relations."""
    return [
        _target(part, relation)
        for relation in _relations(archive, part)
        if relation.get("Type", "").endswith(kind) and relation.get("TargetMode") != "External"
    ]


def addresses(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relation → address, of the links out of a part."""
    return {
        relation.get("Id", ""): relation.get("Target", "")
        for relation in _relations(archive, part)
        if relation.get("TargetMode") == "External" and relation.get("Type", "").endswith("/hyperlink")
    }


def targets(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relation → part of the package."""
    inner = (each for each in _relations(archive, part) if each.get("TargetMode") != "External")
    return {relation.get("Id", ""): _target(part, relation) for relation in inner}


def _relations(archive: zipfile.ZipFile, part: str) -> list[Element]:
    folder, name = posixpath.split(part)
    relations = xml(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    return [] if relations is None else relations.findall(RELATION)


def _target(part: str, relation: Element) -> str:
    folder = posixpath.dirname(part)
    return posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")


class Drawn:
    """The drawings of a document, part by part; `lost` counts its pictures that can't be read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._targets: dict[str, dict[str, str]] = {}  # by part
        self._seen: Counter[bytes] = Counter()
        self.lost = 0

    def blocks(self, part: str, elements: Iterable[Element], place: Place | None) -> Iterator[Block]:
        """The pictures, charts and diagrams that elements of a part show."""
        if part not in self._targets:
            self._targets[part] = targets(self._archive, part)
        for child in elements:
            target = self._targets[part].get(
                next((child.get(name, "") for name in SHOWN.get(child.tag, ()) if child.get(name)), "")
            )
            if target is None:
                continue
            if child.tag in PICTURES:
                yield from self._picture(target, place)
            else:
                yield from self._diagram(child.tag, target, place)

    def _diagram(self, tag: str, part: str, place: Place | None) -> Iterator[Block]:
        try:
            root = xml(self._archive, part)
        except Unreadable:  # the text is what matters
            return
        yield from chart(root, place) if tag == f"{CHART}chart" else smart_art(root, place)

    def _picture(self, part: str, place: Place | None) -> Iterator[Block]:
        try:
            with self._archive.open(part) as file, Image.open(file) as image:
                pixels = encoded_picture(image)
        except (KeyError, *DAMAGED):
            self.lost += 1
            return
        if pixels is None:
            return
        self._seen[pixels] += 1
        if self._seen[pixels] <= REPEATS:
            yield Block("figure", pixels=pixels, place=place)


def smart_art(root: Element | None, place: Place | None) -> Iterator[Block]:
    """The points of a diagram in their order, those below others indented."""
    if root is None:
        return
    words = {point.get("modelId", ""): " ".join(_words(point).split()) for point in root.iter(f"{DIAGRAM}pt")}
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(f"{DIAGRAM}cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd", "0")
            below.setdefault(link.get("srcId", ""), []).append(
                (int(order) if order.isdecimal() else 0, link.get("destId", ""))
            )
    told: set[str] = set()
    tops = [name for name in words if name not in {child for links in below.values() for _, child in links}]
    lines: list[str] = []
    waiting = [(name, 0) for name in reversed([*tops, *words])]
    while waiting:
        name, depth = waiting.pop()
        if name in told:
            continue
        told.add(name)
        if words.get(name):
            lines.append(f"{'  ' * depth}- {words[name]}")
        deeper = min(depth + bool(words.get(name)), MOST_INDENTED)
        waiting += [(child, deeper) for _, child in sorted(below.get(name, []), reverse=True)]
    if lines:
        yield Block("list", "\n".join(lines), place=place)


def _words(root: Element | None) -> str:
    paragraphs = [] if root is None else root.iter(PARAGRAPH)
    lines = ("".join(text.text or "" for text in paragraph.iter(TEXT)).strip() for paragraph in paragraphs)
    return "\n".join(line for line in lines if line)


def chart(root: Element | None, place: Place | None) -> Iterator[Block]:
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
    except DAMAGED:
        return
    if pixels:
        yield Block("figure", pixels=pixels, place=place)
