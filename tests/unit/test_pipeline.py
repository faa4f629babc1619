"""A document's way in, over in-memory twins: every stage may run twice, and nothing is written for what is unwanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.memory.jobs import MemoryJobs, step
from app.adapters.vectors.kept import KeptInBlobs
from app.services.upkeep.late_descriptions import FIRST_PAUSE_S, LateDescriptions
from app.services.upkeep.reconcile import reconcile
from domain.answers import Delta, Prompt
from domain.documents import Box, Document, Problem
from domain.errors import ExhibitError, Gone, ModelRefused, ModelUnavailable, Unavailable, Unreadable
from domain.limits import DocumentLimits
from domain.parsed import Block, Identity, ParsedPage
from domain.ports import IndexName, Vectors
from ingest import recognise as recognise_module
from ingest import stages as stages_module
from ingest.chunk.cut import CountTokens, Cut, cut_pictures, cut_text
from ingest.describe import Describer
from ingest.originals import Originals
from ingest.parse.tables import table_block
from ingest.pipeline import Pipeline, Step, ingest, recognise_pictures
from ingest.progress import Left, SoFar, Waiting
from ingest.stores import Models, Stores
from tests.catalogues import fresh_catalogue
from tests.waiting import becomes, until

PAGES = 5
CHUNKS = PAGES + 1  # and the figure


def picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (32, 32), "teal").save(file, "PNG")
    return file.getvalue()


class OnePageABatch:
    """A parser of documents of five pages, the second of them without text, a figure on the fourth."""

    def __init__(self) -> None:
        self.limits = DocumentLimits()
        self.broken: Exception | None = None
        self.draws = False  # figures come with their crops, as from Office files

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
        text = Block("text", f"Page {number} tells of the harbour.", number)
        if number == 4:
            figure = Block("figure", page=4, caption="Figure 1", box=Box(0, 0, 1, 0.5))
            return ParsedPage(4, (replace(figure, pixels=picture() if self.draws else None), text))
        return ParsedPage(number, (text,))

    async def recognise_page(self, document: Document, page: int) -> ParsedPage:
        return ParsedPage(page, (Block("text", "Recognised words.", page),), read_as="ocr", confidence=0.9)

    async def cut_text(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        return cut_text(document, files, count, max_tokens, self.limits)

    async def cut_pictures(
        self,
        document: Document,
        files: Sequence[Path],
        context: Path,
        batch: int,
        count: CountTokens,
        max_tokens: int,
    ) -> Cut:
        return cut_pictures(document, files, context, batch, count, max_tokens)

    async def recognise_pixels(self, pixels: bytes) -> tuple[str, float]:
        return "Tons a day", 0.8

    async def recognise_figures(
        self, document: Document, page: int, figures: Sequence[tuple[Box, bool]]
    ) -> Sequence[tuple[bytes, str, float]]:
        return [(picture(), "Tons a day" if wanted else "", 0.8) for _, wanted in figures]


class Bulk:
    async def texts(self, texts: Sequence[str]) -> Vectors:
        return MemoryTextEncoder().encode(texts)

    async def images(self, images: Sequence[bytes]) -> Sequence[Any]:
        return list(MemoryImageEncoder().encode_images(images))


@dataclass
class House:
    catalogue: SqlCatalogue = field(default_factory=fresh_catalogue)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    parser: OnePageABatch = field(default_factory=OnePageABatch)
    vectors: MemoryVectors = field(default_factory=MemoryVectors)
    words: MemoryWords = field(default_factory=MemoryWords)

    def __post_init__(self) -> None:
        self.originals = Originals(self.catalogue.documents, self.catalogue.erasure, self.blobs)
        self.kept = KeptInBlobs(self.blobs)
        self.bulk = Bulk()
        self.use(self.parser, self.bulk)
        self.collection = self.catalogue.collections.find("default").id

    def use(
        self,
        parser: OnePageABatch,
        bulk: Bulk,
        patient: OnePageABatch | None = None,
        limits: DocumentLimits | None = None,
    ) -> None:
        """Has the pipeline work with these."""
        self.parser, self.bulk = parser, bulk
        parser.limits = limits or DocumentLimits()
        stores = Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)
        models = Models(MemoryTextEncoder(), MemoryImageEncoder(), bulk)
        self.pipeline = Pipeline(stores, self.originals, models, parser, patient=patient, limits=limits)

    def upload(self, name: str = "a.pdf", sha256: str = "ab" * 32) -> Document:
        document = Document(
            name, self.collection, "default", name, "application/pdf", 1, sha256, "queued", datetime.now(UTC)
        )
        self.blobs.put(f"originals/{sha256}", b"x")
        return self.catalogue.documents.record(document)[0]

    @property
    def index(self) -> IndexName:
        return IndexName(self.collection, "text", MemoryTextEncoder.name)

    def everything(self, document: Document) -> tuple[set[str], set[str], set[str]]:
        chunks = {chunk.id for chunk in self.catalogue.chunks.of_document(document.id)}
        return chunks, set(self.words.ids(self.collection)), set(self.vectors.ids(self.index))


@pytest.fixture
def house() -> House:
    return House()


async def take_in(house: House, document: Document, step: Step = step, attempt: int = 1) -> None:
    """Both halves of a run, as the queue runs them."""
    left = await ingest(house.pipeline, step, document.id, attempt)
    if left.pictures is not None:
        await recognise_pictures(house.pipeline, step, document.id, attempt, left.pictures)


async def text_of(house: House, document: Document, attempt: int = 1) -> Waiting:
    """The first half of a run; what it leaves to the second."""
    left = await ingest(house.pipeline, step, document.id, attempt)
    assert left.pictures is not None
    return left.pictures


async def test_a_document_becomes_ready_with_its_pages(house: House) -> None:
    document = house.upload()
    await take_in(house, document)
    done = house.catalogue.documents.find(document.id)
    assert (done.status, done.stage, done.progress, done.pages) == ("ready", None, 1.0, PAGES)
    assert [page.read_as for page in done.page_report] == ["text", "ocr", "text", "text", "text"]
    assert [(page.figures, page.uncaptioned) for page in done.page_report] == [(0, 0)] * 3 + [(1, 0), (0, 0)]
    chunks, words, vectors = house.everything(document)
    assert chunks == words == vectors
    assert len(chunks) == CHUNKS


async def in_slices(house: House, document: Document) -> list[str]:
    """As the queue runs a large document: each slice ends at once. Returns the steps by which slices ended."""
    names: list[str] = []

    async def named(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        names.append(name)
        return await stage(*args)

    left, ended = await ingest(house.pipeline, named, document.id, 1), []
    while left.large:
        ended.append(names[-1])
        so_far = left.so_far and SoFar.restored(left.so_far.stored())
        left = await ingest(house.pipeline, named, document.id, 1, so_far, slice_s=0)
    waiting = left.pictures
    while waiting is not None:
        ended.append(names[-1])
        waiting = Waiting.restored(waiting.stored())
        waiting = await recognise_pictures(house.pipeline, named, document.id, 1, waiting, slice_s=0)
    return ended


async def test_a_large_document_in_slices_becomes_the_same_as_in_one_run(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = House()
    await take_in(once, once.upload())
    monkeypatch.setattr("ingest.lanes.HURRIED_PAGES", PAGES - 1)
    document = house.upload()
    ended = await in_slices(house, document)
    assert ended == ["identify", "parse-0", "parse-1", "parse-2", "embed-0", "index-0", "publish", "publish-0"]
    assert house.catalogue.documents.find(document.id).status == "ready"
    assert house.everything(document) == once.everything(document)


@pytest.mark.parametrize(
    ("limits", "chunks", "sentence"),
    [
        (DocumentLimits(pages=3), 3, "only the first 3 of its 5 pages were read; EXHIBIT_MAX_PAGES is the limit"),
        (DocumentLimits(chunks=2), 4, "only the first 2 of its 4 chunks can be found; EXHIBIT_MAX_CHUNKS is the limit"),
        (
            DocumentLimits(minutes=0),
            2,
            "only the first 2 of its 5 pages were read: it took longer than 0 minutes; "
            "EXHIBIT_MAX_MINUTES is the limit",
        ),
    ],
)
async def test_what_is_over_a_limit_is_left_out_and_told(
    house: House, limits: DocumentLimits, chunks: int, sentence: str
) -> None:
    house.use(OnePageABatch(), house.bulk, limits=limits)
    document = house.upload()
    await take_in(house, document)
    partial = house.catalogue.documents.find(document.id)
    assert (partial.status, partial.pages, partial.problems[0]) == ("partial", PAGES, Problem(sentence))
    assert len(found(house, document)) == chunks


async def test_when_its_time_is_over_no_more_pictures_are_read(house: House) -> None:
    document = house.upload()
    waiting = await text_of(house, document)
    house.use(OnePageABatch(), house.bulk, limits=DocumentLimits(minutes=0))
    await recognise_pictures(house.pipeline, step, document.id, 1, waiting)
    partial = house.catalogue.documents.find(document.id)
    assert partial.status == "partial"
    assert "EXHIBIT_MAX_MINUTES" in partial.problems[0].message
    assert len(found(house, document)) == CHUNKS - 1  # the figure of the second batch is not read


async def test_a_document_that_takes_too_long_among_the_small_ones_goes_on_among_the_large(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, patient = asyncio.Event(), house.parser

    class Slow(OnePageABatch):
        async def pages(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]:
            await hangs.wait()
            return []

    house.use(Slow(), house.bulk, patient)
    monkeypatch.setattr(stages_module, "HURRIED_S", 0.01)
    document = house.upload()
    left = await ingest(house.pipeline, step, document.id, 1)
    assert left.large
    assert left.so_far is not None
    left = await ingest(house.pipeline, step, document.id, 1, left.so_far, slice_s=60)
    assert left.pictures is not None
    assert len(found(house, document)) == PAGES - 1


async def test_every_stage_twice_is_as_good_as_once(house: House) -> None:
    once = House()
    await take_in(once, once.upload())

    async def twice(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        await stage(*args)
        return await stage(*args)

    document = house.upload()
    await take_in(house, document, twice)
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
        await take_in(house, document)
    assert house.blobs.keys(f"documents/{document.id}/pages")
    await house.pipeline.publish(document.id, 1, 2, 0)
    assert house.blobs.keys(f"documents/{document.id}/pages") == ()


def found(house: House, document: Document) -> list[str]:
    chunks = house.catalogue.chunks.of_document(document.id)
    evidence = house.catalogue.chunks.evidence([chunk.id for chunk in chunks], [house.collection])
    return [one.chunk.text for one in evidence]


class OnePicture(OnePageABatch):
    """A picture file, with a table in it."""

    def _page(self, number: int) -> ParsedPage:
        return ParsedPage(number, (Block("image", page=number, box=Box(0, 0, 1, 1), pixels=picture()),), needs_ocr=True)

    async def open(self, document: Document) -> Identity:
        return Identity("image/png", 1)

    async def recognise_page(self, document: Document, page: int) -> ParsedPage:
        cells = (("Item", "Price"), ("Shelf", "184"), ("Bench", "395"))
        stretches = [[[Box(x, y, x + 0.2, y + 0.1)] for x in (0.1, 0.5)] for y in (0.2, 0.4, 0.6)]
        table = table_block(cells, page=page, box=Box(0.1, 0.2, 0.7, 0.7), stretches=stretches)
        title = Block("text", "Invoice", page)
        return ParsedPage(page, (title, table), read_as="ocr", confidence=0.9)


async def test_a_table_in_a_picture_is_found_by_its_rows_and_the_picture_by_all_its_words() -> None:
    house = House(parser=OnePicture())
    document = house.upload("photo.png")
    await take_in(house, document)
    image, table = (one for one in house.catalogue.chunks.of_document(document.id) if one.ordinal >= 0)
    assert (image.kind, image.text) == ("image", "Invoice\nItem Price\nShelf 184\nBench 395")
    first, *rows = table.text.splitlines()
    assert (table.kind, first, rows[-1]) == ("table", "Invoice", "| Bench | 395 |")
    assert all(region.box.y0 >= 0.2 for region in table.regions)


async def test_the_text_is_found_before_the_pictures_are_recognised(house: House) -> None:
    document = house.upload()
    waiting = await text_of(house, document, 1)
    early = house.catalogue.documents.find(document.id)
    assert (early.status, early.findable) == ("running", True)
    assert [page.read_as for page in early.page_report] == ["text", "pending", "text", "text", "text"]
    text = found(house, document)
    assert text == [f"Page {number} tells of the harbour." for number in (1, 3, 4, 5)]
    await recognise_pictures(house.pipeline, step, document.id, 1, waiting)
    assert found(house, document) == [text[0], "Recognised words.", text[1], "Figure 1\nTons a day", *text[2:]]


async def test_a_figure_is_read_whether_its_parser_drew_it_or_left_that_for_later(house: House) -> None:
    other = House()
    other.parser.draws = True
    chunks = []
    for each in (house, other):
        document = each.upload()
        await take_in(each, document)
        [figure] = [chunk for chunk in each.catalogue.chunks.of_document(document.id) if chunk.kind == "figure"]
        assert figure.image is not None
        assert each.blobs.read(figure.image) == picture()
        chunks.append(figure)
    assert chunks[0] == chunks[1]


async def test_figures_that_cannot_be_drawn_keep_their_captions(house: House) -> None:
    async def recognise_figures(*args: object) -> Sequence[tuple[bytes, str, float]]:
        raise Unreadable("figures can't be drawn")

    house.parser.recognise_figures = recognise_figures  # type: ignore[method-assign,assignment]
    document = house.upload()
    await take_in(house, document)
    partial = house.catalogue.documents.find(document.id)
    assert (partial.status, partial.problems) == ("partial", (Problem("figures can't be drawn", 4),))
    assert "Figure 1" in found(house, document)


async def test_what_the_text_became_stays_as_it_is_when_pictures_arrive(house: House) -> None:
    document = house.upload()
    waiting = await text_of(house, document, 1)
    before = house.catalogue.chunks.of_document(document.id)
    await recognise_pictures(house.pipeline, step, document.id, 1, waiting)
    after = house.catalogue.chunks.of_document(document.id)
    assert [chunk for chunk in after if chunk.batch == 0] == list(before)


async def test_each_batch_is_found_when_and_only_when_it_is_published(house: House) -> None:
    document = house.upload()
    seen: list[tuple[str, int]] = []

    async def watched(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        before = len(found(house, document))
        result = await stage(*args)
        if (after := len(found(house, document))) != before:
            seen.append((name, after))
        return result

    await take_in(house, document, watched)
    assert seen == [("publish", 4), ("publish-0", 5), ("publish-1", CHUNKS)]


async def test_progress_only_grows_and_ends_whole(house: House) -> None:
    document = house.upload()
    seen: list[float] = []

    async def watched(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        result = await stage(*args)
        seen.append(house.catalogue.documents.find(document.id).progress)
        return result

    await take_in(house, document, watched)
    assert seen == sorted(seen)
    assert len(set(seen)) > 8
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert house.catalogue.documents.find(document.id).time_left_s is None


async def test_what_breaks_after_the_text_was_published_costs_the_pictures_only(house: House) -> None:
    document = house.upload()
    waiting = await text_of(house, document, 1)

    async def cut_pictures(*args: object) -> Cut:
        raise Unavailable("The disk is full.")

    house.parser.cut_pictures = cut_pictures  # type: ignore[method-assign,assignment]
    await recognise_pictures(house.pipeline, step, document.id, 1, waiting)
    partial = house.catalogue.documents.find(document.id)
    assert (partial.status, partial.problems[0]) == ("partial", Problem("The disk is full."))
    assert len(found(house, document)) == 4


async def test_a_second_attempt_that_reads_otherwise_leaves_nothing_of_the_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = house.upload()
    await ingest(house.pipeline, step, document.id, 1)
    first = house.everything(document)
    house.catalogue.runs.update(document.id, 1, status="cancelled")
    assert found(house, document) == []
    house.catalogue.runs.requeue(document.id)

    async def pages(document: Document, first: int, last: int) -> Sequence[ParsedPage]:
        return [ParsedPage(number, (Block("text", f"Revised {number}.", number),)) for number in range(first, last + 1)]

    house.parser.pages = pages  # type: ignore[method-assign]
    monkeypatch.setattr(stages_module, "READING", "another")
    assert await ingest(house.pipeline, step, document.id, 2) == Left()
    chunks, words, vectors = house.everything(document)
    assert chunks == words == vectors
    assert not chunks & first[0]
    assert house.kept.load(document.id, "text", MemoryTextEncoder.name)[0] == [
        c.id for c in house.catalogue.chunks.of_document(document.id)
    ]


async def refuse(*_: object) -> Any:
    raise Unavailable("it was asked again")


async def test_a_retry_goes_on_from_what_was_read_and_kept(house: House) -> None:
    whole = House()
    await take_in(whole, whole.upload())
    document, add = house.upload(), house.vectors.add
    house.vectors.add = lambda index, rows: _full()  # type: ignore[method-assign]
    await take_in(house, document)
    failed = house.catalogue.documents.find(document.id)
    assert (failed.status, failed.problems) == ("failed", (Problem("The index is full."),))

    house.vectors.add = add  # type: ignore[method-assign]
    house.parser.pages = house.bulk.texts = refuse  # type: ignore[method-assign,assignment]
    house.catalogue.runs.requeue(document.id)
    waiting = await text_of(house, document, 2)
    assert house.catalogue.documents.find(document.id).findable
    house.use(house.parser, Bulk())
    await recognise_pictures(house.pipeline, step, document.id, 2, waiting)
    assert house.catalogue.documents.find(document.id).status == "ready"
    assert house.everything(document) == whole.everything(document)


def _full() -> None:
    raise Unavailable("The index is full.")


async def test_a_retry_reads_no_picture_again_that_was_read(house: House) -> None:
    document = house.upload()

    async def cut_pictures(*_: object) -> Cut:
        raise Unavailable("The disk is full.")

    house.parser.cut_pictures = cut_pictures  # type: ignore[method-assign,assignment]
    await take_in(house, document)
    assert house.catalogue.documents.find(document.id).status == "partial"  # its text is found
    house.use(OnePageABatch(), house.bulk)
    house.parser.pages = house.parser.recognise_page = refuse  # type: ignore[method-assign,assignment]
    house.catalogue.runs.requeue(document.id)
    await take_in(house, document, attempt=2)
    assert house.catalogue.documents.find(document.id).status == "ready"


async def test_a_retry_reads_a_page_again_that_failed(house: House) -> None:
    document, recognise_page = house.upload(), house.parser.recognise_page

    async def crashing(document: Document, page: int) -> ParsedPage:
        raise Unreadable("It crashed.")

    house.parser.recognise_page = crashing  # type: ignore[method-assign]
    await take_in(house, document)
    assert house.catalogue.documents.find(document.id).status == "partial"
    house.parser.recognise_page = recognise_page  # type: ignore[method-assign]
    house.catalogue.runs.requeue(document.id)
    await take_in(house, document, attempt=2)
    assert house.catalogue.documents.find(document.id).status == "ready"


@pytest.mark.parametrize("index", ["words", "vectors"])
async def test_deleted_and_erased_by_another_process_just_before_a_write_nothing_stays(
    index: str, house: House
) -> None:
    """The other process has locks of its own: only looking again after the write helps."""
    document, written = house.upload(), getattr(house, index)
    add = written.add

    def add_late(*given: Any) -> None:
        if house.catalogue.documents.unfinished():
            house.catalogue.erasure.delete(document.id)
            House(house.catalogue, house.blobs, house.parser, house.vectors, house.words).pipeline.erase(
                [document.id], house.collection
            )
        add(*given)

    written.add = add_late
    await take_in(house, document)
    assert house.words.ids(house.collection) == house.vectors.ids(house.index) == frozenset()
    assert house.blobs.keys("documents") == ()


async def test_pictures_wait_for_the_text_of_other_documents(house: House) -> None:
    document = house.upload()
    waiting = await text_of(house, document, 1)
    with house.pipeline.text_comes_first():
        reading = asyncio.create_task(recognise_pictures(house.pipeline, step, document.id, 1, waiting))
        await asyncio.sleep(0.3)
        assert house.catalogue.documents.find(document.id).page_report[1].read_as == "pending"
    await reading
    assert house.catalogue.documents.find(document.id).status == "ready"


async def test_while_text_comes_pictures_are_read_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    monkeypatch.setattr(recognise_module, "time", SimpleNamespace(monotonic=lambda: now_s))
    documents = [house.upload(f"{name}.pdf", name * 64) for name in "abc"]
    waiting = [await text_of(house, document) for document in documents]
    read: list[str] = []
    recognise_page = house.parser.recognise_page

    async def told(document: Document, page: int) -> ParsedPage:
        read.append(document.id)
        return await recognise_page(document, page)

    house.parser.recognise_page = told  # type: ignore[method-assign]
    with house.pipeline.text_comes_first():
        reading = [
            asyncio.create_task(recognise_pictures(house.pipeline, step, document.id, 1, batches))
            for document, batches in zip(documents, waiting, strict=True)
        ]
        await until(lambda: house.pipeline.pictures.turns.taken)
        now_s += recognise_module.TEXT_FIRST_S + 1
        await until(lambda: bool(read))
        await asyncio.sleep(0.3)
        assert len(read) == 1
    await asyncio.gather(*reading)
    assert sorted(read) == sorted(document.id for document in documents)


async def test_a_picture_of_a_small_document_is_read_before_those_of_a_large_one_that_wait(house: House) -> None:
    document, may, read = house.upload(), asyncio.Event(), list[int]()
    recognise_page = house.parser.recognise_page

    async def told(document: Document, page: int) -> ParsedPage:
        read.append(page)
        await may.wait()
        return await recognise_page(document, page)

    house.parser.recognise_page = told  # type: ignore[method-assign]
    recognise = house.pipeline.pictures.recognise
    large = [asyncio.create_task(recognise(document, ParsedPage(n, needs_ocr=True), 60.0)) for n in (1, 2, 3)]
    await until(lambda: read == [1])
    small = asyncio.create_task(recognise(document, ParsedPage(9, needs_ocr=True)))
    await asyncio.sleep(0)
    may.set()
    await asyncio.gather(small, *large)
    assert read == [1, 9, 2, 3]


@pytest.mark.parametrize(
    "when", ["parse-1", "split", "embed-0", "index-0", "publish", "describe-0", "split-0", "publish-1"]
)
async def test_deleted_while_it_is_taken_in_nothing_of_it_stays(when: str, house: House) -> None:
    document = house.upload()

    async def deleting(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if name == when:
            house.catalogue.erasure.delete(document.id)
            house.pipeline.erase([document.id], house.collection)
        return await stage(*args)

    await take_in(house, document, deleting)
    assert house.words.ids(house.collection) == frozenset()
    assert house.vectors.ids(house.index) == frozenset()
    assert house.blobs.keys("documents") == ()
    assert house.blobs.keys("originals") == ()
    assert house.catalogue.erasure.deleted() == ()


async def test_a_document_deleted_in_the_middle_of_a_stage_leaves_nothing(house: House) -> None:
    document = house.upload()
    encode = house.bulk.texts

    async def texts(given: Sequence[str]) -> Vectors:
        house.catalogue.erasure.delete(document.id)
        house.pipeline.erase([document.id], house.collection)
        return await encode(given)

    house.bulk.texts = texts  # type: ignore[method-assign,assignment]
    await take_in(house, document)
    assert house.blobs.keys("documents") == ()
    assert house.words.ids(house.collection) == frozenset()


async def test_a_cancelled_run_stops_and_leaves_the_state(house: House) -> None:
    document = house.upload()

    async def cancelling(name: str, stage: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        if name == "split":
            house.catalogue.runs.update(document.id, 1, status="cancelled")
        return await stage(*args)

    await take_in(house, document, cancelling)
    assert house.catalogue.documents.find(document.id).status == "cancelled"


async def test_an_unreadable_document_fails_with_its_sentence(house: House) -> None:
    house.parser.broken = Unreadable("It needs a password.")
    document = house.upload()
    await take_in(house, document)
    failed = house.catalogue.documents.find(document.id)
    assert (failed.status, failed.problems) == ("failed", (Problem("It needs a password."),))


async def test_a_disk_that_stays_full_is_told_not_swallowed(house: House) -> None:
    house.parser.broken = Unavailable("The disk is full.")
    document = house.upload()
    await take_in(house, document)
    assert house.catalogue.documents.find(document.id).problems == (Problem("The disk is full."),)


async def test_a_page_that_failed_makes_the_document_partial(house: House) -> None:
    async def recognise_page(document: Document, page: int) -> ParsedPage:
        raise Unreadable("It took longer than 60 s.")

    house.parser.recognise_page = recognise_page  # type: ignore[method-assign]
    document = house.upload()
    await take_in(house, document)
    partial = house.catalogue.documents.find(document.id)
    assert (partial.status, partial.problems) == ("partial", (Problem("It took longer than 60 s.", 2),))
    assert partial.page_report[1].read_as == "failed"


async def test_another_encoder_than_the_collections_is_a_clear_failure(house: House) -> None:
    house.catalogue.collections.stamp(house.collection, {"text": "other", "image": "other"})
    document = house.upload()
    await take_in(house, document)
    [problem] = house.catalogue.documents.find(document.id).problems
    assert "other" in problem.message
    assert "EXHIBIT_MODELS" in problem.message
    assert "`exhibit reindex default`" in problem.message


async def test_while_the_collection_is_re_embedded_documents_are_asked_to_wait(house: House) -> None:
    house.catalogue.collections.stamp(house.collection, {"text": "other", "image": "other"})
    house.catalogue.reindexes.begin(house.collection, {"text": "new"}, "r")
    house.catalogue.reindexes.update(house.collection, "r", done=3, total=9)
    document = house.upload()
    await take_in(house, document)
    [problem] = house.catalogue.documents.find(document.id).problems
    assert "3 of 9" in problem.message


async def test_shared_bytes_stay_until_the_last_document_goes(house: House) -> None:
    other = house.catalogue.collections.create("other", {})
    one = house.upload()
    two = house.catalogue.documents.record(replace(one, id="b.pdf", collection_id=other.id, collection="other"))[0]
    house.catalogue.erasure.delete(one.id)
    house.pipeline.erase([one.id, one.id], house.collection)
    assert house.blobs.keys("originals") != ()
    house.catalogue.erasure.delete(two.id)
    house.pipeline.erase([two.id], other.id)
    assert house.blobs.keys("originals") == ()


async def test_reconciling_takes_in_what_the_queue_never_heard_of(house: House) -> None:
    jobs = MemoryJobs(house.pipeline)
    document = house.upload()
    await reconcile(house.catalogue, jobs)
    await settled(house, document.id)
    assert house.catalogue.documents.find(document.id).status == "ready"
    await jobs.close()


async def test_reconciling_erases_what_was_deleted(house: House) -> None:
    jobs = MemoryJobs(house.pipeline)
    document = house.upload()
    await take_in(house, document)
    house.catalogue.erasure.delete(document.id)
    await reconcile(house.catalogue, jobs)
    await becomes(frozenset[str](), jobs.forgetting)
    assert house.catalogue.erasure.deleted() == ()
    assert house.blobs.keys("documents") == ()
    await jobs.close()


async def settled(house: House, document_id: str) -> None:
    await until(lambda: house.catalogue.documents.find(document_id).status not in ("queued", "running"))


# ---------------------------------------------------------------- descriptions by a model


class Words:
    """A model that says the same of everything, until it fails."""

    model = "seer"

    def __init__(self) -> None:
        self.asked = 0
        self.failure: ExhibitError | None = None

    async def room(self) -> int | None:
        return None

    async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        yield Delta("A lighthouse in a gale.")


@pytest.fixture
def seeing(house: House) -> tuple[House, Words]:
    words = Words()

    async def render(document: Document, page: int, boxes: Sequence[Box]) -> bytes:
        return picture()

    house.pipeline.describer = Describer(words, house.blobs, render)
    return house, words


async def test_what_a_model_says_of_pictures_and_pages_is_found_but_not_quoted(seeing: tuple[House, Words]) -> None:
    house, words = seeing
    document = house.upload()
    await take_in(house, document)
    assert house.catalogue.documents.find(document.id).status == "ready"
    chunks = {chunk.id: chunk for chunk in house.catalogue.chunks.of_document(document.id)}
    found = [chunks[id] for id, _ in house.words.search(house.collection, "lighthouse gale", 10)]
    assert {(chunk.kind, chunk.page) for chunk in found} == {("figure", 4), ("page", 2)}
    assert all("lighthouse" not in chunk.text and chunk.described_by == "seer" for chunk in found)
    evidence = house.catalogue.chunks.evidence([chunk.id for chunk in found], [house.collection])
    assert len(evidence) == 2
    assert words.asked == 2
    assert house.everything(document)[0] == house.everything(document)[1]


async def test_a_model_that_fails_leaves_the_document_partial_and_a_retry_asks_again(
    seeing: tuple[House, Words],
) -> None:
    house, words = seeing
    document = house.upload()
    words.failure = ModelRefused("the language model's server refuses the key")
    await take_in(house, document)
    done = house.catalogue.documents.find(document.id)
    assert (done.status, len(house.catalogue.chunks.of_document(document.id))) == ("partial", CHUNKS)
    assert [problem.message for problem in done.problems] == [
        "some of its pictures or tables could not be described by the language model: "
        "the language model's server refuses the key"
    ]
    words.failure = None
    house.catalogue.runs.requeue(document.id)
    waiting = await text_of(house, document, 2)
    await recognise_pictures(house.pipeline, step, document.id, 2, waiting)
    assert house.catalogue.documents.find(document.id).status == "ready"


async def test_what_came_in_without_the_model_is_described_once_it_answers(seeing: tuple[House, Words]) -> None:
    house, words = seeing
    document = house.upload()
    words.failure = ModelUnavailable("no language model answers")
    await take_in(house, document)
    done = house.catalogue.documents.find(document.id)
    assert (done.status, done.problems, done.waiting_for) == ("ready", (), "the language model")
    assert house.words.search(house.collection, "lighthouse gale", 10) == ()
    jobs, there, now = MemoryJobs(house.pipeline), [False], [0.0]

    async def answers() -> bool:
        return there[0]

    late = LateDescriptions(house.catalogue, jobs, answers, lambda: now[0])
    await late.once()
    assert house.catalogue.documents.find(document.id).attempt == 1
    words.failure, there[0] = None, True
    await late.once()
    begun = house.catalogue.documents.find(document.id)
    assert (begun.attempt, begun.status, begun.findable) == (2, "running", True)
    await settled(house, document.id)
    done = house.catalogue.documents.find(document.id)
    assert (done.status, done.problems, done.waiting_for) == ("ready", (), None)
    found = [id for id, _ in house.words.search(house.collection, "lighthouse gale", 10)]
    assert len(house.catalogue.chunks.evidence(found, [house.collection])) == 2
    assert house.everything(document)[0] == house.everything(document)[1]
    await late.once()
    assert house.catalogue.documents.find(document.id).attempt == 2
    await jobs.close()


async def test_a_model_that_goes_away_again_leaves_the_rest_for_later(seeing: tuple[House, Words]) -> None:
    house, words = seeing
    document = house.upload()
    words.failure = ModelUnavailable("no language model answers")
    await take_in(house, document)
    jobs = MemoryJobs(house.pipeline)

    async def answers() -> bool:
        return True

    now = [0.0]
    late = LateDescriptions(house.catalogue, jobs, answers, lambda: now[0])
    for moment, attempt in ((0.0, 2), (FIRST_PAUSE_S - 1, 2), (FIRST_PAUSE_S, 3), (2 * FIRST_PAUSE_S, 3)):
        now[0] = moment
        await late.once()
        await settled(house, document.id)
        done = house.catalogue.documents.find(document.id)
        assert (done.attempt, done.status, done.waiting_for) == (attempt, "ready", "the language model")
    await jobs.close()


async def test_describing_twice_changes_nothing(seeing: tuple[House, Words]) -> None:
    house, words = seeing
    document = house.upload()

    async def twice(name: str, stage: Any, *args: Any) -> Any:
        await stage(*args)
        return await stage(*args)

    await take_in(house, document, twice)
    chunks = house.catalogue.chunks.of_document(document.id)
    assert all(chunk.search_text.count("lighthouse") <= 1 for chunk in chunks)
    assert words.asked == 2
    assert house.everything(document)[1] == {chunk.id for chunk in chunks}


async def test_nothing_of_a_deleted_documents_descriptions_stays(seeing: tuple[House, Words]) -> None:
    house, _ = seeing
    document = house.upload()
    await take_in(house, document)
    house.catalogue.erasure.delete(document.id)
    house.pipeline.erase([document.id], house.collection)
    assert house.blobs.keys("") == ()


async def test_a_described_tables_vector_is_made_of_the_new_words(seeing: tuple[House, Words]) -> None:
    house, _ = seeing
    cells = (("Port", "Tons"), ("Calais", "9"))
    table = Block("table", "| Port | Tons |", 1, cells=cells)
    house.parser._page = lambda number: ParsedPage(number, (table,) if number == 1 else ())  # type: ignore[method-assign]
    document = house.upload()
    await take_in(house, document)
    [chunk] = house.catalogue.chunks.of_document(document.id)
    assert (chunk.kind, chunk.description) == ("table", "A lighthouse in a gale.")
    ids, vectors = house.kept.load(document.id, "text", MemoryTextEncoder.name)
    assert ids == [chunk.id]
    assert np.allclose(vectors, MemoryTextEncoder().encode([chunk.search_text]), atol=0.01)


# ---------------------------------------------------------------- a new version


class Counting(Bulk):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.pictures = 0

    async def texts(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return await super().texts(texts)

    async def images(self, images: Sequence[bytes]) -> Sequence[Any]:
        self.pictures += len(images)
        return await super().images(images)


class ThirdPageChanged(OnePageABatch):
    def _page(self, number: int) -> ParsedPage:
        page = super()._page(number)
        return ParsedPage(3, (Block("text", "Page 3 tells of the lighthouse.", 3),)) if number == 3 else page


async def new_version(house: House, old: Document, parser: OnePageABatch) -> tuple[Document, Counting]:
    """The same file name, other bytes; recorded, and not yet read."""
    house.use(parser, counting := Counting())
    fresh = replace(old, id="v2", sha256="cd" * 32, status="queued", replaces=old.id, created_at=datetime.now(UTC))
    house.blobs.put(f"originals/{fresh.sha256}", b"y")
    return house.catalogue.documents.record(fresh)[0], counting


async def test_of_a_new_version_only_what_changed_is_encoded(house: House) -> None:
    house.parser.draws = True
    old = house.upload()
    await take_in(house, old)
    parser = ThirdPageChanged()
    parser.draws = True
    fresh, counting = await new_version(house, old, parser)
    await take_in(house, fresh)
    assert [text.splitlines()[-1] for text in counting.seen] == ["Page 3 tells of the lighthouse."]
    assert counting.pictures == 0
    assert house.catalogue.documents.find(fresh.id).status == "ready"
    chunks, words, vectors = house.everything(fresh)
    assert chunks == words == vectors  # nothing of the former is left in the indexes
    assert len(chunks) == CHUNKS
    ids, kept = house.kept.load(fresh.id, "text", MemoryTextEncoder.name)
    texts = {chunk.id: chunk.search_text for chunk in house.catalogue.chunks.of_document(fresh.id)}
    expected = MemoryTextEncoder().encode([texts[id] for id in ids])
    assert (kept * expected).sum(axis=1).min() > 0.999


async def test_the_former_is_found_until_the_new_version_is_whole(house: House) -> None:
    old = house.upload()
    await take_in(house, old)
    before = found(house, old)
    fresh, _ = await new_version(house, old, ThirdPageChanged())
    waiting = await text_of(house, fresh, 1)
    assert waiting  # its text is indexed, its pictures are not read yet
    assert found(house, old) == before
    assert found(house, fresh) == []
    await recognise_pictures(house.pipeline, step, fresh.id, 1, waiting)
    assert len(found(house, fresh)) == CHUNKS
    assert house.catalogue.erasure.deleted() == ()  # erased already
    with pytest.raises(Gone):
        house.catalogue.chunks.find(f"{old.id}.0")
    assert house.blobs.keys(f"documents/{old.id}") == ()
    assert not house.blobs.exists(f"originals/{old.sha256}")


async def test_a_new_version_that_can_not_be_read_leaves_the_former(house: House) -> None:
    old = house.upload()
    await take_in(house, old)
    parser = ThirdPageChanged()
    parser.broken = Unreadable("It is torn.")
    fresh, _ = await new_version(house, old, parser)
    await take_in(house, fresh)
    assert house.catalogue.documents.find(fresh.id).status == "failed"
    assert len(found(house, old)) == CHUNKS


async def test_a_new_version_that_is_cancelled_half_way_leaves_the_former(house: House) -> None:
    old = house.upload()
    await take_in(house, old)
    fresh, _ = await new_version(house, old, ThirdPageChanged())
    waiting = await text_of(house, fresh, 1)
    house.catalogue.runs.update(fresh.id, 1, status="cancelled")
    await recognise_pictures(house.pipeline, step, fresh.id, 1, waiting)
    assert len(found(house, old)) == CHUNKS
    assert found(house, fresh) == []


async def test_without_the_formers_vectors_all_is_encoded(house: House) -> None:
    old = house.upload()
    await take_in(house, old)
    house.blobs.delete(f"documents/{old.id}/vectors")
    fresh, counting = await new_version(house, old, ThirdPageChanged())
    await take_in(house, fresh)
    assert len(counting.seen) == CHUNKS
