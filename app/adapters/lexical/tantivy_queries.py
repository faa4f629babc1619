"""Questions put to Tantivy: the rarest words, what each counts, and the most that they could score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import tantivy
from tantivy import Occur

from app.adapters.lexical.tantivy_documents import schema
from domain.documents import KINDS, Kind

MOST_TERMS = 64  # of a query, the rarest
MOST_CONSIDERED = 2_000
AROUND = 0.8  # what a word around a chunk counts, beside one in it
HINT = 0.4  # what a hint counts, beside a question's own word
K1 = 1.2  # Tantivy's: a word scores at most its idf times K1 + 1


def rarest(searcher: tantivy.Searcher, terms: Sequence[str]) -> list[str]:
    """A page pasted as a question is searched by its rarest terms: common ones cost most and say least."""
    if len(terms) <= MOST_TERMS:
        return list(terms)
    counted = [(searcher.doc_freq("text", term), term) for term in terms[:MOST_CONSIDERED]]
    return [term for count, term in sorted(counted) if count][:MOST_TERMS]


def most_score(searcher: tantivy.Searcher, terms: Mapping[str, float]) -> float:
    """The most that a chunk could score by these words; 0 where none is known."""
    n = searcher.num_docs
    often = {term: searcher.doc_freq("text", term) for term in terms}
    known = ((weight, often[term]) for term, weight in terms.items() if often[term])
    return sum(weight * math.log(1 + (n - count + 0.5) / (count + 0.5)) for weight, count in known) * (K1 + 1)


def query_of(terms: Mapping[str, float], kinds: frozenset[Kind], documents: frozenset[str] | None) -> tantivy.Query:
    """A chunk must hold one of the words; those around it then count besides."""
    make = tantivy.Query
    must = [make.boolean_query(_words("text", terms, 1.0))]
    should = make.boolean_query(_words("around", terms, AROUND))
    fields = schema()
    if kinds and set(KINDS) - kinds:
        must.append(make.const_score_query(make.term_set_query(fields, "kind", sorted(kinds)), 0.0))
    if documents is not None:
        must.append(make.const_score_query(make.term_set_query(fields, "document", sorted(documents)), 0.0))
    return make.boolean_query([*((Occur.Must, part) for part in must), (Occur.Should, should)])


def _words(field: str, terms: Mapping[str, float], share: float) -> list[tuple[Occur, tantivy.Query]]:
    fields, make = schema(), tantivy.Query
    each = ((term, weight * share) for term, weight in terms.items())
    return [
        (Occur.Should, make.boost_query(make.term_query(fields, field, term, index_option="freq"), weight))
        for term, weight in each
    ]
