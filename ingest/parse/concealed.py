"""What an Office file hides from its readers: rows and columns of sheets, and how hidden blocks are given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from domain.parsed import Block

ROW = re.compile(rb"<(?:[a-z]{1,9}:)?row\s[^<>]*+>")
COLUMN = re.compile(rb"<(?:[a-z]{1,9}:)?col\s[^<>]*+>")
HIDDEN = re.compile(rb'\shidden="(?:1|true)"')
NUMBER = re.compile(rb'\sr="(\d{1,7})"')
LEAST, MOST = re.compile(rb'\smin="(\d{1,5})"'), re.compile(rb'\smax="(\d{1,5})"')
LAST_COLUMN = 16_384


@dataclass(frozen=True, slots=True)
class Concealed:
    """Rows and columns of a sheet, from 1, that are hidden by hand, by a filter or in a closed group."""

    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()


def concealed(markup: bytes) -> Concealed:
    if not HIDDEN.search(markup):
        return Concealed()
    rows = (NUMBER.search(tag) for tag in ROW.findall(markup) if HIDDEN.search(tag))
    spans = ((LEAST.search(tag), MOST.search(tag)) for tag in COLUMN.findall(markup) if HIDDEN.search(tag))
    columns = (range(int(least[1]), min(int(most[1]), LAST_COLUMN) + 1) for least, most in spans if least and most)
    return Concealed(
        frozenset(int(row[1]) for row in rows if row), frozenset(column for span in columns for column in span)
    )


def hidden(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks as hidden; pictures among them are left out, as nothing in them can be marked."""
    return (replace(block, standing="hidden") for block in blocks if block.kind != "figure")
