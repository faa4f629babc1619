"""Reads Word documents: what Word shows of them, in the order of the text.

Why not docling, which reads them too: it leaves out what stands in content controls of tables, footnotes, headers,
the state of boxes and the numbers before paragraphs, guesses the spaces between letters of two kinds, and takes 4 s
and 340 MB to import.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element

from domain.documents import Place, Problem
from domain.errors import Unreadable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.captions import with_captions
from ingest.parse.drawings import Drawn, addresses, related
from ingest.parse.outline import Outline
from ingest.parse.packages import package, title, xml
from ingest.parse.tables import table_block
from ingest.parse.word_markup import W, kept, value
from ingest.parse.word_numbers import Numbers
from ingest.parse.word_styles import Styles, style_of
from ingest.parse.word_tables import cells_of, is_frame, rows_of
from ingest.parse.word_text import Paragraph, Texts, tidy

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DEEPEST = 12  # tables and text boxes in each other; of what is deeper the letters alone are read
LONG_POINT = 400  # letters; a numbered paragraph that is longer is a text of its own
MARGINS = {"header": "Page header", "footer": "Page footer"}


def open_docx(path: Path) -> Identity:
    with package(path) as archive:
        return Identity(WORD, None, title=title(archive))


def parse_docx(path: Path, first: int, last: int) -> list[ParsedPage]:
    with package(path) as archive:
        return [parsed(archive)]


def parsed(archive: zipfile.ZipFile) -> ParsedPage:
    main = next(iter(related(archive, "", "/officeDocument")), "word/document.xml")
    root = xml(archive, main)
    body = None if root is None else root.find(f"{W}body")
    if body is None:
        raise Unreadable("its content is damaged (it has no text)")
    document = _Document(archive, main)
    blocks = document.blocks(body)
    return ParsedPage(None, tuple(with_captions(blocks)), problems=_lost(document.drawn.lost))


def _lost(pictures: int) -> tuple[Problem, ...]:
    what = "a picture is" if pictures == 1 else f"{pictures} pictures are"
    return (Problem(f"{what} in a format that can't be read (EMF, WMF or damaged)"),) if pictures else ()


@dataclass(slots=True)
class _Document:
    """What the parts of one document share."""

    archive: zipfile.ZipFile
    main: str
    styles: Styles = field(init=False)
    numbers: Numbers = field(init=False)
    drawn: Drawn = field(init=False)
    notes: dict[tuple[str, str], Element] = field(init=False)

    def __post_init__(self) -> None:
        self.styles = Styles(self._part("/styles"))
        self.numbers = Numbers(self._part("/numbering"))
        self.drawn = Drawn(self.archive)
        self.notes = {
            (kind, value(note, "id")): note
            for kind, part in (("note", "footnote"), ("endnote", "endnote"))
            for note in _children(self._part(f"/{part}s"), part)
            if value(note, "type") in ("", "normal")
        }

    def blocks(self, body: Element) -> list[Block]:
        styles = (style_of(each.find(f"{W}pPr")) for each in body.iter(f"{W}p"))
        titled = any(self.styles.name(style) == "title" for style in styles)
        story = _Story(self, self.main, Outline(), titled)
        blocks = list(story.blocks(body))
        blocks += self._margins()
        blocks += self._comments(story.texts.commented)
        return blocks

    def _part(self, kind: str) -> Element | None:
        part = next(iter(related(self.archive, self.main, kind)), None)
        return None if part is None else xml(self.archive, part)

    def _margins(self) -> Iterator[Block]:
        """Headers and footers, each once, however many sections repeat them."""
        told: set[str] = set()
        for kind, name in MARGINS.items():
            for part in related(self.archive, self.main, f"/{kind}"):
                root = xml(self.archive, part)
                inside = [] if root is None else list(_Story(self, part, Outline()).blocks(root))
                words = "\n".join(block.text for block in inside if block.text and not block.standing)
                if any(map(str.isalpha, words)) and words not in told:
                    told.add(words)
                    yield Block("text", f"{name}: {words}", place=Place())

    def _comments(self, about: dict[str, list[str]]) -> Iterator[Block]:
        for comment in _children(self._part("/comments"), "comment"):
            paragraphs = (Texts(self.styles, {}).paragraph(each).words for each in comment.iter(f"{W}p"))
            said, meant = "\n".join(filter(None, paragraphs)), tidy("".join(about.get(value(comment, "id"), [])))
            who, when = value(comment, "author"), value(comment, "date")[:10]
            if said:
                head = "Comment" + (f" by {who}" if who else "") + (f", {when}" if when else "")
                on = f" on “{' '.join(meant.split())}”" if meant else ""
                yield Block("text", f"{head}{on}: {said}", place=Place(("Comments",)))


@dataclass(slots=True)
class _Story:
    """One part of the text (the body, a header, a note) as blocks."""

    document: _Document
    part: str
    outline: Outline
    titled: bool = False
    texts: Texts = field(init=False)
    _points: list[str] = field(default_factory=list)  # of the list that is being read
    _begun: Paragraph | None = None  # a paragraph that goes on in the next

    def __post_init__(self) -> None:
        self.texts = Texts(self.document.styles, addresses(self.document.archive, self.part))

    def blocks(self, parent: Iterable[Element], depth: int = 0) -> Iterator[Block]:
        for element in kept(parent):
            if element.tag == f"{W}p":
                yield from self._paragraph(element, depth)
            elif element.tag == f"{W}tbl":
                yield from self._list()
                yield from self._table(element, depth)
        yield from self._list()

    def _paragraph(self, element: Element, depth: int) -> Iterator[Block]:
        read = self._whole(self.texts.paragraph(element))
        if read is None:
            return
        properties = element.find(f"{W}pPr")
        style = style_of(properties)
        level = self.document.styles.outline(properties)
        numbered = None
        if read.words:
            numbered = self.document.numbers.label(self.document.styles.numbering(properties), style)
        label, deep = numbered if numbered is not None else ("", 0)
        words = f"{label} {read.words}" if label and label != "-" else read.words
        if self.document.styles.name(style) == "title" or level is not None:
            yield from self._list()
            if words:
                yield self.outline.heading(1 if level is None else level + self.titled, words.replace("\n", " "))
        elif numbered is not None and len(words) <= LONG_POINT:
            self._points.append(f"{'  ' * deep}{'- ' if label in ('', '-') else ''}{words}")
        elif words:
            yield from self._list()
            yield Block("text", words, place=self.outline.place)
        yield from self._beside(read, depth)

    def _whole(self, read: Paragraph) -> Paragraph | None:
        """The paragraph with those before it that go on in it; None: it goes on itself."""
        if self._begun is not None:
            before, self._begun = self._begun, None
            read.words = tidy(f"{before.words} {read.words}")
            read.hidden = tidy(f"{before.hidden} {read.hidden}")
            read.floating, read.notes = [*before.floating, *read.floating], [*before.notes, *read.notes]
        if read.goes_on:
            self._begun = read
            return None
        return read

    def _beside(self, read: Paragraph, depth: int) -> Iterator[Block]:
        """What stands at a paragraph: what is hidden in it, its notes, pictures and text boxes."""
        if read.hidden or read.notes or read.floating:
            yield from self._list()
        if read.hidden:
            yield Block("text", read.hidden, place=self.outline.place, standing="hidden")
        for note in read.notes:
            if note in self.document.notes and note in self.texts.numbers:
                words = self._flat(self.document.notes.pop(note))
                yield Block(
                    "text", f"{note[0].capitalize()} {self.texts.numbers[note]}: {words}", place=self.outline.place
                )
        for element in read.floating:
            yield from self._floating(element, depth)

    def _floating(self, element: Element, depth: int) -> Iterator[Block]:
        boxes = list(_boxes(element)) if depth < DEEPEST else []
        for box in boxes:
            inner = replace(self.texts, plain=False)
            outer, self.texts = self.texts, inner
            yield from self.blocks(box, depth + 1)
            self.texts = outer
        yield from self.document.drawn.blocks(self.part, _drawn(element), self.outline.place)

    def _list(self) -> Iterator[Block]:
        points, self._points = self._points, []
        if points:
            least = min(len(point) - len(point.lstrip(" ")) for point in points)
            yield Block("list", "\n".join(point[least:] for point in points), place=self.outline.place)

    def _table(self, table: Element, depth: int) -> Iterator[Block]:
        if depth >= DEEPEST:
            words = tidy(" ".join(text.text or "" for text in table.iter(f"{W}t")))
            yield Block("text", words, place=self.outline.place)
            return
        if is_frame(table):
            for cell in cells_of(table):
                yield from self.blocks(cell, depth + 1)
            return
        after: list[Block] = []
        outer, self.texts = self.texts, replace(self.texts, plain=False)
        read = rows_of(table, lambda cell, label: self._cell(cell, label, depth, after))
        self.texts = outer
        if read.cells:
            yield table_block(read.cells, place=self.outline.place, headers=read.headers)
        if any(map(any, read.hidden)):
            yield replace(table_block(read.hidden, place=self.outline.place), standing="hidden")
        yield from after

    def _cell(self, cell: Element, label: str, depth: int, after: list[Block]) -> str:
        """The words of a cell; tables, pictures and notes in it come after the table."""
        words = []
        for block in self.blocks(cell, depth + 1):
            if block.kind in ("text", "list", "heading") and not block.standing and not _is_note(block):
                words.append(block.text)
            elif block.kind == "table" and not block.caption:
                after.append(replace(block, caption=" ".join([*filter(None, [label]), *words])))
            else:
                after.append(block)
        return "\n".join(words)

    def _flat(self, parent: Element) -> str:
        """The words of a note."""
        return "\n".join(block.text for block in _Story(self.document, self.part, Outline()).blocks(parent, 1))


def _is_note(block: Block) -> bool:
    return block.text.startswith(("Note ", "Endnote ")) and ": " in block.text[:20]


def _boxes(element: Element) -> Iterator[Element]:
    """The text boxes in a drawing, not those inside them; of two forms of one drawing, the newer."""
    stack = [kept(element)]
    while stack:
        for child in stack[-1]:
            if child.tag == f"{W}txbxContent":
                yield child
            else:
                stack.append(kept(child))
                break
        else:
            stack.pop()


def _drawn(element: Element) -> Iterator[Element]:
    """The elements of a drawing without what stands in its text boxes, where pictures are met again."""
    stack = [kept(element)]
    while stack:
        for child in stack[-1]:
            if child.tag != f"{W}txbxContent":
                yield child
                stack.append(kept(child))
                break
        else:
            stack.pop()


def _children(root: Element | None, name: str) -> list[Element]:
    return [] if root is None else root.findall(f"{W}{name}")
