"""What a quote stands in: its own words and its neighbours', row and column labels, headings, the document's name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from domain.evidence import Evidence
from language.numerals import numbers, spelled_numbers
from language.scripts import folded
from language.terms import terms

_STROKED = str.maketrans("łøđħ", "lodh")  # letters that no normal form takes apart
_HEADER_ROWS = 3  # at the top of a table: they may name its columns
_LONGEST = 12_000  # characters of one context
_WORD = re.compile(r"[^\W\d_]+")
_CAPITALS = re.compile(r"\b[A-Z]")


def bare(text: str) -> str:
    """Folded, and without accents: people leave them out."""
    plain = unicodedata.normalize("NFD", folded(text)).translate(_STROKED)
    return plain if plain.isascii() else "".join(one for one in plain if not unicodedata.combining(one))


@dataclass(frozen=True)
class Context:
    text: str

    @cached_property
    def folded(self) -> str:
        return bare(self.text[:_LONGEST])

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(terms(self.folded))

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self.folded))

    @cached_property
    def numbers(self) -> frozenset[str]:
        text = self.text[:_LONGEST]
        return numbers(text) | spelled_numbers(text)

    @cached_property
    def initials(self) -> str:
        """Of its words with a capital, in order: "World Health Organization" gives `who` somewhere within."""
        return "".join(_CAPITALS.findall(self.text[:_LONGEST])).casefold()


def of_evidence(one: Evidence) -> Context:
    """All of the chunk, with what it stands under."""
    return Context(f"{_stands_under(one)}\n{one.chunk.own_search_text}")


def of_row(one: Evidence, row: str) -> Context:
    """A table's row without the others: the columns' names, the caption and the words around the table stay."""
    lines = one.chunk.own_search_text.splitlines()
    rows = [line for line in lines if line.lstrip().startswith("|")]
    prose = [line for line in lines if not line.lstrip().startswith("|")]
    return Context("\n".join((_stands_under(one), *prose, *rows[:_HEADER_ROWS], row)))


def _stands_under(one: Evidence) -> str:
    place = one.chunk.place
    heading = (*place.heading, place.sheet or "") if place else ()
    return " ".join((one.document.name.rsplit(".", 1)[0], one.document.title or "", *heading))
