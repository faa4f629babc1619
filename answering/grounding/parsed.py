"""Parses a claim and the text that it cites: sentences and rows with their terms, quantities and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile, zip_longest

from language.dates import Date, dates
from language.quantities import Quantity, quantities, told_scales
from language.scripts import folded, plain_width
from language.sentences import spans
from language.terms import terms

_MOST_PIECES = 400  # sentences that are parsed; a longer text is not a passage
_LONGEST_PIECE = 2_000  # characters
_LONGEST_CAPTION = 200
_MOST_COUNTED = 60  # quantities of one piece, and dates
TABLE_HEADER = 3  # rows at the top that may name the columns


@dataclass(frozen=True, slots=True)
class ParsedPiece:
    """A sentence or a table's row, with what was read in it."""

    text: str
    terms: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    dates: tuple[Date, ...]
    is_row: bool
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cited:
    """The text that a claim cites."""

    pieces: tuple[ParsedPiece, ...]
    all_terms: frozenset[str]
    header: tuple[ParsedPiece, ...]  # the rows that name a table's columns
    heading: frozenset[str]  # terms of table headers and captions, which stand for every row
    scales: frozenset[float]
    words: frozenset[str]  # folded, as they stand
    columns: tuple[frozenset[str], ...]  # the terms of each column's header

    @staticmethod
    @lru_cache(maxsize=64)  # several claims cite the same
    def of(text: str) -> Cited:
        pieces = tuple(read(text[a:b]) for a, b in spans(text)[:_MOST_PIECES])
        header = _header(pieces)
        return Cited(
            pieces,
            frozenset(term for piece in pieces for term in piece.terms),
            tuple(header),
            frozenset(term for row in header for term in row.terms),
            told_scales(text),
            frozenset(re.findall(r"[^\W\d_]+", folded(text))),
            tuple(
                frozenset(terms(" ".join(cells))) for cells in zip_longest(*(row.cells for row in header), fillvalue="")
            ),
        )


def _header(pieces: Sequence[ParsedPiece]) -> list[ParsedPiece]:
    """The header of a table: the first row, what stands above it, and the rows below it without a label."""
    rows = [piece for piece in pieces if piece.is_row and piece.terms][: TABLE_HEADER + 1]
    below = takewhile(lambda row: bool(row.cells) and not row.cells[0], rows[1:])
    caption = pieces[pieces.index(rows[0]) - 1 : pieces.index(rows[0])] if rows else ()
    return [*(one for one in caption if len(one.text) <= _LONGEST_CAPTION), *rows[:1], *below][: TABLE_HEADER + 1]


@lru_cache(maxsize=2_000)
def read(text: str) -> ParsedPiece:
    text = plain_width(text[:_LONGEST_PIECE])
    dated = dates(text)[:_MOST_COUNTED]
    inside = [(one.start, one.end) for one in dated]
    counted = [one for one in quantities(text) if not any(a <= one.start < b for a, b in inside)]
    row = text.lstrip().startswith("|")
    cells = tuple(cell.strip() for cell in text.strip().strip("|").split("|")) if row else ()
    return ParsedPiece(text, tuple(terms(text)), tuple(counted[:_MOST_COUNTED]), tuple(dated), row, cells)
