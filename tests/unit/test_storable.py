from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.catalogue.storable import DEEPEST, json_texts, storable, storable_metadata, to_json
from domain.errors import BadRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text())
def test_text_becomes_utf8_without_nul_and_keeps_its_length(text: str) -> None:
    assert b"\0" not in storable(text).encode("utf-8")
    assert len(storable(text)) == len(text)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_json_comes_back_as_it_went(metadata: dict[str, object]) -> None:
    kept = storable_metadata(metadata)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


def test_harmless_metadata_is_copied_not_changed() -> None:
    given = {"报告": {"a": [1, 2.5, None, True, "x"]}}
    kept = storable_metadata(given)
    assert kept == given
    given["报告"]["a"] = []
    assert kept == {"报告": {"a": [1, 2.5, None, True, "x"]}}


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1, 5_000])
def test_metadata_has_a_deepest_level(depth: int) -> None:
    nested: object = 1
    for _ in range(depth - 1):
        nested = [nested]
    if depth <= DEEPEST:
        assert storable_metadata({"x": nested}) == {"x": nested}
    else:
        with pytest.raises(BadRequest):
            storable_metadata({"x": nested})


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_a_number_is_stored_in_one_of_the_ways_in_which_equal_ones_may_be_written(value: float, other: bool) -> None:
    equal = value
    with suppress(OverflowError):
        equal = float(value) if isinstance(value, int) else int(value)
    stored = equal if other and equal == value else value
    assert to_json(storable_metadata({"a": stored})["a"]) in json_texts(value)


@pytest.mark.parametrize("value", [None, True, False, "", 'a"b\\c\n', "中文 %_/", "a\x00b\ud800", 0, -0.0, 10**400])
def test_a_value_is_stored_in_the_letters_that_are_looked_for(value: Any) -> None:
    assert to_json(storable_metadata({"a": value})["a"]) in json_texts(value)


def test_what_no_json_holds_is_written_in_no_way() -> None:
    assert json_texts(math.nan) == json_texts(10**5_000) == set()
