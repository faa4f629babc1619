"""A collection goes from one encoder to another on real Chroma, SQLite, Tantivy and DBOS, while it is searched."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from answering.question.read import read
from app.adapters.blobs import LocalBlobs
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.dbos_jobs import DbosJobs
from app.adapters.dbos_worker import DbosWorker
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.memory.encoders import MemoryTextEncoder
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.kept import KeptInBlobs
from app.services.reindex import Reindex
from app.services.upkeep.repair import repair_indexes
from domain.documents import Chunk, Collection, Document, Reindexing
from domain.evidence import Space
from domain.ports import IndexName, Retriever, VectorRow, Vectors, words_row
from domain.searches import Query
from ingest.embed import wants
from ingest.pipeline import Pipeline
from ingest.reindex import Reindexer
from ingest.stores import Stores
from retrievers.fused import Fused
from retrievers.hydrated import Joined
from retrievers.stamped import Stamped
from retrievers.vector import VectorRetriever, seeing_text
from retrievers.words import WordsRetriever
from tests.waiting import becomes, until

DOCUMENTS, EACH = 12, 20


class Small(MemoryTextEncoder):
    def __init__(self, name: str, dimensions: int) -> None:
        self.name, self.dimensions = name, dimensions


OLD, NEW = Small("small/old", 128), Small("small/new", 96)


class Bulk:
    """Takes its time over each part, and notes what it encodes; held, it waits for the third."""

    def __init__(self) -> None:
        self.encoded: Counter[str] = Counter()
        self.parts = 0
        self.holds_at: int | None = None

    async def texts(self, texts: Sequence[str]) -> Vectors:
        while self.holds_at is not None and self.parts >= self.holds_at:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        self.parts += 1
        self.encoded.update(texts)
        return NEW.encode(texts)

    async def images(self, images: Sequence[bytes]) -> Sequence[Any]:
        raise AssertionError("there are no pictures")


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalogue = SqlCatalogue(f"sqlite:///{folder}/catalogue.db")
        self.blobs, self.vectors = LocalBlobs(folder / "blobs"), ChromaVectors(folder / "chroma")
        self.kept, self.words, self.bulk = KeptInBlobs(self.blobs), TantivyWords(folder / "words"), Bulk()
        self.id = self.catalogue.collections.find("default").id
        self.catalogue.collections.stamp(self.id, {"text": OLD.name})
        self.jobs = DbosJobs(f"sqlite:///{folder}/queue.db")
        self.service = Reindex(
            self.catalogue.collections, self.catalogue.reindexes, self.jobs, "standard", {"text": NEW.name}
        )

    def close(self) -> None:
        self.jobs.close()
        self.words.close()
        self.vectors.close()
        self.catalogue.close()

    def take(self, id: str) -> None:
        """As a service with the former encoder takes it in."""
        now = datetime.now(UTC)
        self.catalogue.documents.record(Document(id, self.id, "default", id, "text/plain", 1, id, "queued", now))
        texts = [f"the {id} boat sails at {n} past the lighthouse" for n in range(EACH)]
        chunks = [Chunk(f"{id}.{n}", id, n, "text", text, text) for n, text in enumerate(texts)]
        self.catalogue.chunks.replace(id, 1, chunks)
        ids, made = [chunk.id for chunk in chunks], OLD.encode(texts)
        self.kept.keep(id, "text", OLD.name, 0, ids, made)
        rows = [VectorRow(chunk_id, id, "text", vector) for chunk_id, vector in zip(ids, made, strict=True)]
        self.vectors.add(self.index(OLD), rows)
        self.words.add(self.id, [words_row(chunk) for chunk in chunks])
        self.catalogue.runs.publish(id, 1, "ready")

    def erase(self, id: str) -> None:
        """As the pipeline does."""
        self.catalogue.erasure.delete(id)
        for index in self.vectors.indexes():
            self.vectors.remove_documents(index, [id])
        self.words.remove_documents(self.id, [id])
        self.blobs.delete(f"documents/{id}")
        self.catalogue.erasure.erase(id)

    def index(self, encoder: Small) -> IndexName:
        return IndexName(self.id, "text", encoder.name)

    @property
    def collection(self) -> Collection:
        return self.catalogue.collections.find("default")

    @asynccontextmanager
    async def working(self, grace_s: float = 0.5) -> AsyncIterator[None]:
        async def compare(collection: Collection, encoders: object) -> object:
            names: dict[Space, str] = {"text": NEW.name}
            stores = Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)
            return await repair_indexes(stores, partial(wants, NEW), collection, names)

        encoders: dict[Space, str] = {"text": NEW.name}
        reindexer = Reindexer(
            self.catalogue, self.blobs, NEW, encoders, self.bulk, self.kept, self.vectors, compare, grace_s
        )
        url = f"sqlite:///{self.folder}/queue.db"
        worker = DbosWorker(url, "embedded", cast(Pipeline, None), parallel=1, reindexer=reindexer)
        await worker.start()
        try:
            yield
        finally:
            await worker.stop()

    def search(self) -> Joined:
        def way(encoder: Small) -> Retriever:
            async def encode(text: str) -> Any:
                return encoder.encode_query(text)

            return VectorRetriever("text", encoder.name, seeing_text(encoder, encode), self.vectors, self.kept)

        text = Stamped("text", NEW.name, way(NEW), lambda name: way(OLD) if name == OLD.name else None)
        return Joined(Fused({"words": WordsRetriever(self.words), "text": text}), self.catalogue.chunks)

    async def ended(self, run: Reindexing) -> None:
        """The former vectors are removed too."""
        await becomes("done", lambda: self.jobs.reindex_state(run.id))

    def is_whole(self, documents: set[str]) -> None:
        every = {f"{id}.{n}" for id in documents for n in range(EACH)}
        assert (self.collection.encoders, self.collection.reindex) == ({"text": NEW.name}, None)
        assert self.vectors.ids(self.index(NEW)) == every
        assert self.vectors.indexes() == (self.index(NEW),)
        assert {id for id in documents if len(self.kept.load(id, "text", NEW.name)[0]) != EACH} == set()
        assert not any(self.kept.has(id, "text", OLD.name) for id in documents)
        assert {key.split("/")[1] for key in self.blobs.keys("documents")} == documents


ALL = {f"d{n}" for n in range(DOCUMENTS)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    for id in sorted(ALL):
        house.take(id)
    yield house
    house.close()


async def begun_and_held(house: House, held: Callable[[], Awaitable[None]]) -> None:
    """Begins, and lets something happen once three parts are made; then it goes on."""
    house.bulk.holds_at = 3
    async with house.working():
        begun = (await house.service.begin("default")).reindex
        assert begun is not None
        await until(lambda: house.bulk.parts == 3)
        await held()
        house.bulk.holds_at = None
        await house.ended(begun)


def test_searches_neither_fail_nor_come_back_empty_while_the_encoder_changes(house: House) -> None:
    search, seen = house.search(), Counter[str]()

    async def searched() -> None:
        asked = house.collection
        joint = await search.search(Query(read("when does the d7 boat sail"), collections=(asked,)), 5)
        [vote] = [vote for vote in joint.votes if vote.space == "text"]
        assert len(joint.evidence) == 5
        assert joint.evidence[0].document.id == "d7"
        assert (vote.voted, vote.unread) == (True, ())
        assert any("text" in one.ranks for one in joint.evidence)
        seen[asked.encoders["text"]] += 1
        house.bulk.holds_at = seen[OLD.name]  # a part for each search, however long they take

    async def searched_on_and_on() -> None:
        house.bulk.holds_at = 0
        async with house.working(grace_s=2.0):
            begun = (await house.service.begin("default")).reindex
            assert begun is not None
            ending = asyncio.create_task(house.ended(begun))
            while not ending.done():
                await searched()
            await ending
            await searched()

    asyncio.run(searched_on_and_on())
    assert seen[OLD.name] > 5
    assert seen[NEW.name] >= 1
    assert set(house.bulk.encoded.values()) == {1}
    house.is_whole(ALL)


def test_broken_off_in_the_middle_it_goes_on_where_it_was(house: House) -> None:
    async def breaks_off() -> Reindexing:
        house.bulk.holds_at = 3
        async with house.working():
            await house.service.begin("default")
            await until(lambda: house.collection.reindex is not None and house.collection.reindex.done == 3 * EACH)
            assert house.collection.reindex is not None
            return house.collection.reindex

    async def goes_on() -> Reindexing:
        async with house.working():
            again = (await house.service.begin("default")).reindex
            assert again is not None
            await house.ended(again)
            return again

    before = asyncio.run(breaks_off())
    assert house.collection.encoders == {"text": OLD.name}
    house.bulk.holds_at = None
    after = asyncio.run(goes_on())
    assert (after.id, after.state) == (before.id, "running")
    assert set(house.bulk.encoded.values()) == {1}
    house.is_whole(ALL)


def test_documents_that_go_and_one_that_comes_in_between(house: House) -> None:
    gone = {"d0", "d11", "d2", "d9"}  # gone through already, being gone through, still to come

    async def change() -> None:
        for id in gone:
            house.erase(id)
        house.take("new")

    asyncio.run(begun_and_held(house, change))
    house.is_whole(ALL - gone | {"new"})


def test_a_collection_that_is_deleted_in_between_leaves_nothing(house: House) -> None:
    async def delete() -> None:
        house.catalogue.collections.delete("default")
        house.vectors.drop(house.id)

    asyncio.run(begun_and_held(house, delete))
    assert house.vectors.indexes() == ()
    assert house.collection.encoders == {}
