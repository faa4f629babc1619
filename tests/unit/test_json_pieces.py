"""A JSON body is bounded while it arrives, wherever it is cut into pieces; its images are taken out of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.images import from_data_url
from app.api.json_pieces import INLINE, MOST_VALUES, JsonPieces
from domain.errors import BadRequest, TooLarge
from tests.growth import assert_linear

IMAGE = bytes(range(256)) * 40
URL = "data:image/png;base64," + base64.b64encode(IMAGE).decode()
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(body: bytes, size: int = 1000, with_images: bool = True) -> JsonPieces:
    pieces = JsonPieces(2**20, 100_000, with_images=with_images)
    for start in range(0, len(body), size):
        pieces.feed(body[start : start + size])
    return pieces


@given(VALUES, st.integers(1, 12), st.booleans())
def test_a_body_without_images_stays_as_it_is(value: Any, size: int, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert read(body, size).finish() == body


@pytest.mark.parametrize("size", [1, 7, 97, 1000, 100_000])
@pytest.mark.parametrize("change", [None, ("/", r"\/"), ("+", r"\u002B"), ("A", r"A\r\n")])
def test_long_images_are_taken_out_however_they_are_written(size: int, change: tuple[str, str] | None) -> None:
    url = URL if change is None else URL.replace(*change)
    pieces = read(f'{{"text": "a \\" b", "images": ["{url}", "{url}"], "more": 1}}'.encode(), size)
    body = json.loads(pieces.finish())
    assert (body["text"], body["more"], len(str(body)) < 200) == ('a " b', 1, True)
    assert [from_data_url(one, pieces.images) for one in body["images"]] == [IMAGE, IMAGE]


def test_short_images_and_what_only_looks_like_one_stay() -> None:
    for text in (URL[: INLINE // 2], "data:image/png, " + "x" * 9000, "see " + URL):
        pieces = read(json.dumps(text).encode())
        assert json.loads(pieces.finish()) == text
        assert not pieces.images


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 33,
        b"[" + b"1," * MOST_VALUES,
        b'{"a":' + b"9" * 500,
        b"[1]]",
        ("[" + f'"{URL}",' * 33).encode(),
        b'"data:image/png;base64,' + b"AAAA=A" * 1000 + b'"',
        b'"data:image/png;base64,' + b"AA==" * 2000 + b'"',
        b'"data:image/png;base64,' + b"AAAA" * 2000 + b'A"',
        json.dumps("nul", ensure_ascii=True).encode("utf-16"),
    ],
    ids=["deep", "many", "digits", "closed", "images", "padding", "padded", "letters", "utf-16"],
)
def test_what_no_client_needs_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read(body).finish()


def test_text_and_bytes_have_limits_of_their_own() -> None:
    for body, with_images in ((b'"' + b"a" * 100_000, True), (b'"' + URL.encode() * 10, False), (b" " * 2**21, True)):
        with pytest.raises(TooLarge):
            read(body, with_images=with_images)


@pytest.mark.parametrize("part", [b'\\"', b'"",', b" ", b"1", b"\\", b"data:image/", b'"data:image/png;base64,\\u'])
def test_reading_is_linear(part: bytes) -> None:
    def feed(body: bytes) -> None:
        pieces = JsonPieces(10**9, 10**9)
        try:
            for start in range(0, len(body), 8192):
                pieces.feed(body[start : start + 8192])
        except BadRequest:
            return

    assert_linear(feed, b'"' + part * 200_000)
