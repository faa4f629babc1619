"""Whatever kills the process that holds the vectors, the service lives, says so, and finds everything again."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.adapters.memory.indexes import MemoryVectors
from app.adapters.vectors import chroma_process
from app.adapters.vectors.chroma_process import ChromaProcess
from domain.documents import Kind
from domain.errors import BadConfiguration, Unavailable
from domain.ports import IndexName, Vector, VectorRow
from tests.waiting import HANG_S, for_ever

GOOD, BAD = IndexName("c1", "text", "mini"), IndexName("c1", "image", "clip")
VECTOR: Vector = np.full(4, 0.5, dtype=np.float32)


def dies() -> None:
    """Here and now: a signal to the process may reach another thread, and this one answer before it takes effect."""
    signal.raise_signal(signal.SIGSEGV)
    for_ever()


class Fragile(MemoryVectors):
    """Dies in the ways that the files in its folder name."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        if (folder / "dies opening").exists():
            dies()

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        once, always, hang = (self.folder / name for name in ("dies once", "dies always", "hangs"))
        if once.exists():
            once.unlink()
            dies()
        if always.exists() and index == BAD:
            dies()
        if hang.exists():
            hang.unlink()
            for_ever()
        return (("found", 1.0),)

    def drop_index(self, index: IndexName) -> None:
        if index == BAD:
            (self.folder / "dies always").unlink(missing_ok=True)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., ChromaProcess]]:
    made: list[ChromaProcess] = []

    def make(**more: float) -> ChromaProcess:
        (tmp_path / "index").mkdir(exist_ok=True)
        made.append(ChromaProcess(tmp_path / "index", opens=f"{__name__}:Fragile", **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def says(folder: Path, what: str) -> None:
    (folder / "index").mkdir(exist_ok=True)
    (folder / "index" / what).touch()


def test_a_search_over_which_it_died_is_made_again(
    process: Callable[..., ChromaProcess], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    says(tmp_path, "dies once")
    with caplog.at_level(logging.ERROR):
        assert process().search(GOOD, VECTOR, 1) == (("found", 1.0),)
    assert "died, and is started again (killed by SIGSEGV, during search)" in caplog.text


def test_an_index_that_kills_it_twice_is_dropped_and_the_others_stay(
    process: Callable[..., ChromaProcess], tmp_path: Path
) -> None:
    says(tmp_path, "dies always")
    vectors = process()
    with pytest.raises(Unavailable, match="broke down"):
        vectors.search(BAD, VECTOR, 1)
    assert vectors.search(GOOD, VECTOR, 1) == vectors.search(BAD, VECTOR, 1) == (("found", 1.0),)


def test_many_searches_survive_a_death_together(process: Callable[..., ChromaProcess], tmp_path: Path) -> None:
    vectors, found = process(), []
    vectors.opened()
    threads = [threading.Thread(target=lambda: found.append(vectors.search(GOOD, VECTOR, 1))) for _ in range(40)]
    says(tmp_path, "dies once")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(("found", 1.0),)] * 40


def test_a_search_that_hangs_is_ended_and_made_again(
    process: Callable[..., ChromaProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(chroma_process.LONGER, "open", HANG_S)
    says(tmp_path, "hangs")
    assert process(limit_s=3.0).search(GOOD, VECTOR, 1) == (("found", 1.0),)


def test_a_folder_over_which_it_dies_is_set_aside(process: Callable[..., ChromaProcess], tmp_path: Path) -> None:
    says(tmp_path, "dies opening")
    assert process().search(GOOD, VECTOR, 1) == (("found", 1.0),)
    assert (tmp_path / "index.damaged" / "dies opening").exists()


def test_killed_from_outside_it_is_started_again_and_tells_that_it_was_lost(tmp_path: Path) -> None:
    lost: list[bool] = []
    vectors = ChromaProcess(tmp_path / "chroma", lambda: lost.append(True))
    vectors.add(GOOD, [VectorRow("a", "d", "text", VECTOR)])
    first = vectors.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert vectors.search(GOOD, VECTOR, 1)[0][0] == "a"
    assert vectors.pid != first
    assert lost == [True]
    vectors.close()
    assert not psutil.pid_exists(vectors.pid or first)


def test_what_is_no_database_is_set_aside_and_made_again(tmp_path: Path) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"this is no database" * 100)
    vectors = ChromaProcess(tmp_path / "chroma")
    assert vectors.indexes() == ()
    assert (tmp_path / "chroma.damaged" / "chroma.sqlite3").exists()
    vectors.close()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    vectors = ChromaProcess(tmp_path / "file" / "chroma")
    with pytest.raises(BadConfiguration, match="can't be opened"):
        vectors.opened()
    vectors.close()
