"""Originals in part: what of a file a `Range` gives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from starlette.testclient import TestClient

from app.api.files import MOST_RANGES, ranges_of, sent
from domain.documents import Document

DATA = bytes(range(100))
DOCUMENT = Document(
    id="d", collection_id="c", collection="default", name="报告.pdf", media_type="application/pdf", size=len(DATA),
    sha256="ab" * 32, status="ready", created_at=datetime.now(UTC), metadata={},
)  # fmt: skip
ETAG = f'"{DOCUMENT.sha256}"'


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    app = FastAPI()
    (tmp_path / "file").write_bytes(DATA)

    @app.get("/file")
    @app.head("/file")
    async def file(request: Request) -> Response:
        return sent(DOCUMENT, tmp_path / "file", request)

    return TestClient(app)


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-5", [(95, 100)]),
        ("bytes=-500", [(0, 100)]),
        ("bytes=5-500", [(5, 100)]),
        ("bytes=0-0, 2-3 ,-1", [(0, 1), (2, 4), (99, 100)]),
        ("bytes=100-", [(100, 100)]),
        ("bytes=-0", [(100, 100)]),
        ("bytes=" + "9" * 5000 + "-", []),
        ("bytes=" + "9" * 50 + "-", [(100, 100)]),
        ("bytes=9-3", []),
        ("bytes=-", []),
        ("bytes=a-b", []),
        ("bytes 0-9", []),
        ("pages=0-9", []),
        ("", []),
        ("bytes=" + ",".join(["0-0"] * (MOST_RANGES + 1)), []),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_range_is_read_as_rfc_9110_says(header: str, ranges: list[tuple[int, int]]) -> None:
    assert ranges_of(header, 100) == ranges


def test_one_range_is_sent_with_its_place(client: TestClient) -> None:
    answer = client.get("/file", headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, DATA[10:20])
    assert (answer.headers["content-range"], answer.headers["etag"]) == ("bytes 10-19/100", ETAG)


def test_several_ranges_are_sent_in_parts_of_those_that_the_file_has(client: TestClient) -> None:
    answer = client.get("/file", headers={"range": "bytes=0-1,50-51,200-"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.content.count(b"Content-Range: bytes") == 2
    assert DATA[50:52] in answer.content


def test_bytes_that_the_file_does_not_have_are_refused_with_its_length(client: TestClient) -> None:
    answer = client.get("/file", headers={"range": "bytes=100-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */100")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"range": "nonsense"},
        {"range": "bytes=5-2"},
        {"range": "bytes=0-9", "if-range": '"another"'},
        {"range": "bytes=100-", "if-range": '"another"'},
        {"range": "bytes=0-9", "if-range": "Wed, 21 Oct 2015 07:28:00 GMT"},
    ],
)
def test_else_the_whole_file_is_sent(headers: dict[str, str], client: TestClient) -> None:
    answer = client.get("/file", headers=headers)
    assert (answer.status_code, answer.content, answer.headers["accept-ranges"]) == (200, DATA, "bytes")


def test_a_download_goes_on_where_it_stopped_if_the_file_is_the_same(client: TestClient) -> None:
    answer = client.get("/file", headers={"range": "bytes=90-", "if-range": ETAG})
    assert (answer.status_code, answer.content) == (206, DATA[90:])


def test_a_file_that_the_client_has_is_not_sent_again(client: TestClient) -> None:
    for tags in (ETAG, f'"x", W/{ETAG}', "*"):
        answer = client.get("/file", headers={"if-none-match": tags})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", ETAG)


def test_head_tells_of_the_whole_file(client: TestClient) -> None:
    answer = client.head("/file", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "100")
