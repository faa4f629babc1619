"""Reads RTF: paragraphs, headings, lists, tables and pictures, in whatever charset each font speaks.

One pass over control words and groups. What only describes the document (fonts, styles, revisions, embedded programs)
is skipped as a group; hidden and deleted text is left out. Nothing that it links to is fetched.
"""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from domain.documents import Problem
from domain.errors import Unreadable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.outline import Outline
from ingest.parse.tables import table_block

RTF = "application/rtf"
MAX_BYTES = 64 << 20
MAX_DEPTH = 2000  # groups inside each other
MAX_PICTURE = 40 << 20  # hexadecimal digits
MAX_TITLE = 200
TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<hex>[0-9a-fA-F]{2})"
    r"|\\(?P<sign>[^a-zA-Z])"
    r"|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]++)"
    r"|[\r\n]++|\\",
    re.S,
)
SKIPPED = frozenset(
    [
        *("colortbl", "stylesheet", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr"),
        *("footerf", "fldinst", "objdata", "nonshppict", "themedata", "datastore", "listtable", "listoverridetable"),
        *("filetbl", "revtbl", "rsidtbl", "generator", "xmlnstbl", "bkmkstart", "bkmkend", "atnid", "atnauthor"),
        *("author", "operator", "company", "subject", "keywords", "comment", "doccomm", "category", "manager"),
        *("hlinkbase",),
        *("private", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc", "tc", "xe", "txe", "rxe", "objclass", "objname"),
    ]
)  # fmt: skip
KEPT_STARRED = frozenset({"shppict", "shpinst", "shptxt", "fldrslt", "annotation", "pict"})
MARKS = frozenset({"listtext", "pntext"})
SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ", "nestcell": " ", "nestrow": " ",
    "softline": "\n", "column": "\n", "annotation": "\n",
}  # fmt: skip
CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
CODEPAGES = {936: "gb18030", 65001: "utf-8", 10000: "mac_roman", 54936: "gb18030"}


@dataclass(frozen=True, slots=True)
class _Group:
    """What a closing brace takes back."""

    skip: bool = False
    into: str = ""  # "": the document; else title, fonttbl, pict, mark
    fallback: int = 1  # characters after a Unicode one that stand in for it
    font: int = -1
    hidden: bool = False


@dataclass(slots=True)
class _Paragraph:
    words: list[str] = field(default_factory=list)
    level: int = 0
    listed: bool = False
    in_table: bool = False


def open_rtf(path: Path) -> Identity:
    reader = _read(path)
    return Identity(RTF, None, title=reader.title or None)


def parse_rtf(path: Path, first: int, last: int) -> list[ParsedPage]:
    reader = _read(path)
    return [ParsedPage(None, tuple(reader.blocks), problems=tuple(map(Problem, reader.problems)))]


def text_of_rtf(data: bytes) -> str:
    return "\n\n".join(block.text for block in _Reader(data).read().blocks)


def _read(path: Path) -> _Reader:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    reader = _Reader(data[:MAX_BYTES]).read()
    if len(data) > MAX_BYTES:
        reader.problems.append(f"only the first {MAX_BYTES >> 20} MB were read")
    return reader


class _Reader:
    def __init__(self, data: bytes) -> None:
        start = data.find(b"{\\rtf", 0, 1024)
        if start < 0:
            raise Unreadable("it does not begin as RTF does")
        self.source = data[start:].decode("latin-1")
        self.blocks: list[Block] = []
        self.problems: list[str] = []
        self.title = ""
        self._outline = Outline()
        self._group = _Group()
        self._outer: list[_Group] = []
        self._starred = False
        self._codec, self._fonts, self._font_being_defined = "cp1252", dict[int, str](), -1
        self._bytes = bytearray()  # in the charset of the current font, until something else comes
        self._half = 0  # the first half of a character beyond the basic plane
        self._drop = 0  # stand-ins still to be left out
        self._paragraph = _Paragraph()
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._points: list[str] = []
        self._picture: list[str] = []
        self._lost_pictures = 0

    def read(self) -> _Reader:
        at = 0
        while at < len(self.source):
            token = TOKEN.match(self.source, at)
            if token is None:
                break
            at = token.end()
            if token["word"]:
                at += self._word(token["word"], None if token["number"] is None else int(token["number"]))
            elif token["hex"]:
                self._byte(int(token["hex"], 16))
            elif token["text"]:
                self._text(token["text"])
            elif token["brace"]:
                self._brace(token["brace"])
            elif token["sign"]:
                self._sign(token["sign"])
        self._end_paragraph()
        self._end_table()
        self._end_list()
        if self._outer:
            self.problems.append("the document is cut off: it was read as far as it goes")
        if self._lost_pictures:
            self.problems.append(f"{self._lost_pictures} of its pictures are in a format that can't be read")
        return self

    # ------------------------------------------------------------ groups

    def _brace(self, brace: str) -> None:
        self._flush()
        self._drop = 0
        if brace == "{":
            if len(self._outer) >= MAX_DEPTH:
                raise Unreadable(f"its groups lie more than {MAX_DEPTH} deep inside each other")
            self._outer.append(self._group)
        elif self._outer:
            closed, self._group = self._group, self._outer.pop()
            if closed.into == "pict" and self._group.into != "pict":
                self._end_picture()
            if not self._outer:
                self._end_paragraph()

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
        elif sign in "\\{}":
            self._text(sign)
        elif sign in "~_":
            self._letter(" " if sign == "~" else "-")
        elif sign in "\r\n":
            self._end_paragraph()

    def _word(self, word: str, number: int | None) -> int:
        """Returns how many characters after it belong to it."""
        starred, self._starred = self._starred, False
        if word == "u" and number is not None:
            self._unicode(number % 65536)
            return 0
        self._flush()
        if word == "bin":
            return max(0, number or 0)
        if (starred and word not in KEPT_STARRED) or word in SKIPPED:
            self._group = replace(self._group, skip=True)
        elif word in DESTINATIONS:
            self._group = replace(self._group, into=DESTINATIONS[word])
            self._paragraph.listed = self._paragraph.listed or word in MARKS
        elif word in SIGNS:
            self._letter(SIGNS[word])
        elif (does := DOES.get(word)) is not None:
            does(self, number)
        return 0

    # ------------------------------------------------------------ letters

    def _byte(self, byte: int) -> None:
        if self._drop:
            self._drop -= 1
        elif self._group.into != "pict":
            self._bytes.append(byte)

    def _text(self, text: str) -> None:
        if self._drop:
            dropped = min(self._drop, len(text))
            self._drop, text = self._drop - dropped, text[dropped:]
        if self._group.into == "pict" and not self._group.skip:
            self._picture.append(text)
        elif text.isascii():
            self._flush()
            self._put(text)
        else:  # raw bytes, which some programs write
            self._bytes += text.encode("latin-1", "replace")

    def _letter(self, letter: str) -> None:
        """One that is written as a control word."""
        self._flush()
        if self._drop:
            self._drop -= 1
        else:
            self._put(letter)

    def _unicode(self, code: int) -> None:
        self._flush()
        self._drop = self._group.fallback
        if 0xD800 <= code < 0xDC00:
            self._half = code
        elif 0xDC00 <= code < 0xE000:
            if self._half:
                self._put(chr(0x10000 + ((self._half - 0xD800) << 10) + code - 0xDC00))
            self._half = 0
        else:
            self._put(chr(code) if code >= 32 else " ")

    def _flush(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            codec = self._fonts.get(self._group.font, self._codec)
            self._put(data.decode(codec, "replace"))

    def _put(self, text: str) -> None:
        group = self._group
        if group.skip or group.hidden or group.into in ("fonttbl", "mark", "pict"):
            return
        if group.into == "title":
            self.title = " ".join((self.title + text).split(" "))[:MAX_TITLE]
        else:
            self._paragraph.words.append(text)

    # ------------------------------------------------------------ paragraphs, lists, tables

    def _end_paragraph(self, number: int | None = None) -> None:
        if self._group.skip or self._group.into:
            return
        self._flush()
        paragraph = self._paragraph
        if paragraph.in_table:
            paragraph.words.append("\n")
            return
        text = _tidy("".join(paragraph.words))
        paragraph.words.clear()
        if not text:
            return
        self._end_table()
        if paragraph.listed and not paragraph.level:
            paragraph.listed = False
            self._points.append(f"- {text}")
            return
        paragraph.listed = False
        self._end_list()
        if paragraph.level:
            self.blocks.append(self._outline.heading(paragraph.level, " ".join(text.split())))
        else:
            self.blocks.append(Block("text", text, place=self._outline.place))

    def _reset_paragraph(self, number: int | None) -> None:
        """Not its words, nor the mark of a list: a reset may come after them."""
        self._paragraph.level, self._paragraph.in_table = 0, False

    def _end_cell(self, number: int | None) -> None:
        self._flush()
        self._cells.append(" ".join("".join(self._paragraph.words).split()))
        self._paragraph.words.clear()

    def _end_row(self, number: int | None) -> None:
        self._end_list()
        if any(self._cells):
            self._rows.append(self._cells)
        self._cells = []
        self._paragraph.in_table = False

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if self._cells and any(self._cells):  # a row that never ended
            rows.append(self._cells)
        self._cells = []
        if rows:
            self.blocks.append(table_block(rows, place=self._outline.place))

    def _end_list(self) -> None:
        points, self._points = self._points, []
        if points:
            self.blocks.append(Block("list", "\n".join(points), place=self._outline.place))

    def _in_table(self, number: int | None) -> None:
        self._paragraph.in_table = True

    def _heading(self, number: int | None) -> None:
        self._paragraph.level = (number or 0) + 1 if (number or 0) < 6 else 0

    # ------------------------------------------------------------ fonts and charsets

    def _ansi(self, number: int | None) -> None:
        page = number or 1252
        self._codec = CODEPAGES.get(page) or _known(f"cp{page}")

    def _font(self, number: int | None) -> None:
        if self._group.into == "fonttbl":
            self._font_being_defined = number or 0
        else:
            self._group = replace(self._group, font=number or 0)

    def _charset(self, number: int | None) -> None:
        if self._group.into == "fonttbl" and number in CHARSETS and number not in (0, 1):
            self._fonts[self._font_being_defined] = CHARSETS[number]

    def _fallback(self, number: int | None) -> None:
        self._group = replace(self._group, fallback=max(0, min(number if number is not None else 1, 16)))

    def _hide(self, number: int | None) -> None:
        self._group = replace(self._group, hidden=number != 0)

    def _plain(self, number: int | None) -> None:
        self._group = replace(self._group, hidden=False, font=-1)

    # ------------------------------------------------------------ pictures

    def _end_picture(self) -> None:
        digits, self._picture = "".join(self._picture), []
        if self._group.skip:
            return
        pixels = _pixels(re.sub(r"\s+", "", digits[:MAX_PICTURE]))
        if pixels:
            if not self._cells:  # within a row, the picture stands before its table
                self._end_table()
            self._end_list()
            self.blocks.append(Block("figure", pixels=pixels, place=self._outline.place))
        else:
            self._lost_pictures += 1


DESTINATIONS = {
    "fonttbl": "fonttbl",
    "title": "title",
    "pict": "pict",
    "listtext": "mark",
    "pntext": "mark",
    "sn": "mark",  # a drawing's settings: their names, and their values, one of which may be a picture
    "sv": "mark",
    "info": "info",
    "footnote": "",
}
DOES: dict[str, Callable[[_Reader, int | None], None]] = {
    "par": _Reader._end_paragraph,
    "sect": _Reader._end_paragraph,
    "page": _Reader._end_paragraph,
    "pard": _Reader._reset_paragraph,
    "cell": _Reader._end_cell,
    "row": _Reader._end_row,
    "intbl": _Reader._in_table,
    "outlinelevel": _Reader._heading,
    "ansicpg": _Reader._ansi,
    "f": _Reader._font,
    "fcharset": _Reader._charset,
    "uc": _Reader._fallback,
    "v": _Reader._hide,
    "deleted": _Reader._hide,
    "htmlrtf": _Reader._hide,
    "plain": _Reader._plain,
}


def _known(codec: str) -> str:
    try:
        "".encode(codec)
    except LookupError:
        return "cp1252"
    return codec


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\u00a0", " ").split("\n"))
    return "\n".join(line for line in lines if line)


def _pixels(digits: str) -> bytes | None:
    """PNG and JPEG pictures; Windows metafiles are drawn by nothing here."""
    from PIL import Image, UnidentifiedImageError

    from ingest.parse.docling_blocks import encoded_picture

    try:
        with Image.open(io.BytesIO(binascii.unhexlify(digits[: len(digits) & ~1]))) as image:
            if image.format not in ("PNG", "JPEG", "BMP", "GIF"):
                return None
            return encoded_picture(image)
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
