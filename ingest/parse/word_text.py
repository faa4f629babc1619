"""The words of Word's paragraphs as Word shows them: results of fields, ticks in boxes, hidden words apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.parse.equations import equation
from ingest.parse.word_markup import CHECK_BOX, OFF, W14, M, R, W, is_on, kept, number, value
from ingest.parse.word_styles import Styles, style_of

TICKED, EMPTY = "☒", "☐"
SYMBOLS = {0xFE: TICKED, 0xFD: TICKED, 0xFB: TICKED, 0xFC: "✓", 0xA8: EMPTY, 0x6F: EMPTY, 0x71: EMPTY, 0x78: TICKED}
SIGNS = {"noBreakHyphen": "-", "tab": " ", "ptab": " ", "br": "\n", "cr": "\n"}
PAGE_NUMBERS = ("PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION")  # they say something of paper only
MOST_COMMENTS = 50  # about the same words
SMALLEST = 4  # half points: nobody reads smaller letters
NOTES = {f"{W}footnoteReference": "note", f"{W}endnoteReference": "endnote"}
FLOATING = (f"{W}drawing", f"{W}pict", f"{W}object")


@dataclass(slots=True)
class Field:
    about: Element | None  # what a form's field holds
    instruction: str = ""
    shown: bool = False  # its result comes


@dataclass(slots=True)
class Paragraph:
    words: str = ""
    hidden: str = ""
    floating: list[Element] = field(default_factory=list)  # pictures, text boxes, charts at it
    notes: list[tuple[str, str]] = field(default_factory=list)  # ("note" or "endnote", id)
    goes_on: bool = False  # its end is deleted: the next one goes on in it


@dataclass(slots=True)
class Texts:
    """Reads the paragraphs of one part of the package, in reading order: fields go on from one to the next."""

    styles: Styles
    links: Mapping[str, str]  # relation → address outside the document
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)  # of notes, as they are met
    commented: dict[str, list[str]] = field(default_factory=dict)  # comment → the words that it is about
    plain: bool = True  # not on a background that a table or a text box may have
    _fields: list[Field] = field(default_factory=list)
    _open_comments: list[str] = field(default_factory=list)
    _noted: Counter[str] = field(default_factory=Counter)  # by kind

    def paragraph(self, element: Element) -> Paragraph:
        properties = element.find(f"{W}pPr")
        found = Paragraph(goes_on=_end_deleted(properties))
        style = style_of(properties)
        shaded = properties is not None and properties.find(f"{W}shd") is not None
        words: list[tuple[str, bool]] = []
        for hidden, piece in self._pieces(element, found, style, shaded):
            words.append((piece, hidden))
            if not hidden:
                for comment in self._open_comments:
                    self.commented.setdefault(comment, []).append(piece)
        for one in self._fields:  # Word shows what follows an instruction that never ends
            one.shown = True
        found.words = tidy("".join(piece for piece, hidden in words if not hidden))
        found.hidden = tidy(" ".join(piece for piece, hidden in words if hidden))
        return found

    def _pieces(self, element: Element, found: Paragraph, style: str, shaded: bool) -> Iterator[tuple[bool, str]]:
        """(whether it is hidden, words)."""
        for child in kept(element):
            if child.tag == f"{W}r":
                hidden = self._is_hidden(child.find(f"{W}rPr"), style, shaded)
                yield hidden, "".join(self._run(child, found))
            elif child.tag in (f"{W}hyperlink", f"{W}fldSimple"):
                yield from self._linked(child, found, style, shaded)
            elif child.tag in (f"{M}oMath", f"{M}oMathPara"):
                yield False, f" {equation(child)} "
            elif child.tag == f"{W}sdt":
                yield False, self._box(child)
            else:
                self._comment(child)

    def _linked(self, element: Element, found: Paragraph, style: str, shaded: bool) -> Iterator[tuple[bool, str]]:
        pieces = [(self._is_hidden(run.find(f"{W}rPr"), style, shaded), run) for run in runs_of(element)]
        words = [(hidden, "".join(self._run(run, found))) for hidden, run in pieces]
        if _name(value(element, "instr")) not in PAGE_NUMBERS:
            yield from words
            seen = "".join(text for hidden, text in words if not hidden)
            yield False, _address(self.links.get(element.get(f"{R}id", ""), ""), seen)

    def _comment(self, element: Element) -> None:
        name = value(element, "id")
        if element.tag == f"{W}commentRangeStart" and len(self._open_comments) < MOST_COMMENTS:
            self._open_comments.append(name)
        elif element.tag == f"{W}commentRangeEnd" and name in self._open_comments:
            self._open_comments.remove(name)

    def _run(self, run: Element, found: Paragraph) -> Iterator[str]:
        for child in kept(run):
            if child.tag == f"{W}fldChar":
                yield self._field(child)
            elif child.tag == f"{W}instrText" and self._fields:
                self._fields[-1].instruction += child.text or ""
            elif all(one.shown and _name(one.instruction) not in PAGE_NUMBERS for one in self._fields):
                yield from self._shown(child, found)

    def _shown(self, child: Element, found: Paragraph) -> Iterator[str]:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag == f"{W}sym":
            yield _symbol(child)
        elif child.tag == f"{W}ruby":
            bases = (run for base in child.findall(f"{W}rubyBase") for run in runs_of(base))
            yield from (text for run in bases for text in self._run(run, found))
        elif child.tag in FLOATING:
            found.floating.append(child)
        elif child.tag in NOTES:
            yield self._note(NOTES[child.tag], child, found)
        elif child.tag == f"{M}oMath":
            yield equation(child)
        else:
            yield SIGNS.get(child.tag.removeprefix(W), "")

    def _note(self, kind: str, element: Element, found: Paragraph) -> str:
        note = (kind, value(element, "id"))
        found.notes.append(note)
        if note not in self.numbers:
            self._noted[kind] += 1
            self.numbers[note] = self._noted[kind]
        return f" ({kind} {self.numbers[note]})"

    def _field(self, element: Element) -> str:
        kind = value(element, "fldCharType")
        if kind == "begin":
            self._fields.append(Field(element.find(f"{W}ffData")))
        elif kind == "separate" and self._fields:
            self._fields[-1].shown = True
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if all(one.shown for one in self._fields):
                return _form(ended)
        return ""

    def _box(self, element: Element) -> str:
        checked = element.find(f"{W}sdtPr/{CHECK_BOX}/{W14}checked")
        return EMPTY if checked is None or checked.get(f"{W14}val", "1") in OFF else TICKED

    def _is_hidden(self, letters: Element | None, style: str, shaded: bool) -> bool:
        own = None if letters is None else letters.find(f"{W}vanish")
        if letters is None or own is not None:
            return is_on(own) if own is not None else self.styles.hidden(style)
        if number(letters.find(f"{W}sz"), 99) <= SMALLEST:
            return True
        white = value(letters.find(f"{W}color")).upper() == "FFFFFF"
        marked = any(letters.find(f"{W}{name}") is not None for name in ("shd", "highlight"))
        if white and self.plain and not shaded and not marked:
            return True
        return self.styles.hidden(value(letters.find(f"{W}rStyle"))) or self.styles.hidden(style)


def runs_of(element: Element) -> Iterator[Element]:
    """The runs in an element, and in the links and fields in it."""
    stack = [kept(element)]
    while stack:
        for child in stack[-1]:
            if child.tag == f"{W}r":
                yield child
            elif child.tag in (f"{W}hyperlink", f"{W}fldSimple"):
                stack.append(kept(child))
                break
        else:
            stack.pop()


def tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _end_deleted(properties: Element | None) -> bool:
    mark = None if properties is None else properties.find(f"{W}rPr")
    return mark is not None and any(mark.find(f"{W}{name}") is not None for name in ("del", "moveFrom"))


def _name(instruction: str) -> str:
    return instruction.split(maxsplit=1)[0].upper() if instruction.strip() else ""


def _address(address: str, words: str) -> str:
    """A link's address after its words, unless they say it."""
    bare = address.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
    return f" ({address.removeprefix('mailto:')})" if bare and bare not in words else ""


def _form(ended: Field) -> str:
    """What a form's field shows that has no words of its own."""
    box = None if ended.about is None else ended.about.find(f"{W}checkBox")
    if box is not None:
        state = box.find(f"{W}checked")
        return TICKED if is_on(state if state is not None else box.find(f"{W}default")) else EMPTY
    choice = None if ended.about is None else ended.about.find(f"{W}ddList")
    if choice is not None:
        entries = [value(entry) for entry in choice.findall(f"{W}listEntry")]
        at = number(choice.find(f"{W}result"), number(choice.find(f"{W}default"), 0))
        return entries[at] if 0 <= at < len(entries) else ""
    return ""


def _symbol(element: Element) -> str:
    """A sign of a font of signs; "" where nobody can tell what it looks like."""
    try:
        code = int(value(element, "char"), 16)
    except ValueError:
        return ""
    if "wingdings" in value(element, "font").casefold():
        return SYMBOLS.get(code & 0xFF, "")
    return chr(code) if 0x20 <= code < 0xD800 else ""
