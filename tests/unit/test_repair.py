"""What an index lost comes back, and nothing else does, over in-memory twins."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.chunks import SqlChunks
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.encoders import MemoryTextEncoder
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.vectors.kept import KeptInBlobs
from app.services.upkeep.repair import SAMPLE, Repaired, repair, repair_at_start, state_of
from domain.documents import Chunk, Document, Kind, Status
from domain.errors import Missing, Unavailable
from domain.evidence import Space
from domain.ports import IndexName, Vector, VectorRow, Vectors, WordsRow
from ingest.stores import Stores
from tests.catalogues import fresh_catalogue

ENCODER = MemoryTextEncoder.name


class Damaged(MemoryVectors):
    """Names all, and gives nothing; or can't even be asked, until it is dropped."""

    def __init__(self, unusable: bool) -> None:
        super().__init__()
        self.unusable, self.damaged = unusable, True

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        if self.damaged and self.unusable:
            raise Unavailable("Failed to apply logs to the hnsw segment writer")
        return () if self.damaged else super().search(index, vector, k, kinds)

    def drop_index(self, index: IndexName) -> None:
        self.damaged = False
        super().drop_index(index)


class BlindToPictures(Damaged):
    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        search = super().search if index.space == "image" else partial(MemoryVectors.search, self)
        return search(index, vector, k, kinds)


class Unreachable(Damaged):
    def __init__(self) -> None:
        super().__init__(unusable=True)

    def indexes(self) -> tuple[IndexName, ...]:
        raise Unavailable("Chroma can't be reached at chroma:8000.")


def wants(space: Space, chunk: Chunk) -> bool:
    return space == "text" or chunk.image is not None


class House:
    def __init__(self, vectors: MemoryVectors | None = None, catalogue: SqlCatalogue | None = None) -> None:
        self.catalogue, self.words = catalogue or fresh_catalogue(), MemoryWords()
        self.vectors = vectors or MemoryVectors()
        self.blobs = MemoryBlobs()
        self.kept = KeptInBlobs(self.blobs)
        collection = self.catalogue.collections.find("default")
        self.collection = self.catalogue.collections.stamp(collection.id, {"text": ENCODER, "image": "clip"}).id
        self.text, self.image = (
            IndexName(self.collection, "text", ENCODER),
            IndexName(self.collection, "image", "clip"),
        )

    def take(self, id: str, chunks: int, status: Status = "ready", pictures: bool = True) -> list[str]:
        """A document in the catalogue, kept and indexed; every tenth chunk has a picture."""
        now = datetime.now(UTC)
        self.catalogue.documents.record(
            Document(id, self.collection, "default", id, "text/plain", 1, id, "queued", now)
        )
        ids = [f"{id}.{n}" for n in range(chunks)]
        texts = [f"turbine {n} of document {id}" for n in range(chunks)]
        made = [
            Chunk(ids[n], id, n, "text", texts[n], texts[n], image=f"crop{n}" if pictures and n % 10 == 0 else None)
            for n in range(chunks)
        ]
        self.catalogue.chunks.replace(id, 1, made)
        if status in ("ready", "partial"):
            self.catalogue.runs.publish(id, 1, status)
        else:
            self.catalogue.runs.update(id, 1, status=status, stage="index")
        self.kept.keep(id, "text", ENCODER, 0, ids, _units(chunks, id))
        if pictures:
            self.kept.keep(id, "image", "clip", 0, ids[::10], _units(chunks, id)[::10])
        self.index(made)
        return ids

    def index(self, chunks: Sequence[Chunk]) -> None:
        self.words.add(self.collection, [WordsRow(c.id, c.document_id, c.kind, c.search_text) for c in chunks])
        for index in (self.text, self.image):
            for document_id in {chunk.document_id for chunk in chunks}:
                ids, vectors = self.kept.load(document_id, index.space, index.encoder)
                rows = [VectorRow(id, document_id, "text", vector) for id, vector in zip(ids, vectors, strict=True)]
                self.vectors.add(index, rows)

    @property
    def stores(self) -> Stores:
        return Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)

    async def repair(self) -> Repaired:
        return await repair(self.stores, wants)


def _units(n: int, seed: str) -> Vectors:
    made = np.random.default_rng(list(seed.encode())).normal(size=(n, 24)).astype(np.float32)
    units: Vectors = made / np.linalg.norm(made, axis=1, keepdims=True)
    return units


@pytest.fixture
def house() -> House:
    return House()


def test_a_sample_tells_whole_from_gaps_from_damage() -> None:
    sampled = {f"c{n}" for n in range(100)}
    assert state_of(sampled, sampled | {"more"}, sampled) == "whole"
    assert state_of(sampled, sampled - {"c1"}, sampled - {"c1"}) == "gaps"
    assert state_of(sampled, sampled, sampled - {"c1"}) == "gaps"
    assert state_of(sampled, sampled, frozenset({"c1"})) == "damaged"
    assert state_of(sampled, frozenset(), frozenset()) == "gaps"
    assert state_of(frozenset(), frozenset(), frozenset()) == "whole"


async def test_lost_vectors_and_words_come_back(house: House) -> None:
    ids = house.take("a", 400)
    house.take("b", 3)
    house.vectors.remove_documents(house.text, ["a"])
    house.words.drop(house.collection)
    assert await house.repair() == Repaired(vectors=400, words=403)
    assert house.vectors.ids(house.text) == house.words.ids(house.collection) == {*ids, "b.0", "b.1", "b.2"}
    assert house.words.search(house.collection, "turbine 7", 1)
    assert not await house.repair()


async def test_a_lost_picture_comes_back_though_few_chunks_have_one(house: House) -> None:
    house.take("a", 11)
    house.vectors.remove(house.image, ["a.10"])
    assert await house.repair() == Repaired(vectors=1)
    assert house.vectors.ids(house.image) == {"a.0", "a.10"}


@pytest.mark.parametrize("unusable", [False, True])
async def test_an_index_that_names_all_and_finds_nothing_is_made_again(unusable: bool) -> None:
    house = House(Damaged(unusable))
    ids = house.take("a", 60)
    assert await house.repair() == Repaired(vectors=66, rebuilt=2)
    [vector] = house.kept.load("a", "text", ENCODER)[1][7:8]
    assert house.vectors.search(house.text, vector, 1)[0][0] == "a.7"
    assert house.vectors.ids(house.text) == set(ids)


async def test_the_damage_of_an_index_is_noticed_however_few_documents_are_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "app.services.upkeep.repair.SAMPLE", 1
    )  # of the documents: the one with a picture is hardly among them
    house = House(BlindToPictures(unusable=False))
    for n in range(40):
        house.take(f"d{n}", 1, pictures=n == 17)
    assert await house.repair() == Repaired(vectors=1, rebuilt=1)


async def test_an_index_whose_server_is_away_is_not_dropped() -> None:
    house = House(Unreachable())
    ids = house.take("a", 5)
    with pytest.raises(Unavailable, match="can't be reached"):
        await house.repair()
    assert house.vectors.ids(house.text) == set(ids)


async def test_a_document_on_its_way_in_keeps_its_rows_when_the_index_is_made_again() -> None:
    house = House(Damaged(unusable=False))
    house.take("a", 60)
    coming = house.take("b", 5, "running")
    await house.repair()
    assert set(coming) <= house.vectors.ids(house.text)


async def test_a_document_on_its_way_in_has_its_first_parts_put_back_and_nothing_is_said_of_it(house: House) -> None:
    coming = house.take("a", 5, "running")
    house.vectors.drop(house.collection)
    assert not await house.repair()
    assert house.vectors.ids(house.text) == set(coming)


async def test_pictures_that_are_still_on_their_way_are_not_missed() -> None:
    house = House()
    house.take("a", 5, "running")
    house.catalogue.runs.publish("a", 1, "running")
    figure = Chunk("a.figure", "a", 9, "figure", "mast", "mast", image="crop", batch=1)
    house.catalogue.chunks.replace("a", 1, [figure], batch=1)
    assert await house.repair() == Repaired()


class Counting(SqlChunks):
    read = 0

    def of_document(
        self, document_id: str, after: int = -1, limit: int | None = None, batch: int | None = None
    ) -> tuple[Chunk, ...]:
        found = super().of_document(document_id, after, limit, batch)
        self.read += len(found)
        return found


async def test_a_whole_index_is_left_alone_and_only_sampled() -> None:
    catalogue = fresh_catalogue()
    catalogue.chunks = chunks = Counting(catalogue.database)
    house = House(catalogue=catalogue)
    house.take("a", 900)
    house.take("b", 1)
    before = dict(house.vectors._indexes[house.text])
    assert await house.repair() == Repaired()
    assert chunks.read <= SAMPLE + 1
    assert all(house.vectors._indexes[house.text][id] is row for id, row in before.items())  # none written anew


async def test_the_same_page_in_many_documents_is_no_damage(house: House) -> None:
    for n in range(30):
        house.take(f"d{n}", 1)
        house.kept.keep(f"d{n}", "text", ENCODER, 0, [f"d{n}.0"], _units(1, "same"))
        house.index(house.catalogue.chunks.of_document(f"d{n}"))
    assert await house.repair() == Repaired()


@pytest.mark.parametrize("erased", [False, True])
async def test_a_document_deleted_while_it_is_added_does_not_come_back(erased: bool, house: House) -> None:
    house.take("a", 5)
    house.take("b", 5)
    house.vectors.remove_documents(house.text, ["a"])
    add = house.vectors.add

    def deleting(index: IndexName, rows: Sequence[VectorRow]) -> None:
        house.catalogue.erasure.delete("a")
        house.words.remove_documents(house.collection, ["a"])
        house.vectors.remove_documents(house.image, ["a"])
        if erased:
            house.catalogue.erasure.erase("a")
        add(index, rows)

    house.vectors.add = deleting  # type: ignore[method-assign]
    assert await house.repair() == Repaired(vectors=5)
    held = house.vectors.ids(house.text) | house.vectors.ids(house.image) | house.words.ids(house.collection)
    assert held == {f"b.{n}" for n in range(5)}


async def test_a_collection_deleted_meanwhile_does_not_come_back(house: House) -> None:
    house.take("a", 5)
    house.vectors.drop(house.collection)
    add = house.vectors.add

    def deleting(index: IndexName, rows: Sequence[VectorRow]) -> None:
        with suppress(Missing):
            house.catalogue.collections.delete("default")
        add(index, rows)

    house.vectors.add = deleting  # type: ignore[method-assign]
    await house.repair()
    assert house.vectors.indexes() == ()
    assert house.words.ids(house.collection) == frozenset()


async def test_indexes_left_by_a_deleted_collection_are_dropped_and_no_others(house: House) -> None:
    house.take("a", 5)
    left = IndexName("gone", "text", ENCODER)
    house.vectors.add(left, [VectorRow("x.0", "x", "text", _units(1, "x")[0])])
    house.words.add("gone", [WordsRow("x.0", "x", "text", "turbine")])
    assert await house.repair() == Repaired()
    assert set(house.vectors.indexes()) == {house.text, house.image}
    assert house.words.ids("gone") == frozenset()
    assert len(house.words.ids(house.collection)) == 5


async def test_chunks_without_a_kept_vector_are_counted_and_those_no_encoder_sees_are_not(house: House) -> None:
    house.take("a", 10)
    house.kept._blobs.delete("documents/a")
    house.vectors.drop(house.collection)
    assert (await house.repair()).unkept == 11
    unseen = await repair(house.stores, lambda space, chunk: space == "image" and wants(space, chunk))
    assert unseen == Repaired(unkept=1)  # the picture


async def test_damaged_kept_vectors_of_one_document_do_not_keep_others_from_coming_back(house: House) -> None:
    house.take("a", 3)
    house.take("b", 3)
    house.vectors.drop(house.collection)
    for key in house.kept._blobs.keys("documents/a"):
        house.kept._blobs.put(key, b"torn")
    assert await house.repair() == Repaired(vectors=4, unkept=4)


async def test_one_sentence_is_said_when_something_was_repaired_and_none_when_not(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.take("a", 5)
    await repair_at_start(house.repair)
    assert caplog.records == []
    house.words.drop(house.collection)
    with caplog.at_level(logging.INFO):
        await repair_at_start(house.repair)
    assert [record.message for record in caplog.records] == ["the indexes had lost something, and it was put back"]


async def test_a_server_that_comes_up_later_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Repaired | Unavailable] = [Unavailable("Chroma can't be reached."), Repaired(words=1)]

    async def repairing() -> Repaired:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    await repair_at_start(repairing, again_s=0)
    assert answers == []
    assert len(caplog.records) == 2
