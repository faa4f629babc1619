"""What stands around a chunk: the words of its page. In documents without pages a chunk stands alone.

A question's words are seldom all in the chunk that answers it: the year stands in the table's head, the unit in the
caption, the company at the top of the page. So each chunk is also found by the words around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from domain.ports import WordsRow
from language.analyser import tokens

ON_A_PAGE = 4  # chunks before and after: a page has about as many; a sheet of 10,000 rows is a page too

Place = tuple[str, int | None]  # document id, page


@dataclass(frozen=True, slots=True)
class Analysed:
    """A chunk's words, analysed; the first line apart: it is the document's title, the same in all its chunks."""

    chunk_id: str
    place: Place
    ordinal: int
    head: Sequence[str]
    body: Sequence[str]

    @property
    def words(self) -> Sequence[str]:
        return [*self.head, *self.body]


def analysed(row: WordsRow) -> Analysed:
    head, _, body = row.text.partition("\n")
    return Analysed(row.chunk_id, (row.document_id, row.page), row.ordinal, tokens(head), tokens(body))


def surroundings(chunks: Iterable[Analysed]) -> Mapping[str, Sequence[str]]:
    """For each chunk its own words and those around it, by chunk id."""
    return {
        chunk.chunk_id: around(chunk, at, together)
        for together in by_place(chunks)
        for at, chunk in enumerate(together)
    }


def by_place(chunks: Iterable[Analysed]) -> list[list[Analysed]]:
    places: defaultdict[Place, list[Analysed]] = defaultdict(list)
    for chunk in chunks:
        places[chunk.place].append(chunk)
    return [sorted(each, key=lambda one: one.ordinal) for each in places.values()]


def touched(chunks: Iterable[Analysed], new: Set[str]) -> frozenset[str]:
    """The chunks that have a new one around them, the new ones included, by id."""
    return frozenset(
        chunk.chunk_id
        for together in by_place(chunks)
        for at, chunk in enumerate(together)
        if any(one.chunk_id in new for one in together[max(0, at - ON_A_PAGE) : at + ON_A_PAGE + 1])
    )


def around(chunk: Analysed, at: int, together: Sequence[Analysed]) -> list[str]:
    reach = 0 if chunk.place[1] is None else ON_A_PAGE
    words = list(chunk.head)
    for one in together[max(0, at - reach) : at + reach + 1]:
        words += one.body if one.head == chunk.head else one.words
    return words
