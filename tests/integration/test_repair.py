"""Files of Chroma's and Tantivy's are cut off, garbled or lost between two starts; then everything is found again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.chroma_process import ChromaProcess
from app.adapters.vectors.kept import KeptInBlobs
from app.services.upkeep.repair import Repaired, repair
from domain.documents import Chunk, Document
from domain.ports import IndexName, VectorIndex, VectorRow, Vectors, WordsRow
from ingest.stores import Stores
from tests.catalogues import fresh_catalogue

DOCUMENTS, EACH = 5, 210  # 1,050 vectors: Chroma writes files from 1,000 on
ALL = {f"d{document}.{n}" for document in range(DOCUMENTS) for n in range(EACH)}


class House:
    """The catalogue and the kept vectors stay; `path` holds the two indexes."""

    def __init__(self, path: Path) -> None:
        self.path, self.catalogue, self.blobs = path, fresh_catalogue(), MemoryBlobs()
        self.kept = KeptInBlobs(self.blobs)
        collection = self.catalogue.collections.find("default").id
        self.catalogue.collections.stamp(collection, {"text": "mini"})
        self.index = IndexName(collection, "text", "mini")
        self.open()
        for n in range(DOCUMENTS):
            self._take(f"d{n}", n)

    def open(self, chroma: Callable[[Path], VectorIndex] = ChromaVectors) -> None:
        self.vectors, self.words = chroma(self.path / "chroma"), TantivyWords(self.path / "words")

    def close(self) -> None:
        self.vectors.close()
        self.words.close()

    async def repair(self) -> Repaired:
        stores = Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)
        return await repair(stores, lambda space, chunk: space == "text")

    def found(self) -> float:
        """Of every eighth chunk, the share that its own vector and its own word find first."""
        kept = [self.kept.load(f"d{n}", "text", "mini") for n in range(DOCUMENTS)]
        pairs = [pair for ids, vectors in kept for pair in zip(ids, vectors, strict=True)][::8]
        nearest = [first(self.vectors.search(self.index, vector, 1)) == id for id, vector in pairs]
        worded = [first(self.words.search(self.index.collection_id, _word(id), 1)) == id for id, _ in pairs]
        return (nearest.count(True) + worded.count(True)) / (2 * len(pairs))

    def _take(self, id: str, seed: int) -> None:
        collection = self.index.collection_id
        now = datetime.now(UTC)
        self.catalogue.documents.record(Document(id, collection, "default", id, "text/plain", 1, id, "queued", now))
        ids = [f"{id}.{n}" for n in range(EACH)]
        chunks = [Chunk(chunk_id, id, n, "text", _word(chunk_id), _word(chunk_id)) for n, chunk_id in enumerate(ids)]
        self.catalogue.chunks.replace(id, 1, chunks)
        self.catalogue.runs.publish(id, 1, "ready")
        self.kept.keep(id, "text", "mini", 0, ids, _units(seed))
        rows = zip(*self.kept.load(id, "text", "mini"), strict=True)
        self.vectors.add(self.index, [VectorRow(chunk_id, id, "text", vector) for chunk_id, vector in rows])
        self.words.add(collection, [WordsRow(chunk.id, id, "text", chunk.search_text) for chunk in chunks])


def first(hits: tuple[tuple[str, float], ...]) -> str:
    return hits[0][0] if hits else ""


def _word(chunk_id: str) -> str:
    return "turbine " + chunk_id.replace(".", "x")


def _units(seed: int) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(EACH, 24)).astype(np.float32)
    units: Vectors = made / np.linalg.norm(made, axis=1, keepdims=True)
    return units


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("built"))
    house.close()
    return house


@pytest.fixture
def house(built: House, tmp_path: Path) -> Iterator[House]:
    """Closed, and a copy: to be damaged."""
    shutil.copytree(built.path, tmp_path / "copy")
    built.path, original = tmp_path / "copy", built.path
    yield built
    built.close()
    built.path = original


def segment(path: Path) -> Path:
    [folder] = [entry for entry in (path / "chroma").iterdir() if entry.is_dir()]
    return folder


def cut(name: str, share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        file = segment(path) / name
        os.truncate(file, int(file.stat().st_size * share))

    return damage


def lost(name: str) -> Callable[[Path], None]:
    return lambda path: (segment(path) / name).unlink()


CHROMA: dict[str, Callable[[Path], None]] = {
    "the whole folder is lost": lambda path: shutil.rmtree(path / "chroma"),
    "the segment is lost": lambda path: shutil.rmtree(segment(path)),
    "the vectors are cut off": cut("data_level0.bin", 0.5),
    "the vectors are lost": lost("data_level0.bin"),
    "the header is cut off": cut("header.bin", 0.5),  # Chroma by itself dies of a segmentation fault
    "the header is lost": lost("header.bin"),
    "the numbering is cut off": cut("index_metadata.pickle", 0.5),
    "the numbering is lost": lost("index_metadata.pickle"),
}


@pytest.mark.parametrize("damage", CHROMA.values(), ids=CHROMA)
async def test_what_chroma_lost_is_found_again(damage: Callable[[Path], None], house: House) -> None:
    damage(house.path)
    house.open()
    repaired = await house.repair()
    assert (repaired.vectors, repaired.words) == (len(ALL), 0)
    assert house.vectors.ids(house.index) == ALL
    assert house.found() == 1.0
    assert not await house.repair()


async def test_a_graph_over_which_chroma_dies_at_every_start_is_built_again(house: House) -> None:
    """As long as it was, and nonsense: what a kill can leave when a file is written in place. In the process that
    opens it, that ends in a segmentation fault."""
    graph = segment(house.path) / "data_level0.bin"
    quarter = graph.stat().st_size // 4
    graph.write_bytes(graph.read_bytes()[:quarter] + b"\xff" * (3 * quarter))
    house.open(ChromaProcess)
    assert (await house.repair()).vectors == len(ALL)
    assert house.found() == 1.0
    assert not await house.repair()


def every(suffix: str, share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        for file in (path / "words").glob(f"*/*{suffix}"):
            os.truncate(file, int(file.stat().st_size * share))

    return damage


def garbled(path: Path) -> None:
    for file in (path / "words").glob("*/*.idx"):
        half = file.stat().st_size // 2
        file.write_bytes(b"\xa5" * half + file.read_bytes()[half:])


TANTIVY: dict[str, Callable[[Path], None]] = {
    "the whole folder is lost": lambda path: shutil.rmtree(path / "words"),
    "meta.json is empty": every("meta.json", 0),
    "the terms are cut off": every(".term", 0.5),
    "the stored ids are cut off": every(".store", 0.5),
    "the postings are garbled": garbled,  # Tantivy panics
}


@pytest.mark.parametrize("damage", TANTIVY.values(), ids=TANTIVY)
async def test_what_tantivy_lost_is_found_again(damage: Callable[[Path], None], house: House) -> None:
    damage(house.path)
    house.open()
    repaired = await house.repair()
    assert (repaired.words, repaired.vectors) == (len(ALL), 0)
    assert house.words.ids(house.index.collection_id) == ALL
    assert house.found() == 1.0
    assert not await house.repair()


async def test_what_is_whole_is_left_alone(house: House) -> None:
    house.open()
    assert await house.repair() == Repaired()


async def test_chunks_removed_and_vectors_written_later_are_no_damage(house: House) -> None:
    house.open()
    house.catalogue.erasure.delete("d4")
    house.vectors.remove_documents(house.index, ["d4"])
    house.words.remove_documents(house.index.collection_id, ["d4"])
    before = house.vectors.ids(house.index)
    house.close()
    house.open()
    assert await house.repair() == Repaired()
    assert house.vectors.ids(house.index) == before
