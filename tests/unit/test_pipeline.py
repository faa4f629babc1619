"""A document's way in, over in-memory twins: every stage may run twice, and nothing is written for what is unwanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.adapters.kept_vectors import KeptVectors
from app.adapters.memory import MemoryBlobs, MemoryCatalogue
from app.adapters.memory_encoders import MemoryImageEncoder, MemoryTextEncoder
from app.adapters.memory_indexes import MemoryVectors, MemoryWords
from app.adapters.memory_jobs import MemoryJobs, step
from app.domain.errors import Unavailable, Unreadable
from app.domain.ports import IndexName, Vectors
from app.domain.types import Block, Document, Identity, ParsedPage, Problem
from app.services.jobs import tend
from ingest.cut import CountTokens, Cut, cut
from ingest.originals import Originals
from ingest.pipeline import Pipeline, ingest

PAGES = 5


class OnePageABatch:
    """A parser of documents of five pages, the second of them without text."""

    def __init__(self) -> None:
        self.broken: Exception | None = None

    def batch_pages(self, media_type: str) -> int:
        return 2

    async def open(self, document: Document) -> Identity:
        if self.broken is not None:
            raise self.broken
        return Identity("application/pdf", PAGES)

    async def pages(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]:
        return [self._page(number) for number in range(first, last + 1)]

    def _page(self, number: int) -> ParsedPage:
        if number == 2:
            return ParsedPage(2, needs_ocr=True)
        return ParsedPage(number, (Block("text", f"Page {number} tells of the harbour.", number),))

    async def read_page(self, document: Document, page: int) -> ParsedPage:
        return ParsedPage(page, (Block("text", "Recognised words.", page),), read_as="ocr", confidence=0.9)

    async def cut(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        return cut(document, files, count, max_tokens)

    async def read_pixels(self, pixels: bytes) -> tuple[str, float]:
        return "", 0.0


class Bulk:
    async def texts(self, texts: Sequence[str]) -> Vectors:
        return MemoryTextEncoder().encode(texts)

    async def images(self, images: Sequence[bytes]) -> Sequence[Any]:
        return list(MemoryImageEncoder().encode_images(images))


@dataclass
class House:
    catalogue: MemoryCatalogue = field(default_factory=MemoryCatalogue)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    parser: OnePageABatch = field(default_factory=OnePageABatch)
    vectors: MemoryVectors = field(default_factory=MemoryVectors)
    words: MemoryWords = field(default_factory=MemoryWords)

    def __post_init__(self) -> None:
        self.originals = Originals(self.catalogue, self.blobs)
        self.kept = KeptVectors(self.blobs)
        self.pipeline = Pipeline(
            self.catalogue,
            self.blobs,
            self.originals,
            self.parser,
            MemoryTextEncoder(),
            MemoryImageEncoder(),
            Bulk(),
            self.kept,
            self.vectors,
            self.words,
        )
        self.collection = self.catalogue.collection("default").id

    def upload(self, name: str = "a.pdf", sha256: str = "ab" * 32) -> Document:
        document = Document(
            name, self.collection, "default", name, "application/pdf", 1, sha256, "queued", datetime.now(UTC)
        )
        self.blobs.put(f"originals/{sha256}", b"x")
        return self.catalogue.record(document)[0]

    @property
    def index(self) -> IndexName:
        return IndexName(self.collection, "text", MemoryTextEncoder.name)

    def everything(self, document: Document) -> tuple[set[str], set[str], set[str]]:
        chunks = {chunk.id for chunk in self.catalogue.chunks(document.id)}
        return chunks, set(self.words.ids(self.collection)), set(self.vectors.ids(self.index))


@pytest.fixture
def house() -> House:
    return House()


async def test_a_document_becomes_ready_with_its_pages(house: House) -> None:
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    done = house.catalogue.document(document.id)
    assert (done.status, done.stage, done.progress, done.pages) == ("ready", None, 1.0, PAGES)
    assert [page.read_as for page in done.page_report] == ["text", "ocr", "text", "text", "text"]
    chunks, words, vectors = house.everything(document)
    assert chunks == words == vectors
    assert len(chunks) == PAGES


async def test_every_stage_twice_is_as_good_as_once(house: House) -> None:
    once = House()
    await ingest(once.pipeline, step, once.upload().id, 1)

    async def twice(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        await stage(*args)
        return await stage(*args)

    document = house.upload()
    await ingest(house.pipeline, twice, document.id, 1)
    assert house.everything(document) == once.everything(document)


class Killing(MemoryBlobs):
    killed = False

    def delete(self, prefix: str) -> None:
        if not self.killed:
            self.killed = True
            raise asyncio.CancelledError  # no Exception: nothing on the way catches it
        super().delete(prefix)


async def test_killed_after_it_was_published_its_pages_are_removed_by_the_next_run() -> None:
    house = House(blobs=Killing())
    document = house.upload()
    with pytest.raises(asyncio.CancelledError):
        await ingest(house.pipeline, step, document.id, 1)
    assert house.blobs.keys(f"documents/{document.id}/pages")
    await house.pipeline.publish(document.id, 1)
    assert house.blobs.keys(f"documents/{document.id}/pages") == ()


async def test_it_is_findable_only_when_it_is_published(house: House) -> None:
    document = house.upload()

    async def watched(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        ids = [chunk.id for chunk in house.catalogue.chunks(document.id)]
        assert house.catalogue.evidence(ids, [house.collection]) == ()
        return await stage(*args)

    await ingest(house.pipeline, watched, document.id, 1)
    ids = [chunk.id for chunk in house.catalogue.chunks(document.id)]
    assert len(house.catalogue.evidence(ids, [house.collection])) == PAGES


@pytest.mark.parametrize("when", ["parse-1", "describe-0", "split", "embed-0", "index-0", "publish"])
async def test_deleted_while_it_is_taken_in_nothing_of_it_stays(when: str, house: House) -> None:
    document = house.upload()

    async def deleting(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if name == when:
            house.catalogue.delete(document.id)
            house.pipeline.erase(document.id, house.collection)
        return await stage(*args)

    await ingest(house.pipeline, deleting, document.id, 1)
    assert house.words.ids(house.collection) == frozenset()
    assert house.vectors.ids(house.index) == frozenset()
    assert house.blobs.keys("documents") == ()
    assert house.blobs.keys("originals") == ()
    assert house.catalogue.deleted() == ()


async def test_a_document_deleted_in_the_middle_of_a_stage_leaves_nothing(house: House) -> None:
    document = house.upload()
    encode = house.pipeline.bulk.texts

    async def texts(given: Sequence[str]) -> Vectors:
        house.catalogue.delete(document.id)
        house.pipeline.erase(document.id, house.collection)
        return await encode(given)

    house.pipeline.bulk.texts = texts  # type: ignore[method-assign,assignment]
    await ingest(house.pipeline, step, document.id, 1)
    assert house.blobs.keys("documents") == ()
    assert house.words.ids(house.collection) == frozenset()


async def test_a_cancelled_run_stops_and_leaves_the_state(house: House) -> None:
    document = house.upload()

    async def cancelling(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if name == "split":
            house.catalogue.update(document.id, 1, status="cancelled")
        return await stage(*args)

    await ingest(house.pipeline, cancelling, document.id, 1)
    assert house.catalogue.document(document.id).status == "cancelled"


async def test_an_unreadable_document_fails_with_its_sentence(house: House) -> None:
    house.parser.broken = Unreadable("It needs a password.")
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    failed = house.catalogue.document(document.id)
    assert (failed.status, failed.problems) == ("failed", (Problem("It needs a password."),))


async def test_a_disk_that_stays_full_is_told_not_swallowed(house: House) -> None:
    house.parser.broken = Unavailable("The disk is full.")
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    assert house.catalogue.document(document.id).problems == (Problem("The disk is full."),)


async def test_a_page_that_failed_makes_the_document_partial(house: House) -> None:
    async def read_page(document: Document, page: int) -> ParsedPage:
        raise Unreadable("It took longer than 60 s.")

    house.parser.read_page = read_page  # type: ignore[method-assign]
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    partial = house.catalogue.document(document.id)
    assert (partial.status, partial.problems) == ("partial", (Problem("It took longer than 60 s.", 2),))
    assert partial.page_report[1].read_as == "failed"


async def test_another_encoder_than_the_collections_is_a_clear_failure(house: House) -> None:
    house.catalogue.stamp(house.collection, {"text": "other", "image": "other"})
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    [problem] = house.catalogue.document(document.id).problems
    assert "other" in problem.message
    assert "EXHIBIT_MODELS" in problem.message


async def test_shared_bytes_stay_until_the_last_document_goes(house: House) -> None:
    other = house.catalogue.create_collection("other", {})
    one = house.upload()
    two = house.catalogue.record(replace(one, id="b.pdf", collection_id=other.id, collection="other"))[0]
    house.catalogue.delete(one.id)
    house.pipeline.erase(one.id, house.collection)
    assert house.blobs.keys("originals") != ()
    house.catalogue.delete(two.id)
    house.pipeline.erase(two.id, other.id)
    assert house.blobs.keys("originals") == ()


async def test_tending_takes_in_what_the_queue_never_heard_of(house: House) -> None:
    jobs = MemoryJobs(house.pipeline)
    document = house.upload()
    await tend(house.catalogue, jobs)
    await settled(house, document.id)
    assert house.catalogue.document(document.id).status == "ready"
    await jobs.close()


async def test_tending_erases_what_was_deleted(house: House) -> None:
    jobs = MemoryJobs(house.pipeline)
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    house.catalogue.delete(document.id)
    await tend(house.catalogue, jobs)
    while await jobs.forgetting(document.id):
        await asyncio.sleep(0.01)
    assert house.catalogue.deleted() == ()
    assert house.blobs.keys("documents") == ()
    await jobs.close()


async def settled(house: House, document_id: str) -> None:
    for _ in range(500):
        if house.catalogue.document(document_id).status not in ("queued", "running"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never ended")
