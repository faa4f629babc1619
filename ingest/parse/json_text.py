"""Reads JSON and JSON Lines: lists of records as tables, the rest as lines `name: value` under the names above them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.documents import Place, Problem
from domain.errors import Unreadable
from domain.limits import DocumentLimits, variable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.tables import table_block
from ingest.parse.text import MAX_BLOCK, blocks_of, read_text

MAX_VALUE = 20_000  # characters; longer ones are encoded files, or texts of their own
MAX_COLUMNS = 40
MAX_CELL = 300
MAX_RECORDS = 200_000
MAX_HEADINGS = 4
MAX_RECORD, MAX_LINES = 2000, 60  # of a record that stays in one piece
LONG = 400  # characters
ENCODED = re.compile(r"(?:data:[^,]{0,100};base64,)?[A-Za-z0-9+/=_-]{400,}")
TOKEN = re.compile(r'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"?+|[\[\]{}]', re.S)  # strings are passed over, whatever is in them
DIGITS = 4000  # of one number; more take Python minutes


def open_json(path: Path) -> Identity:
    return Identity("application/json", None)


def open_json_lines(path: Path) -> Identity:
    return Identity("application/jsonl", None)


def parse_json(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    text, problems = _shallow(path, limits)
    try:
        value = _loaded(text)
    except ValueError as error:
        records, broken = _lines(text)
        if len(records) < 2:  # not one record a line either: its words can still be found
            damaged = Problem(f"it is not valid JSON ({error}), so it was read as plain text")
            return [ParsedPage(None, tuple(blocks_of(text)), problems=(*problems, damaged))]
        return [_page(records, (*problems, *broken))]
    return [_page(value, problems)]


def parse_json_lines(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    text, problems = _shallow(path, limits, by_line=True)
    records, broken = _lines(text)
    if not records:
        raise Unreadable(broken[0].message if broken else "there are no records in it")
    return [_page(records, (*problems, *broken))]


def _shallow(path: Path, limits: DocumentLimits, by_line: bool = False) -> tuple[str, tuple[Problem, ...]]:
    """The text without what lies too deep, which Python's own reader would refuse as a whole."""
    text, problems = read_text(path)
    lines = text.split("\n") if by_line else [text]
    shallow = "\n".join(without_deep(line, limits.nesting) for line in lines)
    if shallow == text:
        return text, problems
    deep = f"values more than {limits.nesting} deep inside each other were left out; {variable('nesting')} is the limit"
    return shallow, (*problems, Problem(deep))


def without_deep(text: str, nesting: int) -> str:
    """With null in place of every list and object that lies deeper; the same text if there is none."""
    kept: list[str] = []
    depth = start = 0
    for token in TOKEN.finditer(text):
        sign = token.group()
        if sign in ("[", "{"):
            depth += 1
            if depth == nesting + 1:
                kept += [text[start : token.start()], "null"]
                start = len(text)  # until it ends
        elif sign in ("]", "}"):
            if depth == nesting + 1:
                start = token.end()
            depth = max(0, depth - 1)
    if not kept:
        return text
    closing = depth > nesting
    return "".join(kept) if closing else "".join([*kept, text[start:]])


def _page(value: Any, problems: tuple[Problem, ...]) -> ParsedPage:
    return ParsedPage(None, tuple(_Reader().read(value)), problems=problems)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"), parse_int=_number, parse_float=str)
    except RecursionError as error:
        raise Unreadable("its values lie too deep inside each other") from error


def _number(digits: str) -> str:
    return digits if len(digits) <= DIGITS else f"{digits[:20]}…"


def _lines(text: str) -> tuple[list[Any], tuple[Problem, ...]]:
    """The record of each line; lines that are no JSON are left out."""
    records: list[Any] = []
    broken: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(_loaded(line))
        except (ValueError, Unreadable):
            broken.append(number)
    cut = Problem(f"only the first {MAX_RECORDS:,} records were read")
    problems = (cut,) if len(records) > MAX_RECORDS else ()
    if broken:
        which = f"line {broken[0]} is" if len(broken) == 1 else f"{len(broken)} lines, the first is {broken[0]}, are"
        problems = (*problems, Problem(f"{which} not valid JSON"))
    return records[:MAX_RECORDS], problems


@dataclass(slots=True)
class _Reader:
    blocks: list[Block] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    size: int = 0

    def read(self, value: Any) -> list[Block]:
        self._value(value, ())
        self._flush(())
        return self.blocks

    def _value(self, value: Any, above: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            self._object(value, above)
        elif isinstance(value, list):
            self._list(value, above)
        else:
            self._line(_shown(value), above)

    def _object(self, value: dict[str, Any], above: tuple[str, ...]) -> None:
        """A small record in one piece, and the tables in it; of a large one its plain values together, then what lies
        deeper."""
        tables = {name: inner for name, inner in value.items() if isinstance(inner, list) and _table(inner)}
        lines = _few_lines({name: inner for name, inner in value.items() if name not in tables})
        if lines is None:
            lines = [
                f"{name}: {text}" for name, inner in value.items() if not _nested(inner) and (text := _shown(inner))
            ]
            deeper = [(name, inner) for name, inner in value.items() if _nested(inner)]
        else:
            deeper = list(tables.items())
        for line in lines:
            self._line(line, above)
        self._flush(above)
        for name, inner in deeper:
            self._value(inner, (*above, name))
            self._flush((*above, name))

    def _list(self, value: list[Any], above: tuple[str, ...]) -> None:
        if not any(_nested(item) for item in value):
            for item in value:
                self._line(f"- {_shown(item)}", above)
        elif cells := _table(value):
            self._flush(above)
            self.blocks.append(table_block(cells, place=Place(above[-MAX_HEADINGS:])))
        else:
            for item in value:
                self._value(item, above)
                self._flush(above)

    def _line(self, line: str, above: tuple[str, ...]) -> None:
        if not line:
            return
        if self.size + len(line) > MAX_BLOCK:
            self._flush(above)
        self.lines.append(line)
        self.size += len(line)

    def _flush(self, above: tuple[str, ...]) -> None:
        if self.lines:
            self.blocks.append(Block("text", "\n".join(self.lines), place=Place(above[-MAX_HEADINGS:])))
        self.lines, self.size = [], 0


def _few_lines(record: dict[str, Any]) -> list[str] | None:
    """A record's lines, each with the names on the way to its value; None when they are many."""
    lines: list[str] = []
    waiting: list[tuple[str, Any]] = [("", record)]
    size = 0
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}" if name else key, inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list) and any(_nested(item) for item in value):
            waiting += [(name, item) for item in reversed(value)]
        else:
            text = ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)
            lines += [f"{name}: {text}"] if text and name else [text] if text else []
            size += len(text)
        if size > MAX_RECORD or len(lines) + len(waiting) > MAX_LINES:
            return None
    return lines


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _table(records: Sequence[Any]) -> list[list[str]]:
    """Rows of cells, names first, of records that have the same few plain fields; nothing for others."""
    names: dict[str, None] = {}
    for record in records:
        if not isinstance(record, dict) or any(_nested(value) for value in record.values()):
            return []
        names.update(dict.fromkeys(record))
        if len(names) > MAX_COLUMNS:
            return []
    filled = sum(len(record) for record in records)
    if len(records) < 2 or len(names) < 2 or filled < 0.5 * len(names) * len(records):
        return []
    rows = [[_shown(record.get(name)) for name in names] for record in records]
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        return []
    return [list(names), *rows]


def _shown(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    if len(text) >= LONG and ENCODED.fullmatch(text):
        return ""  # a file that was written as letters
    return text[:MAX_VALUE]
