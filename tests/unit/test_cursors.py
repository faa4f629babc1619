from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.catalogue.cursors import decode_cursor, encode_cursor, page_of
from domain.errors import BadRequest


@given(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_comes_back_as_it_went(at: datetime, id: str) -> None:
    assert decode_cursor(encode_cursor((at, id))) == (at, id)


@given(st.text())
def test_any_other_text_is_a_bad_request_and_nothing_worse(text: str) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(text)


@given(st.binary())
def test_a_cut_or_changed_cursor_is_understood_or_a_bad_request(noise: bytes) -> None:
    cursor = bytearray(encode_cursor((datetime(2026, 1, 1, tzinfo=UTC), "d1")).encode())
    cursor[: len(noise)] = noise
    try:
        at, id = decode_cursor(cursor.decode("latin-1"))
    except BadRequest:
        return
    assert at.tzinfo is UTC
    assert isinstance(id, str)


@pytest.mark.parametrize(("fetched", "items", "more"), [(0, 0, False), (2, 2, False), (3, 2, True)])
def test_the_extra_row_tells_that_there_is_more(fetched: int, items: int, more: bool) -> None:
    page = page_of(range(fetched), 2, lambda n: (datetime(2026, 1, 1, tzinfo=UTC), str(n)))
    assert page.items == tuple(range(items))
    assert (page.next_cursor is not None) == more
