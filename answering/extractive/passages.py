"""The pieces of evidence that an answer can quote: sentences, and rows of tables as `Header: value`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from answering.extractive.superlatives import extreme_cell
from domain.documents import Chunk, Kind
from domain.evidence import Evidence
from domain.question import Wants, Wording
from ingest.parse.tables import cells_of
from language.numerals import numbers
from language.sentences import is_caption, is_field, label_of, spans
from language.terms import terms

_RULE = re.compile(r"[|\s:-]+")
_HEADERS = {  # column names, by the kind of answer that the column holds
    "person": re.compile(r"\b(?:who|name|person|owner|author|skipper)\b|(?:^|[\s_])by$|人|姓名|负责", re.IGNORECASE),
    "place": re.compile(
        r"\b(?:where|place|location|room|address|city|country)\b|(?:^|[\s_])(?:at|in)$|处$|地点|位置|地方|地址",
        re.IGNORECASE,
    ),
    "time": re.compile(
        r"\b(?:when|date|day|time|year|month|leaves|departs|departure|arrives)\b|日期|时间|年份|时刻", re.IGNORECASE
    ),
}
_YEAR = re.compile(r"(?:19|20)\d\d\W?")
_PERIOD = re.compile(r"(?:Q|H|FY|第)?\s?(?:[1-4一二三四]|(?:19|20)\d\d)(?:季度|年|月)?", re.IGNORECASE)
_VALUE = re.compile(r"[€$£¥]?\s?\d")
_NONE: frozenset[str] = frozenset()
_PICTURED: frozenset[Kind] = frozenset({"figure", "image"})
_ENDED = re.compile(r"[.!?。！？…:：;；][\"'”’」』）)\]]*$")
_LISTED = re.compile(r"[-*•·–—]\s")
_OF_A_FORM = 2  # columns
_LONGEST_BARE = 80
_LONGEST_CAPTION = 200
_LONGEST_WHOLE = 900  # characters of a table that is probably in one chunk
_LONGEST = 600  # characters of one quote; a longer "sentence" is a list or a page without punctuation


Form = Literal["sentence", "row", "label", "bare"]  # bare: a heading or caption


@dataclass(frozen=True, slots=True)
class Quotable:
    n: int  # the marker
    text: str  # verbatim words of the evidence; for a row, of its cells
    terms: frozenset[str]
    about: frozenset[str]  # terms of its headings, its caption and the document's name
    context: frozenset[str]  # terms of the neighbouring sentences
    form: Form = "sentence"
    label: frozenset[str] = frozenset()  # terms of a row's first cell, or of a field's label
    at: int = 0  # position among the pieces of the same evidence
    caption: str = ""  # of the figure that has the label
    singled: bool = False  # a row with the highest or lowest value of its table

    @property
    def read_as(self) -> str:
        """The text for the encoder: a label alone says little."""
        return f"{self.caption} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Asked:
    terms: frozenset[str]
    wants: Wants


def quotables(question: Wording, evidence: Sequence[Evidence]) -> list[Quotable]:
    names = [f"{one.document.name.rsplit('.', 1)[0]} {one.document.title or ''}" for one in evidence]
    return quotables_of(question, [one.chunk for one in evidence], names)


def quotables_of(question: Wording, chunks: Sequence[Chunk], names: Sequence[str]) -> list[Quotable]:
    """`names`: the name of each chunk's document."""
    asked = Asked(frozenset(terms(question.text)), question.wants)
    named = enumerate(zip(chunks, names, strict=True), start=1)
    if not asked.wants.extreme:
        return [piece for n, (chunk, name) in named for piece in _pieces(asked, n, chunk, name)]
    headers = Counter((chunk.document_id, *_table_lines(chunk)[:1]) for chunk in chunks)
    in_part = replace(asked, wants=replace(asked.wants, extreme=0))
    return [
        piece
        for n, (chunk, name) in named
        for piece in _pieces(asked if _is_whole(chunk, headers) else in_part, n, chunk, name)
    ]


def _table_lines(chunk: Chunk) -> list[str]:
    return [line for line in chunk.text.splitlines() if line.lstrip().startswith("|")]


def _is_whole(chunk: Chunk, headers: Counter[tuple[str, ...]]) -> bool:
    """Whether the piece seems to hold its whole table: in a part of a long table the largest value may be missing."""
    lines = _table_lines(chunk)
    return headers[(chunk.document_id, *lines[:1])] == 1 and len(" ".join(lines)) < _LONGEST_WHOLE


def _pieces(asked: Asked, n: int, chunk: Chunk, name: str) -> list[Quotable]:
    about = _about(chunk, name)
    lines = chunk.text.splitlines()
    rows = _table_lines(chunk)
    prose = "\n".join(line for line in lines if not line.lstrip().startswith("|"))
    found = _labels(n, prose, about) if chunk.kind in _PICTURED else _sentences(n, prose, about)
    if len(rows) >= 2:
        found += _rows(asked, n, rows, about | frozenset(terms(prose)))
    return [replace(piece, at=at) for at, piece in enumerate(found)]


def _about(chunk: Chunk, name: str) -> frozenset[str]:
    heading = " ".join((*chunk.place.heading, chunk.place.sheet or "")) if chunk.place else ""
    return frozenset(terms(f"{name} {heading}"))


def _sentences(n: int, text: str, about: frozenset[str]) -> list[Quotable]:
    pieces = [text[a:b] for a, b in spans(text)]
    found = [frozenset(terms(piece)) for piece in pieces]
    made = []
    heading = record = _NONE
    for i, piece in enumerate(pieces):
        bare = is_bare(piece)
        label = _NONE if _ENDED.search(piece) else frozenset(terms(label_of(piece)))
        heading = found[i] if bare else heading
        record = (record or found[i]) if label else _NONE  # the first field names the record that the others describe
        if found[i]:
            context = _NONE.union(*found[max(0, i - 2) : i], *found[i + 1 : i + 2], heading)
            form: Form = "bare" if bare else "sentence"
            made.append(Quotable(n, piece[:_LONGEST], found[i], about | record, context, form, label))
    return made


def is_bare(piece: str) -> bool:
    """A heading or a caption: not a sentence, an item of a list or a field of a form."""
    if _ENDED.search(piece):
        return False
    if is_field(piece) and not is_caption(piece):
        return False
    return is_caption(piece) or (len(piece) <= _LONGEST_BARE and not _LISTED.match(piece))


def _labels(n: int, text: str, about: frozenset[str]) -> list[Quotable]:
    """The sentences of a figure's caption, and its labels: each line with the next, as a label may have two lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    prose = [line for line in lines if is_caption(line) or _ENDED.search(line)]
    labels = [line for line in lines if line not in prose]
    found = _sentences(n, "\n".join(prose), about | frozenset(terms(" ".join(labels))))
    if labels:
        found = [replace(one, form="bare") if is_caption(one.text) else one for one in found]
    about |= frozenset(terms(" ".join(prose)))
    caption = " ".join(prose)[:_LONGEST_CAPTION]
    for i in range(max(1, len(labels) - 1) if labels else 0):
        words = "; ".join(labels[i : i + 2])
        if named := frozenset(terms(words)):
            beside = frozenset(terms(" ".join(labels[max(0, i - 1) : i + 3])))
            found.append(Quotable(n, words[:_LONGEST], named, about, beside, "label", caption=caption))
    return found


def _rows(asked: Asked, n: int, lines: Sequence[str], about: frozenset[str]) -> list[Quotable]:
    table = [cells_of(line) for line in lines if not _RULE.fullmatch(line)]
    if not table:
        return []
    if _is_form(table):
        table = [["", ""], *table]
    header, *rows = table
    rows, header = _joined_header(header, rows)
    extreme = extreme_cell(asked.terms, asked.wants.extreme, header, rows)
    picked = _picked(asked, header, rows)
    group = ""
    found = []
    for at, row in enumerate(rows):
        label, *values = row
        if label and not any(values):
            group = label  # a row without values is a heading of the rows below
            continue
        if extreme is not None and at == extreme[0]:
            column = extreme[1]
            one = _row(asked, n, [header[0], header[column]], [label, row[column]], group, about)
            found.append(replace(one, singled=True))
        elif picked is not None and frozenset(terms(row[picked])) & asked.terms:
            one = _row(asked, n, [header[0], header[picked]], [label, row[picked]], group, about)
            found.append(replace(one, singled=True))
        else:
            found.append(_row(asked, n, header, row, group, about))
    return found


def _picked(asked: Asked, header: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column of words whose name the question has, and a few of whose cells it names: "when is maths on Tuesday"
    wants the rows that have maths in the column Tuesday."""
    named = [at for at in range(1, len(header)) if (name := frozenset(terms(header[at]))) and name <= asked.terms]
    if len(named) != 1 or not all(len(row) == len(header) for row in rows):
        return None
    rest = asked.terms - frozenset(terms(header[named[0]]))
    cells = [frozenset(terms(row[named[0]])) for row in rows]
    held = [cell for cell in cells if cell and cell <= rest and not any(one[0].isdigit() for one in cell)]
    return named[0] if 0 < len(held) < len(rows) / 2 else None


def _is_form(table: Sequence[Sequence[str]]) -> bool:
    """A table of labels and values has no header: its first row is a label and a value as all others are."""
    if not all(len(row) == _OF_A_FORM for row in table):
        return False
    label, value = table[0]
    return bool(label and _VALUE.match(value)) and not _PERIOD.fullmatch(value)


def _joined_header(header: list[str], rows: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Joins a header of several rows: rows without a label before the first row with one, and rows that name columns
    below a header cell that spans several."""
    height, whole = 0, header
    while height < min(3, len(rows)) and (_is_unlabelled(rows[height]) or _continues_header(header, rows[height])):
        names = [list(dict.fromkeys(filter(None, pair))) for pair in zip(header, rows[height], strict=False)]
        header = [" ".join(pair) for pair in names]
        height += 1
    return (rows, whole) if height == len(rows) else (rows[height:], header)


def _is_unlabelled(row: Sequence[str]) -> bool:
    return not row[0] and any(row)


def _continues_header(header: Sequence[str], row: Sequence[str]) -> bool:
    """True if the row names the columns below a header cell that spans several, or the years below an empty header."""
    spans_columns = any(one and one == other for one, other in pairwise(header[1:]))
    if spans_columns and header[0] in ("", row[0]):
        return not any(numbers(cell) and not _PERIOD.fullmatch(cell) for cell in row)
    return not any(header[1:]) and any(row[1:]) and all(_YEAR.fullmatch(cell) for cell in row[1:] if cell)


def _row(asked: Asked, n: int, header: list[str], row: list[str], group: str, about: frozenset[str]) -> Quotable:
    """The label, and the columns that the question asks for or whose cell it names; if there are none, all columns."""
    label, *values = row
    if not label and (at := next((at for at, value in enumerate(row) if value), 0)) < len(row) - 1:
        return _row(asked, n, ["", *header[at + 1 :]], row[at:], group, about)  # "Total" in the third column
    columns = [(name, value) for name, value in zip(header[1:], values, strict=False) if value]
    wanted = columns if asked.wants.compares else _wanted(asked, label, columns)
    first = f"{header[0]}: {label}" if header[0] and label else label
    parts = [first] + [f"{name}: {value}" if name else value for name, value in wanted]
    of_a_form = len(row) == _OF_A_FORM and not any(header)
    text = (": " if of_a_form else "; ").join(part for part in parts if part)
    about |= frozenset(terms(" ".join((group, *header)) if asked.wants.share else group))
    return Quotable(n, text[:_LONGEST], frozenset(terms(text)), about, _NONE, "row", frozenset(terms(label)))


def _wanted(asked: Asked, label: str, columns: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    rest = asked.terms - frozenset(terms(label))
    known = [column for column in columns if rest & frozenset(terms(column[1]))]  # a cell with a term of the question
    fitting = _HEADERS.get(asked.wants.kind)
    chosen = [column for column in columns if fitting and fitting.search(column[0]) and column not in known]
    chosen = chosen or _named(rest, columns)
    chosen = [column for column in chosen if asked.wants.share and "%" in column[1]] or chosen
    if not chosen or all(column in known for column in chosen):
        return columns if not chosen or known else chosen
    return [column for column in columns if column in chosen or column in known]


def _named(asked: frozenset[str], columns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    shares = [len(asked & frozenset(terms(name))) for name, _ in columns]
    best = max(shares, default=0)
    return [column for column, share in zip(columns, shares, strict=True) if share == best] if best else []
