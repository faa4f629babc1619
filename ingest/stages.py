"""The stages of ingestion. Each may run twice, and writes only for a document that is still wanted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from domain import blob_keys
from domain.documents import READ, Document, Part, Problem, Status
from domain.errors import Missing, ModelMismatch, Unreadable, listed
from domain.limits import DocumentLimits
from domain.parsed import Block, Identity, ParsedPage
from ingest.chunk.cut import CountTokens, Cut, Pages, took_too_long
from ingest.describe import GROUP, Describer, Target, targets
from ingest.erasing import Eraser
from ingest.guarded import Guarded, Superseded
from ingest.indexing import Indexing, parts
from ingest.lanes import HURRIED_PICTURES, HURRIED_S, LARGE_PICTURES_LATER_S, is_large
from ingest.placed_words import dumped, words_of_blocks
from ingest.progress import Batch, Work
from ingest.recognise import Pictures, Recogniser, pictures_on
from ingest.stores import Models, Stores
from ingest.turns import Turns

READING = "3"  # raised when files are read differently: what an earlier attempt read is read again then
RECOGNISED_AT_ONCE = 4  # pages of one document being recognised side by side
TOLD_EVERY_S = 0.3  # progress within a stage

Numbers = tuple[int, ...]
T = TypeVar("T")


class Reader(Recogniser, Protocol):
    """Reads files where they can do no harm. Raises Unreadable (NeedsPassword), never hangs."""

    def batch_pages(self, media_type: str) -> int: ...
    async def open(self, document: Document) -> Identity: ...
    async def pages(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]: ...
    async def cut_text(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        """The chunks of pages that were stored as files: a long document takes seconds, so not in this process."""
        ...

    async def cut_pictures(
        self,
        document: Document,
        files: Sequence[Path],
        context: Path,
        batch: int,
        count: CountTokens,
        max_tokens: int,
    ) -> Cut:
        """The chunks of the pictures in the last of these files."""
        ...


class Stages:
    """`describer`: None where no language model describes pictures. `patient`: reads large documents, in other
    processes than `parser`. A stage of a `hurried` run returns None where the document is large, or takes too long."""

    def __init__(
        self,
        stores: Stores,
        models: Models,
        parser: Reader,
        guarded: Guarded,
        eraser: Eraser,
        describer: Describer | None = None,
        parse_at_once: int = 1,
        patient: Reader | None = None,
        limits: DocumentLimits | None = None,
    ) -> None:
        self._limits = limits or DocumentLimits()
        self._stores = stores
        self._models = models
        self._readers = {True: parser, False: patient or parser}  # by whether the run is hurried
        self._guarded = guarded
        self._eraser = eraser
        self._indexing = Indexing(stores, models, guarded)
        self.pictures = Pictures(parser, stores.blobs, self._store_crop)
        self.describer = describer
        self._parsing = {True: Turns(parse_at_once), False: Turns(parse_at_once)}

    def text_comes_first(self) -> AbstractContextManager[None]:
        """While the text of a document is on its way in, pictures wait."""
        return self.pictures.text_comes_first()

    async def waits(self, document_id: str, attempt: int, part: Part | None) -> None:
        """Tells users what the run waits for; None: it goes on."""
        await self._guarded.waits(document_id, attempt, part)

    async def identify(self, document_id: str, attempt: int, hurried: bool) -> list[Numbers] | None:
        """Opens the document; returns its batches as (number, first page, last page)."""
        document = await self._guarded.begin(document_id, attempt, "identify", Work())
        self._stamped(document)
        if hurried and is_large(document):
            return None
        reader = self._readers[hurried]
        identity = await _in_time(reader.open(document), hurried)
        if identity is None:
            return None
        await self._guarded.update(document, media_type=identity.media_type, pages=identity.pages, title=identity.title)
        if hurried and is_large(replace(document, media_type=identity.media_type, pages=identity.pages)):
            return None
        if identity.pages is None:
            return [(0, 1, 1)]
        size, last = reader.batch_pages(identity.media_type), min(identity.pages, self._limits.pages)
        return [(n, first, min(first + size - 1, last)) for n, first in enumerate(range(1, last + 1, size))]

    async def parse(
        self, document_id: str, attempt: int, batch: Batch, work: Work, hurried: bool, spent_s: float
    ) -> tuple[int, int, float, bool] | None:
        """Reads a batch of pages and stores them; returns how many have no text, the pictures on the others, the
        seconds that it took, and whether the document's time is over with that."""
        document = await self._guarded.begin(document_id, attempt, "parse", work)
        began, stored = time.monotonic(), await self._read_before(document, "parsed", batch)
        if stored is None:
            async with self._parsing[hurried].turn(work.pages - work.parsed):
                began = time.monotonic()
                pages = await _in_time(self._readers[hurried].pages(document, batch.first, batch.last), hurried)
            if pages is None:
                return None
            stored = tuple([await self._store_crops(document, page) for page in pages])
            await self._put(document, _read_key(document, "parsed", batch), stored)
        await self._put(document, _pages_key(document, batch.number), stored)
        with_text = [page for page in stored if not page.needs_ocr]
        took_s = time.monotonic() - began
        no_more = spent_s + took_s > self._limits.seconds
        return len(stored) - len(with_text), sum(map(pictures_on, with_text)), took_s, no_more

    async def split(
        self, document_id: str, attempt: int, batches: Sequence[Batch], work: Work, hurried: bool
    ) -> list[int] | None:
        """Cuts the text into chunks and records them; returns the first ordinal of each part to embed."""
        document = await self._guarded.begin(document_id, attempt, "split", work)
        files = [
            await asyncio.to_thread(self._stores.blobs.path, _pages_key(document, batch.number)) for batch in batches
        ]
        encoder = self._models.text
        cutting = self._readers[hurried].cut_text(document, files, encoder.token_counter(), encoder.max_tokens)
        cut = await _in_time(cutting, hurried)
        if cut is None:
            return None
        await self._guarded.update(document, page_report=cut.report, problems=cut.problems)
        await self._guarded.write(document, self._stores.blobs.put, _context_key(document), cut.context)
        await self._guarded.write(document, self._indexing.record_anew, document, (*cut.outline, *cut.chunks))
        return parts(cut.chunks)

    async def describe(
        self, document_id: str, attempt: int, batch: Batch, work: Work, spent_s: float, left: int
    ) -> tuple[float, bool]:
        """Recognises the words of pages without text, and of figures. Returns the seconds that it took, and whether the
        document's time is over, so that the batches that are left are not read."""
        document = await self._guarded.begin(document_id, attempt, "describe", work)
        began = told = time.monotonic()
        gate, so_far = asyncio.Semaphore(RECOGNISED_AT_ONCE), work
        later_s = LARGE_PICTURES_LATER_S if work.textless + work.pictures > HURRIED_PICTURES else 0.0

        async def described(page: ParsedPage) -> ParsedPage:
            nonlocal told, so_far
            async with gate:
                read = await self.pictures.recognise(document, page, later_s)
            await self._keep_words(document, page, read)
            so_far = so_far.read(1, 0) if page.needs_ocr else so_far.read(0, pictures_on(page))
            if time.monotonic() > told + TOLD_EVERY_S:
                told = time.monotonic()
                await self._guarded.begin(document_id, attempt, "describe", so_far)
            return read

        pages = await self._read_before(document, "described", batch)
        if pages is None:
            pages = tuple(await asyncio.gather(*map(described, await self._pages(document, batch.number))))
            await self._put(document, _read_key(document, "described", batch), pages)
        await self._put(document, _pages_key(document, batch.number), pages)
        took_s = time.monotonic() - began
        no_more = left > 0 and spent_s + took_s > self._limits.seconds
        if no_more:
            why = took_too_long("the pictures of its later pages were not read", self._limits)
            await self._guarded.update(document, problems=tuple(dict.fromkeys((*document.problems, Problem(why)))))
        return took_s, no_more

    async def split_pictures(self, document_id: str, attempt: int, batch: Batch, work: Work, small: bool) -> list[int]:
        """Cuts the recognised words of a batch of pages into chunks, beside those of the text; returns as `split`."""
        document = await self._guarded.begin(document_id, attempt, "split", work)
        numbers = [number for number in (batch.number - 1, batch.number) if number >= 0]
        files = [await asyncio.to_thread(self._stores.blobs.path, _pages_key(document, number)) for number in numbers]
        context = await asyncio.to_thread(self._stores.blobs.path, _context_key(document))
        number, encoder = batch.number + 1, self._models.text
        cut = await self._readers[small].cut_pictures(
            document, files, context, number, encoder.token_counter(), encoder.max_tokens
        )
        read = {page.page: page for page in cut.report}
        report = [read.get(page.page, page) for page in document.page_report]
        problems = tuple(dict.fromkeys((*document.problems, *cut.problems)))
        await self._guarded.update(document, page_report=report, problems=problems)
        await self._guarded.write(
            document, self._stores.catalogue.chunks.replace, document.id, attempt, cut.chunks, number
        )
        return parts(cut.chunks)

    async def next_batch(self, document_id: str, attempt: int) -> int:
        """The number of the batch after those that are published."""
        document = await asyncio.to_thread(self._guarded.wanted, document_id, attempt)
        if document is None:
            raise Superseded("No longer wanted.")
        return document.published

    async def to_caption(self, document_id: str, attempt: int, first: int) -> int:
        """The number of groups of things to be described. `first`: the batch of the first group's pages."""
        document = await asyncio.to_thread(self._guarded.wanted, document_id, attempt)
        if document is None:
            raise Superseded("No longer wanted.")
        return -(-len(await self._targets(document, first)) // GROUP) if self.describer is not None else 0

    async def caption(
        self, document_id: str, attempt: int, group: int, batch: int, work: Work
    ) -> tuple[list[tuple[int, int]], bool]:
        """Describes a group. Returns the parts (batch, first ordinal) that changed, and whether the model failed."""
        document = await self._guarded.begin(document_id, attempt, "describe", work)
        if self.describer is None:  # switched off since
            return [], False
        wanted = (await self._targets(document, batch - group))[group * GROUP : (group + 1) * GROUP]
        store = partial(self._guarded.write, document, self._stores.blobs.put)
        described = await self.describer.describe(document, wanted, batch, store)
        if described.failure:
            why = f"some of its pictures or tables could not be described by the language model: {described.failure}"
            await self._guarded.update(document, problems=tuple(dict.fromkeys((*document.problems, Problem(why)))))
        if described.later:  # it ends ready: what it says itself is found, and descriptions follow
            await self._guarded.waits(document_id, attempt, "the language model")
        if described.chunks:
            await self._guarded.write(
                document, self._stores.catalogue.chunks.describe, document.id, attempt, described.chunks
            )
        if described.pages:
            await self._guarded.write(
                document, self._stores.catalogue.chunks.replace, document.id, attempt, described.pages, batch
            )
        changed = await self._indexing.parts_with(document, described.chunks)
        changed += [(batch, first) for first in parts(described.pages)]
        return changed, described.later or described.failure is not None

    async def embed(
        self, document_id: str, attempt: int, batch: int, first: int, work: Work, changed: bool = False
    ) -> float:
        """Makes the vectors of one part of the chunks and keeps them as blobs; returns the seconds that it took.
        `changed`: those kept are of other words."""
        document, began = await self._guarded.begin(document_id, attempt, "embed", work), time.monotonic()
        await self._indexing.embed(document, batch, first, changed)
        return time.monotonic() - began

    async def index(self, document_id: str, attempt: int, batch: int, first: int, work: Work) -> float:
        """Hands one part of the chunks to the indexes; returns the seconds that it took."""
        document, began = await self._guarded.begin(document_id, attempt, "index", work), time.monotonic()
        await self._indexing.index(document, batch, first)
        return time.monotonic() - began

    async def publish(self, document_id: str, attempt: int, batch: int, left: int) -> None:
        """Makes the chunks up to this batch findable. With no batch left, the document is finished, and what was only
        needed on the way is removed, also by a run that was killed between the two."""
        if left:
            document = await asyncio.to_thread(self._guarded.wanted, document_id, attempt)
            if document is not None and document.replaces is not None:
                return  # a new version takes the former's place as a whole
            if document is None or (document.chunks and not await self._made_visible(document, "running", batch)):
                raise Superseded("No longer wanted.")
            return
        if not await asyncio.to_thread(self._finished, document_id, attempt):
            document = await self._guarded.begin(document_id, attempt, "publish", Work())
            if not document.chunks:
                raise Unreadable(_why_nothing(document.problems))
            if not await self._made_visible(document, "partial" if document.problems else "ready", batch):
                raise Superseded("No longer wanted.")
        await asyncio.to_thread(self._tidy, document_id, attempt)
        await asyncio.to_thread(self._eraser.erase_former, document_id)

    async def fail(self, document_id: str, attempt: int, why: str) -> None:
        """Ends the document with the reason first among its problems: as `failed`, or `partial` if some is findable."""
        document = await asyncio.to_thread(self._guarded.wanted, document_id, attempt)
        if document is None:
            return
        problems = (Problem(why), *(problem for problem in document.problems if problem.message != why))
        runs = self._stores.catalogue.runs
        update = partial(runs.update, document_id, attempt, problems=problems)
        if not document.findable:
            await asyncio.to_thread(update, status="failed")
        elif await asyncio.to_thread(update):
            await asyncio.to_thread(runs.publish, document_id, attempt, "partial", document.published)

    # ------------------------------------------------------------ what the stages share

    def _stamped(self, document: Document) -> None:
        """Stamps the collection with the names of the encoders. Raises ModelMismatch where it has others: their vectors
        can't be compared."""
        encoders: dict[str, str] = {str(space): name for space, name in self._models.encoders.items()}
        collection = self._stores.catalogue.collections.stamp(document.collection_id, encoders)
        if dict(collection.encoders) != encoders:
            raise ModelMismatch.of(collection, listed(collection.encoders), listed(encoders))

    def _finished(self, document_id: str, attempt: int) -> bool:
        document = self._guarded.in_attempt(document_id, attempt)
        return document is not None and document.status in READ

    def _tidy(self, document_id: str, attempt: int) -> None:
        """A retry may have begun meanwhile: its pages come in after this, or are left alone. What was read of a
        `partial` document stays: a retry goes on from it."""
        with self._eraser.excluded(document_id):
            document = self._guarded.in_attempt(document_id, attempt)
            if document is not None and document.status == "ready":
                self._stores.blobs.delete(blob_keys.pages_folder(document_id))
        self._guarded.end(document_id, attempt)

    async def _targets(self, document: Document, first: int) -> list[Target]:
        """Without pages that an earlier batch describes already: their chunks stand."""
        chunks = await asyncio.to_thread(self._stores.catalogue.chunks.of_document, document.id)
        told = {chunk.page for chunk in chunks if chunk.kind == "page" and chunk.batch < first}
        found = targets(document, chunks, document.page_report)
        return [one for one in found if one.chunk is not None or one.page not in told]

    async def _made_visible(self, document: Document, status: Status, batch: int) -> bool:
        return await asyncio.to_thread(
            self._stores.catalogue.runs.publish, document.id, document.attempt, status, batch + 1
        )

    async def _read_before(self, document: Document, how: str, batch: Batch) -> tuple[ParsedPage, ...] | None:
        """What an earlier attempt read of these pages; None where there is nothing, or a page that may be read now."""
        try:
            data = await asyncio.to_thread(self._stores.blobs.read, _read_key(document, how, batch))
        except Missing:
            return None
        pages = Pages.validate_json(data)
        return None if any(page.read_as == "failed" for page in pages) else pages

    async def _put(self, document: Document, key: str, pages: tuple[ParsedPage, ...]) -> None:
        await self._guarded.write(document, self._stores.blobs.put, key, Pages.dump_json(pages))

    async def _pages(self, document: Document, number: int) -> tuple[ParsedPage, ...]:
        return Pages.validate_json(await asyncio.to_thread(self._stores.blobs.read, _pages_key(document, number)))

    async def _keep_words(self, document: Document, page: ParsedPage, read: ParsedPage) -> None:
        """Of a page without text, for its text layer: its chunks have regions, not words."""
        if page.needs_ocr and page.number is not None and (words := words_of_blocks(read.blocks)):
            key = blob_keys.words(document.id, page.number)
            await self._guarded.write(document, self._stores.blobs.put, key, dumped(words))

    async def _store_crops(self, document: Document, page: ParsedPage) -> ParsedPage:
        blocks = [await self._store_crop(document, block) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _store_crop(self, document: Document, block: Block) -> Block:
        if block.pixels is None:
            return block
        key = blob_keys.crop(document.id, block.pixels)
        await self._guarded.write(document, self._stores.blobs.put, key, block.pixels)
        return replace(block, pixels=None, image=key)


async def _in_time(reading: Awaitable[T], hurried: bool) -> T | None:
    """None if a hurried run has to wait for too long: then the child that works for it is ended."""
    if not hurried:
        return await reading
    try:
        return await asyncio.wait_for(reading, HURRIED_S)
    except TimeoutError:
        return None


def _read_key(document: Document, how: str, batch: Batch) -> str:
    return blob_keys.pages_by_span(document.id, how, READING, batch.first, batch.last)


def _pages_key(document: Document, number: int) -> str:
    return blob_keys.pages(document.id, number)


def _context_key(document: Document) -> str:
    return blob_keys.page_context(document.id)


def _why_nothing(problems: Sequence[Problem]) -> str:
    if problems:
        return f"Nothing of it could be read: {problems[0].message}"
    return "Nothing to read in it: no text, no tables, no pictures."
