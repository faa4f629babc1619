"""Compares a claim with the text that it cites: which words, numbers, names, dates and negations are the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from answering.grounding.names import names_in_common
from answering.grounding.negation import negation_differs, opposite
from answering.grounding.parsed import Cited, ParsedPiece, read
from answering.grounding.substitution import replaced
from language.dates import Date
from language.names import capitals, named_in
from language.quantities import Quantity, quantities, same_quantity
from language.scripts import folded, has_cjk
from language.terms import terms

NEIGHBOURS = 4  # content words on each side of a number, which say what it counts
_AROUND = 80  # characters on each side that are searched for them


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares are of what the claim says; 1 if it says nothing of that kind."""

    covered: float  # content words that are in the best sentences
    together: float  # in the best one of them
    anywhere: float  # share of content words in the whole text
    order: float  # neighbouring words that are neighbours there too
    numbers: float  # of the worst quantity: 1 the same, 0 another
    places: float  # of the number with the least alike words around it: how alike they are
    column: float  # 0 if a number is in another column of the table than the claim names
    dates: float
    names: float  # the worst: 1 in the best sentences, 0.5 elsewhere in the text, 0 nowhere
    strict: float  # share of names and numbers in the one nearest sentence
    replaced: bool  # the claim has another name or number in the place of the text's
    negated: bool  # one negates what the other affirms
    opposite: bool  # "rose" against "fell"
    best: tuple[str, ...]  # at most two sentences, for the encoder

    @property
    def shape(self) -> tuple[float, ...]:
        return (self.covered, self.together, self.anywhere, self.order, self.numbers, self.places, self.column,
                self.dates, self.names, self.strict, float(self.replaced), float(self.negated),
                float(self.opposite))  # fmt: skip


def compare(text: str, cited: Cited) -> Comparison:
    claim = read(text)
    wanted = [term for term in claim.terms if not term[0].isdigit()] or list(claim.terms)
    near = _nearest(frozenset(claim.terms), cited)
    window = _window(near, cited)
    here = frozenset(term for piece in window for term in piece.terms) | _heading_of(near, cited)
    one = frozenset(near[0].terms) | _heading_of(near[:1], cited) if near else frozenset[str]()
    return Comparison(
        covered=_share(wanted, here),
        together=_share(wanted, one),
        anywhere=_share(wanted, cited.all_terms),
        order=_order(claim.terms, near),
        numbers=_numbers(claim, window, cited),
        places=_places(claim, window, cited),
        column=_column(claim, near, cited),
        dates=_dates(claim, window, cited),
        names=names_in_common(claim, window, cited),
        strict=_strict(claim, near[:1], cited),
        replaced=replaced(claim, near),
        negated=negation_differs(claim, near),
        opposite=opposite(claim, window),
        best=tuple(piece.text for piece in near),
    )


# ---------------------------------------------------------------- the nearest sentences


def _nearest(wanted: frozenset[str], cited: Cited) -> list[ParsedPiece]:
    """At most two: the piece that shares most with the claim, and the one with most of the rest. No table headers."""
    header = {id(row) for row in cited.header}
    pieces = [piece for piece in cited.pieces if id(piece) not in header] or list(cited.pieces)
    if not pieces or not wanted:
        return []
    best = max(pieces, key=lambda piece: _gain(wanted, piece, cited))
    rest = wanted - _terms(best, cited)
    if best.is_row:  # a number of another row supports nothing
        rest = frozenset(term for term in rest if not term[0].isdigit())
    second = max(pieces, key=lambda piece: (len(rest & frozenset(piece.terms)), piece is not best))
    return [best] if second is best or not rest & frozenset(second.terms) else [best, second]


def _gain(wanted: frozenset[str], piece: ParsedPiece, cited: Cited) -> float:
    """Long sentences share more by chance; in a row its own cells count for more than the table's header."""
    own = len(wanted & frozenset(piece.terms))
    return own + 0.5 * (len(wanted & _terms(piece, cited)) - own) - 0.01 * len(piece.terms)


def _terms(piece: ParsedPiece, cited: Cited) -> frozenset[str]:
    return frozenset(piece.terms) | (cited.heading if piece.is_row else frozenset())


def _window(near: Sequence[ParsedPiece], cited: Cited) -> list[ParsedPiece]:
    """The nearest pieces; with a row comes its table's header."""
    window = list(near)
    if any(piece.is_row for piece in near):
        window += cited.header
    return window


def _heading_of(near: Sequence[ParsedPiece], cited: Cited) -> frozenset[str]:
    return cited.heading if any(piece.is_row for piece in near) else frozenset()


def _share(wanted: Sequence[str], has: frozenset[str]) -> float:
    if not wanted:
        return 0.0
    return sum(1.0 if term in has else _akin(term, has) for term in wanted) / len(wanted)


def _akin(term: str, has: Iterable[str]) -> float:
    """0.7 for a word of the same root with another stem: found, founding, foundation."""
    if len(term) < 5 or has_cjk(term):
        return 0.0
    stub = term[: max(4, len(term) - 3)]
    return 0.7 if any(other.startswith(stub) and abs(len(other) - len(term)) <= 4 for other in has) else 0.0


def _order(words: Sequence[str], near: Sequence[ParsedPiece]) -> float:
    pairs = {frozenset(pair) for pair in pairwise(words)}
    if not pairs:
        return 1.0
    there = {
        frozenset(pair)
        for piece in near
        for step in (1, 2)
        for pair in zip(piece.terms, piece.terms[step:], strict=False)
    }
    return len(pairs & there) / len(pairs)


# ---------------------------------------------------------------- numbers and dates


def _numbers(claim: ParsedPiece, window: Sequence[ParsedPiece], cited: Cited) -> float:
    """The worst of the claim's quantities; one that stands elsewhere in the text counts half."""
    return min((_number(one, window, cited) for one in claim.quantities), default=1.0)


def _number(claimed: Quantity, window: Sequence[ParsedPiece], cited: Cited) -> float:
    here = max((_same(claimed, piece, cited) for piece in window), default=0.0)
    if here == 1.0:
        return here
    there = max((_same(claimed, piece, cited) for piece in cited.pieces), default=0.0)
    return max(here, (0.9 if claimed.is_year else 0.6) * there)


def _same(claimed: Quantity, piece: ParsedPiece, cited: Cited) -> float:
    scales = cited.scales if piece.is_row or cited.heading else frozenset[float]()
    found = max((same_quantity(claimed, other, scales) for other in piece.quantities), default=0.0)
    if found < 1.0 and claimed.is_year and any(date.year == claimed.value for date in piece.dates):
        return 1.0
    return found


def _places(claim: ParsedPiece, window: Sequence[ParsedPiece], cited: Cited) -> float:
    """How alike the words around a number are to those around it in the text; the lowest of all numbers."""
    shares = []
    for one in claim.quantities:
        mine = _around(claim, one)
        found = [
            _around(piece, other) | (cited.heading if piece.is_row else frozenset())
            for piece in window
            for other in piece.quantities
            if same_quantity(one, other, cited.scales) > 0
        ]
        if found and mine:
            shares.append(max(len(mine & theirs) / len(mine) for theirs in found))
    return min(shares, default=1.0)


def _column(claim: ParsedPiece, near: Sequence[ParsedPiece], cited: Cited) -> float:
    """The columns that the claim names, by the terms that not all columns share."""
    rows = [piece for piece in near if piece.is_row]
    values = cited.columns[1:]
    if not rows or len(values) < 2:
        return 1.0
    telling = frozenset[str]().union(*values) - frozenset.intersection(*values)
    named = telling & frozenset(claim.terms)
    if not named:
        return 1.0
    for one in claim.quantities:
        at = [column for row in rows for column in _columns_of(one, row, cited)]
        if at and not any(cited.columns[column] & named for column in at if column < len(cited.columns)):
            return 0.0
    return 1.0


def _columns_of(one: Quantity, row: ParsedPiece, cited: Cited) -> list[int]:
    """A number in a row's label ("VAT 20 %") is in no column."""
    label = next((at for at, cell in enumerate(row.cells) if cell), 0)
    return [
        at
        for at, cell in enumerate(row.cells)
        if at > label and any(same_quantity(one, other, cited.scales) > 0 for other in quantities(cell))
    ]


def _around(piece: ParsedPiece, one: Quantity) -> frozenset[str]:
    if piece.is_row:
        return frozenset(piece.terms)
    before = terms(piece.text[max(0, one.start - _AROUND) : one.start])
    after = terms(piece.text[one.end : one.end + _AROUND])
    return frozenset((*before[-NEIGHBOURS:], *after[:NEIGHBOURS]))


def _dates(claim: ParsedPiece, window: Sequence[ParsedPiece], cited: Cited) -> float:
    """The worst date: 1 if it is in the nearest sentences, 0.6 elsewhere in the text, 0.4 only in part, 0 nowhere."""
    return min((_date(one, window, cited) for one in claim.dates), default=1.0)


def _date(claimed: Date, window: Sequence[ParsedPiece], cited: Cited) -> float:
    for pieces, score in ((window, 1.0), (cited.pieces, 0.6)):
        found = [other for piece in pieces for other in piece.dates if claimed.agrees(other)]
        if any(other.day is not None or claimed.day is None for other in found):
            return score
        if found:
            return 0.4
    return 0.0


def _strict(claim: ParsedPiece, best: Sequence[ParsedPiece], cited: Cited) -> float:
    names = [word for word, _ in capitals(claim.text)] if not has_cjk(claim.text) else named_in(claim.text)
    if not best or not (names or claim.quantities):
        return 1.0
    header = cited.header if best[0].is_row else ()
    here = folded(" ".join(piece.text for piece in (*best, *header)))
    found = [1.0 if folded(name) in here else 0.0 for name in names]
    found += [min(1.0, _same(one, best[0], cited)) for one in claim.quantities]
    return sum(found) / len(found)
