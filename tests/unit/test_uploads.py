"""Multipart bodies are read as they arrive, whatever they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.api import uploads
from app.api.documents import _all_refused
from app.api.uploads import AT_ONCE, Received, fetched, receive
from domain.documents import Fetched
from domain.errors import BadRequest, TooLarge, UnsupportedType
from ingest.file_names import clean_name

TYPE = "multipart/form-data; boundary=xyz"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return f"--xyz\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.fixture
def temporary(tmp_path: Path) -> Callable[[], Path]:
    numbers = iter(range(1000))
    return lambda: tmp_path / f"{next(numbers)}.part"


async def received(body: bytes, temporary: Callable[[], Path], size: int = 7, limit: int = 10_000) -> Received:
    return await receive(TYPE, in_pieces(body + b"--xyz--\r\n", size), temporary, limit)


@pytest.mark.parametrize("size", [1, 5, 64, 100_000])
async def test_a_file_arrives_whole_however_it_was_cut(size: int, temporary: Callable[[], Path]) -> None:
    content = b"\r\n--xy not the boundary\r\n" * 9
    [upload] = (await received(part("file", content, "a.txt"), temporary, size)).uploads
    assert upload.file.read_bytes() == content
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.size == len(content)


async def test_several_files_and_their_metadata(temporary: Callable[[], Path]) -> None:
    body = part("file", b"one", "a.txt") + part("metadata", b'{"year": 2019}') + part("file", b"two", "b.txt")
    got = await received(body, temporary)
    assert [upload.name for upload in got.uploads] == ["a.txt", "b.txt"]
    assert got.metadata == {"year": 2019}


async def test_metadata_may_come_with_a_file_name_as_browsers_send_a_blob(temporary: Callable[[], Path]) -> None:
    got = await received(part("file", b"one", "a.txt") + part("metadata", b'{"year": 2019}', "blob"), temporary)
    assert [upload.name for upload in got.uploads] == ["a.txt"]
    assert got.metadata == {"year": 2019}
    assert got.rejected == []


async def test_a_file_over_the_limit_does_not_cost_what_comes_after_it(temporary: Callable[[], Path]) -> None:
    body = part("file", b"x" * 1001, "big.txt") + part("file", b"ok", "a.txt") + part("metadata", b'{"year": 2025}')
    got = await received(body, temporary, limit=1000)
    assert [upload.name for upload in got.uploads] == ["a.txt"]
    assert [(name, error.status) for name, error in got.rejected] == [("big.txt", 413)]
    assert got.metadata == {"year": 2025}


async def test_reading_stops_at_a_file_that_does_not_end(temporary: Callable[[], Path], tmp_path: Path) -> None:
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        async for piece in in_pieces(part("file", b"ok", "a.txt") + part("file", b"x" * 10_000_000, "b.txt"), 1000):
            read += len(piece)
            yield piece

    got = await receive(TYPE, counted(), temporary, 10_000)
    assert [upload.name for upload in got.uploads] == ["a.txt"]
    assert [(name, error.status) for name, error in got.rejected] == [("b.txt", 413)]
    assert read < 3 * AT_ONCE
    assert len(list(tmp_path.iterdir())) == 1


async def test_little_is_read_past_however_high_the_limit(
    temporary: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_PASSED_OVER", 2_000)
    monkeypatch.setattr(uploads, "AT_ONCE", 500)
    body = part("file", b"x" * 14_000, "big.txt") + part("file", b"ok", "a.txt")
    got = await received(body, temporary)
    assert got.uploads == []
    assert [(name, error.status, "nothing after" in str(error)) for name, error in got.rejected] == [
        ("big.txt", 413, True)
    ]


async def test_a_body_that_ends_early_leaves_nothing(temporary: Callable[[], Path], tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="too early"):
        await receive(TYPE, in_pieces(part("file", b"x" * 500, "a.txt"), 50), temporary, 10_000)
    assert list(tmp_path.iterdir()) == []


async def test_a_client_that_hangs_up_leaves_nothing(temporary: Callable[[], Path], tmp_path: Path) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield part("file", b"x" * 500, "a.txt")[:300]
        raise ConnectionResetError

    with pytest.raises(Exception, match="stored"):
        await receive(TYPE, cut(), temporary, 10_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [b"[1]", b"{", b'{"a": NaN}', b"[" * 30_000])
async def test_metadata_must_be_a_json_object(value: bytes, temporary: Callable[[], Path], tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="metadata"):
        await received(part("file", b"one", "a.txt") + part("metadata", value), temporary, 1000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["x" * 16_384, "\u4e2d" * 5_500])
async def test_metadata_has_a_limit_as_it_is_kept(text: str, temporary: Callable[[], Path]) -> None:
    with pytest.raises(BadRequest, match="16384 bytes"):
        await received(part("file", b"one", "a.txt") + part("metadata", json.dumps({"a": text}).encode()), temporary)


async def test_metadata_within_the_limit_may_be_longer_as_it_is_sent(temporary: Callable[[], Path]) -> None:
    value = {"a": "\u4e2d" * 5_000}
    got = await received(part("file", b"one", "a.txt") + part("metadata", json.dumps(value).encode()), temporary)
    assert got.metadata == value


async def test_fields_are_counted(temporary: Callable[[], Path]) -> None:
    with pytest.raises(BadRequest, match="1000 files and 100 fields"):
        await received(part("other", b"x") * 1_101, temporary, 10_000)


async def test_what_is_not_multipart_is_refused(temporary: Callable[[], Path]) -> None:
    with pytest.raises(UnsupportedType, match="multipart"):
        await receive("application/json", in_pieces(b"{}", 2), temporary, 100)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.pdf", "a.pdf"),
        ("a\nb\r\n.pdf", "a b  .pdf"),
        ("报告.pdf", "报告.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_a_name_is_only_ever_a_name(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("starred", "name"),
    [("UTF-8''%E6%8A%A5%E5%91%8A.pdf", "报告.pdf"), ("iso-8859-1'de'%DCber.txt", "Über.txt"), ("x''..%2Fa", "a")],
)
@pytest.mark.parametrize("plain", ["", '; filename="other.txt"'])
async def test_a_starred_name_wins(plain: str, starred: str, name: str, temporary: Callable[[], Path]) -> None:
    head = f'--xyz\r\nContent-Disposition: form-data; name="file"{plain}; filename*={starred}\r\n\r\n'
    [upload] = (await received(head.encode() + b"one\r\n", temporary)).uploads
    assert upload.name == name


async def test_a_boundary_that_is_too_long_is_not_understood(temporary: Callable[[], Path]) -> None:
    with pytest.raises(BadRequest, match="malformed"):
        await receive(f"multipart/form-data; boundary={'x' * 300}", in_pieces(b"--", 2), temporary, 100)


def test_a_body_that_was_not_read_to_its_end_closes_the_line() -> None:
    assert _all_refused("/v1/x", [("a", TooLarge("a"))]).headers["connection"] == "close"
    assert "connection" not in _all_refused("/v1/x", [("a", BadRequest("a"))]).headers


async def test_an_address_is_taken_as_an_upload_that_knows_where_it_came_from(tmp_path: Path) -> None:
    async def fetch(address: str) -> Fetched:
        return Fetched(tmp_path / "x", "tides.html", 3, "ab", "https://sea.example/tides")

    got = await fetched(b'{"url": "http://sea.example", "metadata": {"year": 2025, "url": "mine"}}', fetch)
    assert [(upload.name, upload.size) for upload in got.uploads] == [("tides.html", 3)]
    assert got.metadata.pop("fetched_at")
    assert got.metadata == {"year": 2025, "url": "http://sea.example", "final_url": "https://sea.example/tides"}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"url": 1}', b'{"url": "http://a.example", "x": 1}', b"[" * 9999]
)
async def test_a_body_that_names_no_address_is_refused(body: bytes) -> None:
    async def fetch(address: str) -> Fetched:
        raise AssertionError

    with pytest.raises(BadRequest, match="Send"):
        await fetched(body, fetch)
