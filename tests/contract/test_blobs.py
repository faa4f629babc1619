"""What every store of blobs keeps to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.adapters.blobs import LocalBlobs
from app.adapters.memory.blobs import MemoryBlobs
from domain.errors import BadRequest, Conflict, Missing
from domain.ports import Blobs


@pytest.fixture(params=["memory", "local"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else LocalBlobs(tmp_path / "blobs")


def test_what_is_put_can_be_read(blobs: Blobs) -> None:
    blobs.put("documents/d1/crops/ab.png", b"pixels")
    assert blobs.read("documents/d1/crops/ab.png") == b"pixels"
    assert blobs.path("documents/d1/crops/ab.png").read_bytes() == b"pixels"
    assert blobs.exists("documents/d1/crops/ab.png")


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    blobs.put("empty", b"")
    assert blobs.exists("empty")
    assert blobs.read("empty") == b""


def test_putting_again_replaces(blobs: Blobs) -> None:
    blobs.put("a", b"old and long")
    blobs.put("a", b"new")
    assert blobs.read("a") == b"new"


def test_what_is_not_there_is_missing(blobs: Blobs) -> None:
    assert not blobs.exists("originals/ab")
    with pytest.raises(Missing):
        blobs.read("originals/ab")
    with pytest.raises(Missing):
        blobs.path("originals/ab")


def test_a_folder_of_blobs_is_not_a_blob(blobs: Blobs) -> None:
    blobs.put("documents/d1/a", b"1")
    assert not blobs.exists("documents/d1")
    with pytest.raises(Missing):
        blobs.read("documents/d1")


def test_a_blob_has_nothing_under_it(blobs: Blobs) -> None:
    blobs.put("a", b"1")
    assert not blobs.exists("a/b")
    with pytest.raises(Missing):
        blobs.read("a/b")
    with pytest.raises(Conflict):
        blobs.put("a/b", b"2")
    blobs.delete("a/b")
    assert blobs.read("a") == b"1"


def test_a_blob_does_not_replace_a_folder(blobs: Blobs) -> None:
    blobs.put("a/b", b"1")
    with pytest.raises(Conflict):
        blobs.put("a", b"2")
    assert blobs.keys("") == ("a/b",)


HOSTILE = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../escape",
    "a/../../escape",
    "a/./b",
    "a//b",
    "a/",
    ".tmp/x",
    "a/.hidden",
    "a\\b",
    "a b",
    "a\nb",
    "a\n",
    "a\0b",
    "文件",
    "ａ",
    "C:x",
    "x" * 256,
    "/".join(["x" * 100] * 11),
    "\ud800",
]


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_a_key_that_is_none_is_refused_by_every_verb(blobs: Blobs, key: str) -> None:
    for verb in (blobs.read, blobs.exists, blobs.path, blobs.delete):
        with pytest.raises(BadRequest):
            verb(key)
    with pytest.raises(BadRequest):
        blobs.put(key, b"")
    with pytest.raises(BadRequest):
        blobs.adopt(blobs.temporary(), key)
    assert blobs.keys("") == ()


def test_a_temporary_file_becomes_a_blob(blobs: Blobs) -> None:
    draft = blobs.temporary()
    draft.write_bytes(b"streamed")
    assert blobs.keys("") == ()
    blobs.adopt(draft, "originals/ab")
    assert blobs.read("originals/ab") == b"streamed"
    assert not draft.exists()


def test_temporary_paths_are_fresh(blobs: Blobs) -> None:
    paths = {blobs.temporary() for _ in range(10)}
    assert len(paths) == 10
    assert not any(path.exists() for path in paths)


def test_adopting_to_a_key_that_is_there_keeps_its_bytes(blobs: Blobs) -> None:
    blobs.put("originals/ab", b"first")
    draft = blobs.temporary()
    draft.write_bytes(b"second")
    blobs.adopt(draft, "originals/ab")
    assert blobs.read("originals/ab") == b"first"
    assert not draft.exists()


def test_adopting_nothing_is_missing(blobs: Blobs) -> None:
    with pytest.raises(Missing):
        blobs.adopt(blobs.temporary(), "originals/ab")


def test_keys_are_listed_by_folder_in_order(blobs: Blobs) -> None:
    for key in ("d/10/b", "d/1/b", "d/1/a", "d/1/deep/er/c", "o"):
        blobs.put(key, b"")
    assert blobs.keys("d/1") == blobs.keys("d/1/") == ("d/1/a", "d/1/b", "d/1/deep/er/c")
    assert blobs.keys("o") == ("o",)
    assert blobs.keys("d/1/a") == ("d/1/a",)
    assert blobs.keys("nothing") == ()
    assert len(blobs.keys("")) == 5


def test_deleting_takes_the_key_and_all_under_it_and_nothing_else(blobs: Blobs) -> None:
    for key in ("d/1/a", "d/1/deep/b", "d/10/a", "d/1x"):
        blobs.put(key, b"")
    blobs.delete("d/1")
    assert blobs.keys("") == ("d/10/a", "d/1x")
    blobs.delete("d/1x")
    blobs.delete("d/1x")
    assert blobs.keys("") == ("d/10/a",)


def test_a_deleted_key_can_be_put_again(blobs: Blobs) -> None:
    blobs.put("d/1/a", b"old")
    blobs.delete("d/1")
    blobs.put("d/1/a", b"new")
    assert blobs.read("d/1/a") == b"new"


def test_a_reader_sees_all_or_nothing(blobs: Blobs) -> None:
    wholes = [bytes([n]) * 200_000 for n in range(8)]
    blobs.put("a", wholes[0])
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(blobs.put, "a", whole) for whole in wholes * 4]
        reads = [pool.submit(blobs.read, "a") for _ in range(64)]
    assert all(write.exception() is None for write in writes)
    assert all(read.result() in wholes for read in reads)


def test_putting_beside_a_delete_of_the_folder_fails_nobody(blobs: Blobs) -> None:
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(blobs.put, f"d/1/{n}", b"x") for n in range(60)]
        work += [pool.submit(blobs.delete, "d/1") for _ in range(20)]
        work += [pool.submit(blobs.put, f"d/1/later{n}", b"x") for n in range(60)]
    assert [task.exception() for task in work if task.exception()] == []
