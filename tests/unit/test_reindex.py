"""A collection gets other encoders: nothing is read again, nothing is lost, and the switch is all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.memory.jobs import MemoryJobs
from app.adapters.vectors.kept import KeptInBlobs
from app.services.reindex import Reindex
from app.services.upkeep.reconcile import reconcile
from app.services.upkeep.repair import repair_indexes
from domain.documents import Chunk, Collection, Document, Reindexing
from domain.errors import Conflict, Missing, Unavailable
from domain.evidence import Space
from domain.ports import IndexName, VectorRow, Vectors
from ingest import reindex as reindex_module
from ingest.embed import wants
from ingest.reindex import Reindexer, reindex
from ingest.stores import Stores
from tests.catalogues import fresh_catalogue
from tests.unit.test_pipeline import picture

OLD: dict[Space, str] = {"text": "old", "image": "old-clip"}
NEW: dict[Space, str] = {"text": MemoryTextEncoder.name, "image": MemoryImageEncoder.name}
CHUNKS = 5  # of a document, in parts of two; the last has a picture


class Bulk:
    def __init__(self) -> None:
        self.encoded: Counter[str] = Counter()
        self.before: Callable[[], None] = lambda: None
        self.broken = False

    async def texts(self, texts: Sequence[str]) -> Vectors:
        self.before()
        if self.broken:
            raise Unavailable("the disk is full")
        self.encoded.update(texts)
        return MemoryTextEncoder().encode(texts)

    async def images(self, images: Sequence[bytes]) -> Sequence[Any]:
        return list(MemoryImageEncoder().encode_images(images))


class House:
    """Two documents under the former encoders."""

    def __init__(self) -> None:
        self.catalogue, self.blobs, self.vectors = fresh_catalogue(), MemoryBlobs(), MemoryVectors()
        self.kept, self.words, self.bulk = KeptInBlobs(self.blobs), MemoryWords(), Bulk()
        self.id = self.catalogue.collections.find("default").id
        self.catalogue.collections.stamp(self.id, named(OLD))
        for name in ("one", "two"):
            self.take(name)
        self.reindexer = Reindexer(
            self.catalogue,
            self.blobs,
            MemoryTextEncoder(),
            NEW,
            self.bulk,
            self.kept,
            self.vectors,
            self.compare,
            grace_s=0.0,
        )
        self.steps: list[str] = []

    async def compare(self, collection: Collection, encoders: object) -> object:
        stores = Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)
        return await repair_indexes(stores, partial(wants, MemoryTextEncoder()), collection, NEW)

    def take(self, id: str, running: bool = False) -> Document:
        """As a service with the former encoders takes it in."""
        now = datetime.now(UTC)
        self.catalogue.documents.record(Document(id, self.id, "default", id, "text/plain", 1, id, "queued", now))
        self.blobs.put(f"documents/{id}/crops/a", picture())
        chunks = [
            Chunk(f"{id}.{n}", id, n, "text", f"wind {n}", f"wind {n} of {id}", image=None) for n in range(CHUNKS - 1)
        ]
        chunks.append(Chunk(f"{id}.p", id, CHUNKS, "figure", "", f"chart of {id}", image=f"documents/{id}/crops/a"))
        self.catalogue.chunks.replace(id, 1, chunks)
        for space, name in OLD.items():
            ids = [chunk.id for chunk in chunks if space == "text" or chunk.image]
            made = MemoryTextEncoder().encode(ids)
            self.kept.keep(id, space, name, 0, ids, made)
            rows = [VectorRow(chunk, id, "text", vector) for chunk, vector in zip(ids, made, strict=True)]
            self.vectors.add(IndexName(self.id, space, name), rows)
        if running:
            self.catalogue.runs.update(id, 1, status="running")
        else:
            self.catalogue.runs.publish(id, 1, "ready")
        return self.catalogue.documents.find(id)

    def begin(self, reindex_id: str = "r") -> None:
        self.catalogue.reindexes.begin(self.id, named(NEW), reindex_id)

    async def run(self, reindex_id: str = "r") -> None:
        await reindex(self.reindexer, self.step, self.id, reindex_id)

    async def step(self, name: str, stage: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
        self.steps.append(name)
        return await stage(*args)

    def ids(self, space: Space, encoder: str) -> set[str]:
        return set(self.vectors.ids(IndexName(self.id, space, encoder)))

    def has(self, document_id: str) -> bool:
        return document_id in {document.id for document in self.catalogue.documents.findable([self.id])}

    def kept_ids(self, document_id: str, space: Space = "text", encoder: str = NEW["text"]) -> set[str]:
        return set(self.kept.load(document_id, space, encoder)[0])

    @property
    def collection(self) -> Collection:
        return self.catalogue.collections.find_by_id(self.id)

    def is_whole(self, *documents: str) -> None:
        assert (self.collection.encoders, self.collection.reindex) == (NEW, None)
        every = {chunk.id for id in documents for chunk in self.catalogue.chunks.of_document(id)}
        assert self.ids("text", NEW["text"]) == every
        assert self.ids("image", NEW["image"]) == {f"{id}.p" for id in documents}
        assert {index.encoder for index in self.vectors.indexes()} == set(NEW.values())
        assert {
            id for id in documents if self.kept_ids(id) != {one.id for one in self.catalogue.chunks.of_document(id)}
        } == set()
        assert not [key for key in self.blobs.keys("documents") if "old" in key]


def named(encoders: dict[Space, str]) -> dict[str, str]:
    return {str(space): name for space, name in encoders.items()}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(reindex_module, "EMBED_PART", 2)
    monkeypatch.setattr(reindex_module, "WAIT_S", 0.01)
    return House()


async def test_all_is_encoded_once_and_the_former_vectors_are_gone(house: House) -> None:
    house.begin()
    await house.run()
    house.is_whole("one", "two")
    assert set(house.bulk.encoded.values()) == {1}
    assert len(house.bulk.encoded) == 2 * CHUNKS
    assert house.steps[:3] == ["begin", "look-0", "embed-0-one-0"]
    assert house.steps[-2:] == ["switch-1", "tidy"]


async def test_until_the_switch_all_that_searches_use_stands(house: House) -> None:
    before = house.ids("text", "old")
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        assert house.ids("text", "old") == before
        assert house.collection.encoders == OLD
        now = house.collection.reindex
        assert now is not None
        seen.append((now.state, now.done, now.total))

    house.bulk.before = look
    house.begin()
    await house.run()
    assert seen == [("running", done, 10) for done in (0, 2, 4, 5, 7, 9)]


async def test_each_step_may_run_twice(house: House) -> None:
    async def twice(name: str, stage: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
        await stage(*args)
        return await stage(*args)

    house.begin()
    assert len(await house.reindexer.look(house.id, "r")) == 6
    await reindex(house.reindexer, twice, house.id, "r")
    house.is_whole("one", "two")
    assert set(house.bulk.encoded.values()) == {1}  # what is kept already is not encoded again


async def test_a_document_deleted_meanwhile_leaves_nothing_behind(house: House) -> None:
    def delete() -> None:
        if house.bulk.encoded["wind 0 of two"] and house.has("two"):
            house.catalogue.erasure.delete("two")
            house.catalogue.erasure.erase("two")
            house.blobs.delete("documents/two")

    house.bulk.before = delete
    house.begin()
    await house.run()
    house.is_whole("one")
    assert house.blobs.keys("documents/two") == ()


async def test_what_is_published_meanwhile_is_gone_through_before_the_switch(house: House) -> None:
    def come() -> None:
        if house.bulk.encoded and not house.has("three"):
            house.take("three")

    house.bulk.before = come
    house.begin()
    await house.run()
    house.is_whole("one", "two", "three")


async def test_the_switch_waits_for_documents_that_are_being_read(house: House) -> None:
    house.take("three", running=True)
    house.begin()
    run = asyncio.create_task(house.run())
    while "switch-1" not in house.steps:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert house.collection.encoders == OLD
    house.catalogue.runs.publish("three", 1, "ready")
    await run
    house.is_whole("one", "two", "three")


async def test_what_the_new_index_lost_in_a_crash_is_put_back_before_the_switch(house: House) -> None:
    async def losing(name: str, stage: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
        if name == "switch-1":
            house.vectors.drop_index(IndexName(house.id, "text", NEW["text"]))
        return await stage(*args)

    house.begin()
    await reindex(house.reindexer, losing, house.id, "r")
    house.is_whole("one", "two")


async def test_a_collection_deleted_meanwhile_ends_it_quietly_and_leaves_no_index(house: House) -> None:
    def delete() -> None:
        if house.bulk.encoded and house.has("one"):
            house.catalogue.collections.delete("default")

    house.bulk.before = delete
    house.begin()
    await house.run()
    assert house.vectors.indexes() == ()
    assert house.kept_ids("one") == set()


async def test_what_fails_says_why_and_goes_on_when_asked_again(house: House) -> None:
    house.begin()
    house.bulk.before = lambda: setattr(house.bulk, "broken", len(house.bulk.encoded) == 4)
    await house.run()
    assert house.collection.reindex == Reindexing("r", named(NEW), "failed", 4, 10, "the disk is full")
    assert house.ids("text", "old") != set()
    house.bulk.before = lambda: setattr(house.bulk, "broken", False)
    house.begin("again")
    await house.run("again")
    house.is_whole("one", "two")
    assert set(house.bulk.encoded.values()) == {1}


async def test_a_service_with_yet_other_models_does_not_go_on_with_it(house: House) -> None:
    house.catalogue.reindexes.begin(house.id, {"text": "third"}, "r")
    await house.run()
    failed = house.collection.reindex
    assert failed is not None
    assert failed.problem is not None
    assert "exhibit reindex default" in failed.problem
    house.begin("s")
    await house.run("s")
    house.is_whole("one", "two")


async def test_a_reindexing_that_is_given_up_removes_what_it_made(house: House) -> None:
    def give_up() -> None:
        if house.bulk.encoded:
            house.catalogue.reindexes.begin(house.id, named(OLD), "x")

    house.bulk.before = give_up
    house.begin()
    await house.run()
    assert (house.collection.encoders, house.collection.reindex) == (OLD, None)
    assert {index.encoder for index in house.vectors.indexes()} == set(OLD.values())
    assert house.kept_ids("one") == set()


# ---------------------------------------------------------------- asked for


async def test_a_reindexing_asked_for_twice_runs_once(house: House) -> None:
    jobs = MemoryJobs(None, reindexer=house.reindexer)  # type: ignore[arg-type]
    service = Reindex(house.catalogue.collections, house.catalogue.reindexes, jobs, "standard", NEW)
    first, second = await service.begin("default"), await service.begin("default", "standard")
    assert first.reindex is not None
    assert second.reindex is not None
    assert first.reindex.id == second.reindex.id
    while house.collection.reindex is not None:
        await asyncio.sleep(0.01)
    while await jobs.reindex_state(first.reindex.id) == "live":
        await asyncio.sleep(0.01)
    house.is_whole("one", "two")
    assert (await service.begin("default")).reindex is None
    await jobs.close()


async def test_models_that_the_service_does_not_run_are_told_with_what_to_do(house: House) -> None:
    service = Reindex(house.catalogue.collections, house.catalogue.reindexes, MemoryJobs(None), "bundled", NEW)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="EXHIBIT_MODELS=standard"):
        await service.begin("default", "standard")
    with pytest.raises(Missing):
        await service.begin("nowhere")
    assert house.collection.reindex is None


async def test_reconciling_goes_on_with_what_the_queue_never_heard_of(house: House) -> None:
    jobs = MemoryJobs(None, reindexer=house.reindexer)  # type: ignore[arg-type]
    house.begin()
    await reconcile(house.catalogue, jobs)
    assert await jobs.reindex_state("r") == "live"
    await jobs.cancel("r", 0)
    while await jobs.reindex_state("r") == "live":
        await asyncio.sleep(0.01)
    await reconcile(house.catalogue, jobs)
    while house.collection.reindex is not None:
        await asyncio.sleep(0.01)
    assert house.collection.encoders == NEW
    await jobs.close()
