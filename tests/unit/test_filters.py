"""Filters: what matches, what could match, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.documents import Document
from domain.errors import BadRequest
from retrievers.filters import matches, narrowed, parse, possible


def document(id: str = "d", pages: int | None = 10, **metadata: Any) -> Document:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Document(id, "c", "c", "n", "application/pdf", 1, "0", "ready", now, pages=pages, metadata=metadata)


@pytest.mark.parametrize(
    ("where", "yes"),
    [
        ({}, True),
        ({"document": ["d", "e"]}, True),
        ({"document": ["e"]}, False),
        ({"document": []}, False),
        ({"page": {"gte": 3}}, True),
        ({"page": {"gt": 3}}, False),
        ({"page": {"in": [1, 3]}}, True),
        ({"page": {"gte": 1, "lt": 3}}, False),
        ({"metadata.year": {"eq": 2024}}, True),
        ({"metadata.year": {"eq": 2024.0}}, True),
        ({"metadata.year": {"eq": "2024"}}, False),
        ({"metadata.year": {"lte": 2023}}, False),
        ({"metadata.year": {"gt": "1"}}, False),
        ({"metadata.部门": {"eq": "财务"}}, True),
        ({"metadata.部门": {"in": ["法务", "财务"]}}, True),
        ({"metadata.tags": {"eq": "b"}}, True),
        ({"metadata.tags": {"ne": "b"}}, False),
        ({"metadata.final": {"eq": True}}, True),
        ({"metadata.final": {"eq": 1}}, False),
        ({"metadata.author.name": {"eq": "Ada"}}, True),
        ({"metadata.a.b": {"eq": 1}}, True),
        ({"metadata.none": {"eq": None}}, True),
        ({"metadata.missing": {"eq": None}}, False),
        ({"metadata.missing": {"ne": 1}}, True),
        ({"not": {"metadata.year": {"eq": 2024}}}, False),
        ({"or": [{"page": {"eq": 9}}, {"metadata.year": {"gte": 2024}}]}, True),
        ({"and": [{"page": {"eq": 3}}, {"metadata.year": {"lt": 2024}}]}, False),
        ({"page": {"eq": 3}, "document": ["e"]}, False),
    ],
)
def test_a_filter_matches_what_it_says(where: dict[str, Any], yes: bool) -> None:
    more: dict[str, Any] = {"author": {"name": "Ada"}, "none": None, "a.b": 1}
    one = replace(document(), metadata={"year": 2024, "部门": "财务", "tags": ["a", "b"], "final": True, **more})
    assert matches(parse(where), one, 3) is yes


def test_a_chunk_without_a_page_matches_no_page_but_its_negation() -> None:
    assert not matches(parse({"page": {"gte": 1}}), document(pages=None), None)
    assert matches(parse({"page": {"ne": 1}}), document(pages=None), None)
    assert matches(parse({"not": {"page": {"gte": 1}}}), document(pages=None), None)


@pytest.mark.parametrize(
    ("where", "yes"),
    [
        ({"page": {"gte": 10}}, True),
        ({"page": {"gte": 11}}, False),
        ({"page": {"lt": 1}}, False),
        ({"page": {"in": [0, 11]}}, False),
        ({"page": {"eq": 5}}, True),
        ({"not": {"page": {"eq": 5}}}, True),
        ({"or": [{"page": {"gte": 11}}, {"document": ["d"]}]}, True),
        ({"and": [{"page": {"gte": 2}}, {"document": ["e"]}]}, False),
        ({"not": {"or": [{"page": {"gte": 2}}, {"document": ["d"]}]}}, False),
    ],
)
def test_a_document_is_ruled_out_only_when_no_page_of_it_can_match(where: dict[str, Any], yes: bool) -> None:
    assert possible(parse(where), document()) is yes


leaves = st.one_of(
    st.tuples(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), st.integers(-1, 7)).map(
        lambda pair: {"page": {pair[0]: pair[1]}}
    ),
    st.lists(st.integers(-1, 7), max_size=3).map(lambda pages: {"page": {"in": pages}}),
    st.lists(st.sampled_from(["d", "e"]), max_size=2).map(lambda ids: {"document": ids}),
    st.integers(0, 2).map(lambda year: {"metadata.year": {"gte": year}}),
)
wheres = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda one: {"not": one}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"and": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"or": some}),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("where", "ids", "values"),
    [
        ({"document": ["d", "e"]}, {"d", "e"}, ()),
        ({"metadata.year": {"eq": 3}}, None, ((3,),)),
        ({"metadata.year": {"in": [3, "4"]}, "page": {"gte": 2}, "document": ["d"]}, {"d"}, ((3, "4"),)),
        ({"and": [{"document": ["d", "e"]}, {"document": ["e", "f"]}]}, {"e"}, ()),
        ({"or": [{"document": ["d"]}, {"document": ["e"]}]}, {"d", "e"}, ()),
        ({"or": [{"metadata.a": {"eq": 1}}, {"metadata.b": {"in": [2, 3]}, "document": ["d"]}]}, None, ((1, 2, 3),)),
        ({"or": [{"metadata.a": {"eq": 1}}, {"document": ["d"]}]}, None, ()),
        ({"metadata.year": {"ne": 3}}, None, ()),
        ({"metadata.year": {"gte": 3}}, None, ()),
        ({"not": {"document": ["d"]}}, None, ()),
        ({"page": {"eq": 3}}, None, ()),
        ({}, None, ()),
    ],
)
def test_what_a_filter_surely_asks_for(where: dict[str, Any], ids: set[str] | None, values: tuple[Any, ...]) -> None:
    found = narrowed(parse(where))
    assert (found.ids, found.values) == (ids, values)


@given(where=wheres, pages=st.one_of(st.none(), st.integers(1, 5)))
def test_what_matches_on_some_page_was_possible(where: dict[str, Any], pages: int | None) -> None:
    try:
        condition = parse(where)
    except BadRequest:  # nested too deeply
        return
    one = document(pages=pages, year=1)
    if any(matches(condition, one, page) for page in (None, *range(1, (pages or 5) + 1))):
        assert possible(condition, one)


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ({"colour": {"eq": 1}}, "colour"),
        ({"metadata.": {"eq": 1}}, "metadata."),
        ({"page": {"near": 3}}, "near"),
        ({"page": {"eq": "3"}}, "'3'"),
        ({"page": {"eq": True}}, "True"),
        ({"page": 3}, "page"),
        ({"page": {}}, "page"),
        ({"page": {"in": 3}}, "page in"),
        ({"document": "d"}, "document"),
        ({"document": [1]}, "document"),
        ({"metadata.a": {"gt": None}}, "metadata.a"),
        ({"metadata.a": {"eq": {"x": 1}}}, "metadata.a"),
        ({"metadata.a": {"eq": "x" * 2000}}, "metadata.a"),
        ({"and": {}}, "and"),
        ({"or": []}, "or"),
        ({"not": [1]}, "[1]"),
        ({1: 2}, "1"),
        ("page", "page"),
        ({"document": ["d"] * 10_001}, "10000"),
        ({"and": [{"page": {"eq": 1}}] * 300}, "200 parts"),
    ],
)
def test_what_is_not_understood_is_named(where: Any, named: str) -> None:
    with pytest.raises(BadRequest, match=named.replace(".", r"\.").replace("[", r"\[")):
        parse(where)


def test_a_filter_nested_a_thousand_deep_is_refused() -> None:
    where: dict[str, Any] = {"page": {"eq": 1}}
    for _ in range(1000):
        where = {"not": where}
    with pytest.raises(BadRequest, match="deeper"):
        parse(where)
