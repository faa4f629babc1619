"""What every vector index does; then what Chroma must do besides."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.adapters.vectors.chroma import ChromaVectors
from domain.documents import Kind
from domain.errors import BadConfiguration, Unavailable
from domain.ports import IndexName, VectorIndex, VectorRow, Vectors
from tests.contract.stores import VECTORS, applying, opened_vectors

INDEX = IndexName("c1", "text", "sentence-transformers/all-MiniLM-L6-v2")
WIDTH = 16


def unit(n: int, seed: int = 0, width: int = WIDTH) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def rows(vectors: Vectors, document: str = "d1", kind: Kind = "text") -> list[VectorRow]:
    return [VectorRow(f"{document}.{i}", document, kind, vector) for i, vector in enumerate(vectors)]


STORES = applying(VECTORS)


@pytest.fixture(params=STORES)
def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    index = opened_vectors(STORES[request.param], tmp_path)
    yield index
    index.close()


def test_the_nearest_come_first_with_their_cosine(vectors: VectorIndex) -> None:
    made = unit(30)
    vectors.add(INDEX, rows(made))
    found = vectors.search(INDEX, made[7], 3)
    best = np.argsort(-(made @ made[7]))[:3]
    assert [chunk_id for chunk_id, _ in found] == [f"d1.{i}" for i in best]
    assert [score for _, score in found] == pytest.approx((made @ made[7])[best], abs=1e-5)


def test_an_index_that_nothing_was_added_to_is_empty(vectors: VectorIndex) -> None:
    assert vectors.search(INDEX, unit(1)[0], 5) == ()
    assert vectors.ids(INDEX) == frozenset()
    assert vectors.indexes() == ()
    vectors.remove(INDEX, ["d1.0"])
    vectors.remove_documents(INDEX, ["d1"])
    vectors.drop("c1")


def test_more_than_there_is_gives_all_there_is(vectors: VectorIndex) -> None:
    vectors.add(INDEX, rows(unit(120)))
    assert len(vectors.search(INDEX, unit(1, seed=1)[0], 1000)) == 120
    assert vectors.search(INDEX, unit(1)[0], 0) == ()


def test_a_chunk_added_again_has_its_new_vector_and_is_not_doubled(vectors: VectorIndex) -> None:
    old, new = unit(3), unit(3, seed=1)
    vectors.add(INDEX, rows(old))
    vectors.add(INDEX, rows(new))
    assert vectors.ids(INDEX) == {"d1.0", "d1.1", "d1.2"}
    [(chunk_id, score)] = vectors.search(INDEX, new[1], 1)
    assert (chunk_id, round(score, 5)) == ("d1.1", 1.0)
    assert len(vectors.search(INDEX, new[1], 9)) == 3


def test_one_call_may_hold_a_chunk_twice(vectors: VectorIndex) -> None:
    old, new = rows(unit(1)), rows(unit(1, seed=1))
    vectors.add(INDEX, [*old, *new])
    [(chunk_id, score)] = vectors.search(INDEX, new[0].vector, 5)
    assert (chunk_id, round(score, 5)) == ("d1.0", 1.0)


def test_only_the_wanted_kinds_are_found_however_rare(vectors: VectorIndex) -> None:
    made = unit(60)
    vectors.add(INDEX, rows(made[:57]))
    vectors.add(INDEX, rows(made[57:], "d2", "figure"))
    found = vectors.search(INDEX, made[0], 2, frozenset({"figure", "image"}))
    assert len(found) == 2
    assert {chunk_id for chunk_id, _ in found} <= {"d2.0", "d2.1", "d2.2"}
    assert len(vectors.search(INDEX, made[0], 10, frozenset({"figure"}))) == 3
    assert vectors.search(INDEX, made[0], 10, frozenset({"table"})) == ()


def test_removed_chunks_and_documents_are_gone(vectors: VectorIndex) -> None:
    vectors.add(INDEX, rows(unit(70)))
    vectors.add(INDEX, rows(unit(5, seed=1), "d2"))
    vectors.remove(INDEX, ["d2.0", "d2.4", "never.there"])
    vectors.remove_documents(INDEX, ["d1"])
    assert vectors.ids(INDEX) == {"d2.1", "d2.2", "d2.3"}
    assert len(vectors.search(INDEX, unit(1)[0], 100)) == 3


def test_indexes_are_apart_by_collection_space_and_encoder(vectors: VectorIndex) -> None:
    names = [
        INDEX,
        IndexName("c2", "text", INDEX.encoder),
        IndexName("c1", "image", INDEX.encoder),
        IndexName("c1", "text", "sentence-transformers_all-MiniLM-L6-v2"),
        IndexName("c1", "text", "模型/" + "long" * 100),
        IndexName("-", "text", ""),
    ]
    for n, name in enumerate(names):
        vectors.add(name, rows(unit(1, seed=n), f"d{n}"))
    assert set(vectors.indexes()) == set(names)
    assert [vectors.ids(name) for name in names] == [{f"d{n}.0"} for n in range(len(names))]


def test_dropping_a_collection_takes_all_its_indexes_and_no_other(vectors: VectorIndex) -> None:
    other = IndexName("c11", "text", INDEX.encoder)
    for name in (INDEX, IndexName("c1", "image", "clip"), other):
        vectors.add(name, rows(unit(2)))
    vectors.drop("c1")
    assert vectors.indexes() == (other,)
    assert vectors.search(INDEX, unit(1)[0], 5) == ()
    vectors.add(INDEX, rows(unit(1), "again"))
    assert vectors.ids(INDEX) == {"again.0"}


def test_one_index_is_dropped_alone_and_made_again_by_the_next_addition(vectors: VectorIndex) -> None:
    other = IndexName("c1", "image", "clip")
    for name in (INDEX, other):
        vectors.add(name, rows(unit(2)))
    vectors.drop_index(INDEX)
    vectors.drop_index(IndexName("never", "text", "there"))
    assert vectors.indexes() == (other,)
    assert vectors.search(INDEX, unit(1)[0], 5) == ()
    vectors.add(INDEX, rows(unit(1), "again"))
    assert vectors.ids(INDEX) == {"again.0"}


def test_threads_may_write_and_read_at_once(vectors: VectorIndex) -> None:
    def work(n: int) -> None:
        vectors.add(INDEX, rows(unit(60, seed=n), f"d{n}"))
        assert vectors.search(INDEX, unit(1)[0], 5)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors.ids(INDEX)) == 240


# ---------------------------------------------------------------- Chroma's own


def test_chroma_keeps_what_was_added_after_it_is_opened_again(tmp_path: Path) -> None:
    first = ChromaVectors(tmp_path)
    first.add(INDEX, rows(unit(80)))
    first.close()
    again = ChromaVectors(tmp_path)
    assert again.indexes() == (INDEX,)
    assert again.search(INDEX, unit(80)[3], 1)[0][0] == "d1.3"
    again.close()


@pytest.mark.parametrize("k", [10, 50, 200, 600])
def test_chroma_finds_nearly_all_true_neighbours(big: tuple[ChromaVectors, Vectors], k: int) -> None:
    index, made = big
    asked = unit(10, seed=9, width=384)
    shares = []
    for vector in asked:
        truth = {f"d1.{i}" for i in np.argsort(-(made @ vector))[:k]}
        shares.append(len(truth & {chunk_id for chunk_id, _ in index.search(INDEX, vector, k)}) / k)
    assert np.mean(shares) >= 0.97  # random vectors are the hardest; .997 was measured


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ChromaVectors, Vectors]]:
    index, made = ChromaVectors(tmp_path_factory.mktemp("big")), unit(3000, width=384)
    index.add(INDEX, rows(made))
    yield index, made
    index.close()


def test_the_folder_of_a_dropped_collection_is_removed_at_the_next_opening(tmp_path: Path) -> None:
    index = ChromaVectors(tmp_path)
    index.add(INDEX, rows(unit(1100)))  # past the number from which Chroma writes a folder
    folders = {entry for entry in tmp_path.iterdir() if entry.is_dir()}
    index.drop("c1")
    index.close()
    ChromaVectors(tmp_path).close()
    assert folders
    assert not any(folder.exists() for folder in folders)


def test_chroma_killed_in_the_middle_of_a_write_opens_again_without_that_write(tmp_path: Path) -> None:
    made = unit(3)
    with closing(ChromaVectors(tmp_path / "vectors")) as index:
        index.add(INDEX, rows(made))
    with closing(sqlite3.connect(tmp_path / "vectors" / "chroma.sqlite3")) as writing:
        writing.execute("PRAGMA cache_size = 1")  # pages reach the file before the commit
        writing.execute("DELETE FROM embeddings_queue")
        writing.execute("CREATE TABLE half AS SELECT randomblob(100000)")
        shutil.copytree(tmp_path / "vectors", tmp_path / "killed")  # what a kill leaves at this moment
    assert (tmp_path / "killed" / "chroma.sqlite3-journal").stat().st_size > 0
    with closing(ChromaVectors(tmp_path / "killed")) as index:
        assert index.ids(INDEX) == {f"d1.{i}" for i in range(3)}
        assert index.search(INDEX, made[1], 1)[0][0] == "d1.1"


def test_a_folder_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(BadConfiguration, match="can't be opened"):
        ChromaVectors(tmp_path)


def test_a_server_that_is_not_there_is_unavailable_when_it_is_asked() -> None:
    index = ChromaVectors(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"^The vector index can't be reached now\.$"):  # its address is not told
        index.search(INDEX, unit(1)[0], 5)


def test_a_vector_that_is_not_numbers_never_enters_the_index(tmp_path: Path) -> None:
    index = ChromaVectors(tmp_path)
    with pytest.raises(ValueError, match="not numbers"):
        index.add(INDEX, rows(np.full((1, WIDTH), np.nan, dtype=np.float32)))
    assert index.ids(INDEX) == frozenset()
    index.close()


def test_what_is_stored_is_given_back_and_what_is_not_is_left_out(vectors: VectorIndex) -> None:
    made = unit(40)
    vectors.add(INDEX, rows(made))
    ids, stored = vectors.stored(INDEX, ["d1.3", "nothing", "d1.39"])
    assert {id: stored[at] @ made[int(id[3:])] for at, id in enumerate(ids)} == pytest.approx({"d1.3": 1, "d1.39": 1})
    assert vectors.stored(IndexName("none", "text", "m"), ["d1.3"])[0] == []


def test_a_compacted_index_holds_what_it_held(vectors: VectorIndex) -> None:
    made = unit(60)
    vectors.add(INDEX, [*rows(made[:30]), *rows(made[30:], "d2", "figure")])
    vectors.remove_documents(INDEX, ["d1"])
    assert vectors.compact()
    assert vectors.ids(INDEX) == {f"d2.{i}" for i in range(30)}
    assert vectors.search(INDEX, made[33], 1, frozenset({"figure"}))[0][0] == "d2.3"
    vectors.add(INDEX, rows(made[:1]))
    vectors.remove_documents(INDEX, ["d2"])
    assert vectors.ids(INDEX) == {"d1.0"}


def test_a_compacted_folder_is_small_again_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "chroma"
    index = ChromaVectors(path)
    made = unit(1500, width=64)
    index.add(INDEX, rows(made))
    index.remove(INDEX, [f"d1.{i}" for i in range(10, 1500)])
    before = sum(file.stat().st_size for file in path.rglob("*"))
    index.compact()
    after = sum(file.stat().st_size for file in path.rglob("*"))
    assert after < before / 2
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["chroma"]
    index.close()
    again = ChromaVectors(path)
    assert again.search(INDEX, made[4], 1)[0][0] == "d1.4"
    again.close()


def test_searches_go_on_while_an_index_is_compacted_and_additions_wait(tmp_path: Path) -> None:
    index = ChromaVectors(tmp_path / "chroma")
    made = unit(300)
    index.add(INDEX, rows(made))
    compacting = threading.Thread(target=index.compact)
    adding = threading.Thread(target=index.add, args=(INDEX, rows(unit(1, seed=9), "late")))
    compacting.start()
    adding.start()
    found = 0
    while compacting.is_alive() or found < 3:
        found += index.search(INDEX, made[5], 1)[0][0] == "d1.5"
    compacting.join()
    adding.join()
    assert index.ids(INDEX) == {*(f"d1.{i}" for i in range(300)), "late.0"}
    index.close()


@pytest.mark.parametrize("moment", ["built", "between", "after"])
def test_a_kill_while_compacting_loses_nothing(moment: str, tmp_path: Path) -> None:
    path, made = tmp_path / "chroma", unit(20)
    for folder in (path, tmp_path / "chroma.building"):
        index = ChromaVectors(folder)
        index.add(INDEX, rows(made))
        index.close()
    if moment != "built":
        path.rename(tmp_path / "chroma.former")
    if moment == "after":
        (tmp_path / "chroma.building").rename(path)
    index = ChromaVectors(path)
    assert index.search(INDEX, made[4], 1)[0][0] == "d1.4"
    index.close()
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["chroma"]


def test_a_lost_segment_is_seen_in_what_is_stored(tmp_path: Path) -> None:
    path, made = tmp_path / "chroma", unit(1100, width=8)
    index = ChromaVectors(path)
    index.add(INDEX, rows(made))
    index.close()
    for folder in (folder for folder in path.iterdir() if folder.is_dir()):
        shutil.rmtree(folder)
    index = ChromaVectors(path)
    assert len(index.ids(INDEX)) == 1100
    assert len(index.stored(INDEX, [f"d1.{i}" for i in range(1100)])[0]) < 1000
    index.close()
