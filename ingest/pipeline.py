"""A document's way in, top to bottom. Its text comes first; what only pictures hold is read after.

`ingest`: identify, parse, split, embed, index, publish: from then on the text is found. `read_pictures`: pages without
text, and figures, are described (their words recognised), split, embed, indexed and published batch by batch. The two
wait in queues of their own, so that the text of many documents is found before the pictures of the first are read.

They tell the story; they know no queue. Each stage is one call through `step`, which a durable queue records: after a
crash, finished stages are not repeated, and the one that was running runs again. So every stage may run twice, gives
small results (numbers and keys, never content), and leaves the same things behind each time. What the text became
stays as it is when pictures arrive; each batch becomes visible in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from domain import blob_keys
from domain.errors import ExhibitError, Gone, Missing, ModelMismatch, Unreadable, listed
from domain.ports import (
    Blobs,
    Catalogue,
    ImageEncoder,
    IndexName,
    KeptVectors,
    TextEncoder,
    VectorIndex,
    Vectors,
    WordsIndex,
    words_row,
)
from domain.types import (
    READ,
    Block,
    Box,
    Chunk,
    Document,
    Identity,
    ParsedPage,
    Problem,
    Space,
    Stage,
    Status,
)
from ingest.chunk.cut import CountTokens, Cut, Pages
from ingest.chunk.regions import cell_lines
from ingest.describe import GROUP, Describer, Target, targets
from ingest.embed import encoded, keeps, known_vectors, vector_rows, wanted_by
from ingest.originals import Originals
from ingest.parse.tables import unruled
from ingest.progress import Clocks, Work
from ingest.turns import Turns

PDF = "application/pdf"  # its parser finds figures, and leaves drawing them for later
TEXT = 0  # the batch of chunks that is published first; the pictures of batch n of the pages are n + 1
EMBED_PART = 128  # chunks a step: some seconds of work, so that a kill costs little and progress moves
WRITE_PART = 50  # Chroma's writes hold the GIL: 50 vectors freeze the process for about 57 ms, 500 for 271 ms
READING = "3"  # raised when files are read differently: what an earlier attempt read is read again then
READ_AT_ONCE = 4  # pages of one document being recognised side by side
TEXT_FIRST_S = 5.0  # while the text of documents is on its way in, one picture in so long is read all the same
TOLD_EVERY_S = 0.3  # progress within a stage
LONGEST_TITLE = 100  # characters of a picture's first words

T = TypeVar("T")
log = logging.getLogger(__name__)
Numbers = tuple[int, ...]


class Superseded(ExhibitError):
    """This run is no longer wanted: the document was cancelled, deleted, or queued again."""

    status, title = 409, "No longer wanted"


class Step(Protocol):
    """Runs one stage, once: a durable queue records its result under the name."""

    async def __call__(self, name: str, stage: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T: ...


class Parser(Protocol):
    """Reads files where they can do no harm. Raises Unreadable (NeedsPassword), never hangs."""

    def batch_pages(self, media_type: str) -> int: ...
    async def open(self, document: Document) -> Identity: ...
    async def pages(self, document: Document, first: int, last: int) -> Sequence[ParsedPage]: ...
    async def read_page(self, document: Document, page: int) -> ParsedPage: ...
    async def read_pixels(self, pixels: bytes) -> tuple[str, float]: ...
    async def read_figures(
        self, document: Document, page: int, figures: Sequence[tuple[Box, bool]]
    ) -> Sequence[tuple[bytes, str, float]]:
        """Figures of a page that were found but not drawn: crop, words and how sure of them; read only where asked."""
        ...

    async def cut_text(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        """The chunks of pages that were stored as files: a long document takes seconds, so not in this process."""
        ...

    async def cut_pictures(
        self,
        document: Document,
        files: Sequence[Path],
        outlook: Path,
        batch: int,
        count: CountTokens,
        max_tokens: int,
    ) -> Cut:
        """The chunks of the pictures in the last of these files."""
        ...


class BulkEncoder(Protocol):
    """Encodes in a process of its own, so that questions don't wait for documents."""

    async def texts(self, texts: Sequence[str]) -> Vectors: ...
    async def images(self, images: Sequence[bytes]) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages first..last of a paged document; (1, 1) for one without pages. And what was seen on them, once parsed."""

    number: int
    first: int
    last: int
    textless: int = 0  # pages that have to be read as pictures
    pictures: int = 0  # on the other pages

    @property
    def pages(self) -> int:
        return self.last - self.first + 1


async def ingest(pipeline: Pipeline, step: Step, document_id: str, attempt: int) -> list[Numbers]:
    """Takes the text of a document in. Returns the batches of pages with pictures, which are left to be read: until
    then the document stays `running`. Without any it ends `ready`, `partial` or `failed`, or quietly if superseded."""
    run = (document_id, attempt)
    with pipeline.text_comes_first():
        try:
            batches = [Batch(*numbers) for numbers in await step("identify", pipeline.identify, *run)]
            work = Work(sum(batch.pages for batch in batches))
            for n, batch in enumerate(batches):
                textless, pictures = await step(f"parse-{batch.number}", pipeline.parse, *run, batch, work)
                work = work.parse(batch.pages, textless, pictures)
                batches[n] = replace(batch, textless=textless, pictures=pictures)
            parts = await step("split", pipeline.split, *run, batches, work)
            await _make_findable(pipeline, step, run, TEXT, parts, work)
            waiting = [astuple(batch) for batch in batches if batch.textless or batch.pictures]
            if pipeline.describer is not None and batches and not waiting:  # its tables may be described still
                waiting = [astuple(batches[-1])]
            await step("publish", pipeline.publish, *run, TEXT, len(waiting))
        except Superseded:
            return []
        except ExhibitError as error:
            await step("fail", pipeline.fail, *run, str(error))
            return []
    return waiting


async def read_pictures(
    pipeline: Pipeline, step: Step, document_id: str, attempt: int, waiting: Sequence[Sequence[int]]
) -> None:
    """Reads what only pictures hold, after the text. Ends the document `ready`, `partial` or `failed`, or quietly."""
    run = (document_id, attempt)
    batches = [Batch(*numbers) for numbers in waiting]
    textless, pictures = sum(batch.textless for batch in batches), sum(batch.pictures for batch in batches)
    pages = max((batch.last for batch in batches), default=1)
    work = Work(pages, pages, textless, pictures, indexed=1.0)
    try:
        for left, batch in zip(reversed(range(len(batches))), batches, strict=True):
            n = batch.number
            await step(f"describe-{n}", pipeline.describe, *run, batch, work)
            work = work.read(batch.textless, batch.pictures)
            parts = await step(f"split-{n}", pipeline.split_pictures, *run, batch, work)
            await _make_findable(pipeline, step, run, n + 1, parts, work)
            last = n + 1 if left else await _caption(pipeline, step, run, n + 2, work)
            await step(f"publish-{n}", pipeline.publish, *run, last, left)
    except Superseded:
        return
    except ExhibitError as error:
        await step("fail", pipeline.fail, *run, str(error))


async def _caption(pipeline: Pipeline, step: Step, run: tuple[str, int], first: int, work: Work) -> int:
    """Has figures, tables and pages without text described, group by group, each with a batch of its own for the
    pages; then what was found by other words before is embedded and indexed again. Returns the last batch."""
    changed: dict[tuple[int, int], None] = {}
    groups = await step("to-caption", pipeline.to_caption, *run)
    for group in range(groups):
        parts, failed = await step(f"caption-{group}", pipeline.caption, *run, group, first + group, work)
        changed |= dict.fromkeys((batch, ordinal) for batch, ordinal in parts)
        if failed:
            break
    for batch, ordinal in changed:
        await step(f"embed-again-{batch}-{ordinal}", pipeline.embed, *run, batch, ordinal, work, True)
        await step(f"index-again-{batch}-{ordinal}", pipeline.index, *run, batch, ordinal, work)
    return first + groups


async def _make_findable(
    pipeline: Pipeline, step: Step, run: tuple[str, int], batch: int, parts: Sequence[int], work: Work
) -> None:
    """Embeds and indexes the chunks of one batch, in parts that are known by their first ordinals."""
    share = 0.5 / max(1, len(parts))
    for first in parts:
        await step(f"embed-{first}", pipeline.embed, *run, batch, first, work)
        work = work.index(share)
    for first in parts:
        await step(f"index-{first}", pipeline.index, *run, batch, first, work)
        work = work.index(share)


class Pipeline:
    """The stages. Each is safe to run twice, and refuses to write for a document that is no longer wanted."""

    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        originals: Originals,
        parser: Parser,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder,
        bulk: BulkEncoder,
        kept: KeptVectors,
        vectors: VectorIndex,
        words: WordsIndex,
        describer: Describer | None = None,
        parse_at_once: int = 1,
    ) -> None:
        self.catalogue = catalogue
        self.blobs = blobs
        self.originals = originals
        self.parser = parser
        self.text_encoder = text_encoder
        self.image_encoder = image_encoder
        self.bulk = bulk
        self.kept = kept
        self.vectors = vectors
        self.words = words
        self.describer = describer
        self._writing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._texts_under_way = 0
        self._next_picture = asyncio.Lock()
        self._parsing = Turns(parse_at_once)
        self._clocks = Clocks()

    # ------------------------------------------------------------ the stages

    async def identify(self, document_id: str, attempt: int) -> list[Numbers]:
        """Opens the document; returns its batches as (number, first page, last page)."""
        document = await self._begin(document_id, attempt, "identify", Work())
        self._stamped(document)
        identity = await self.parser.open(document)
        await self._update(document, media_type=identity.media_type, pages=identity.pages, title=identity.title)
        if identity.pages is None:
            return [(0, 1, 1)]
        size = self.parser.batch_pages(identity.media_type)
        firsts = range(1, identity.pages + 1, size)
        return [(n, first, min(first + size - 1, identity.pages)) for n, first in enumerate(firsts)]

    async def parse(self, document_id: str, attempt: int, batch: Batch, work: Work) -> tuple[int, int]:
        """Reads a batch of pages and stores them; returns how many have no text, and the pictures on the others."""
        document = await self._begin(document_id, attempt, "parse", work)
        stored = await self._read_before(document, "parsed", batch)
        if stored is None:
            async with self._parsing.turn(work.pages - work.parsed):
                pages = await self.parser.pages(document, batch.first, batch.last)
            stored = tuple([await self._store_crops(document, page) for page in pages])
            await self._write(document, self.blobs.put, _read_key(document, "parsed", batch), Pages.dump_json(stored))
        await self._write(document, self.blobs.put, _pages_key(document, batch.number), Pages.dump_json(stored))
        with_text = [page for page in stored if not page.needs_ocr]
        return len(stored) - len(with_text), sum(_is_picture(block) for page in with_text for block in page.blocks)

    async def split(self, document_id: str, attempt: int, batches: Sequence[Batch], work: Work) -> list[int]:
        """Cuts the text into chunks and records them; returns the first ordinal of each part to embed."""
        document = await self._begin(document_id, attempt, "split", work)
        files = [await asyncio.to_thread(self.blobs.path, _pages_key(document, batch.number)) for batch in batches]
        encoder = self.text_encoder
        cut = await self.parser.cut_text(document, files, encoder.token_counter(), encoder.max_tokens)
        await self._update(document, page_report=cut.report, problems=cut.problems)
        await self._write(document, self.blobs.put, _outlook_key(document), cut.outlook)
        await self._write(document, self._record_anew, document, (*cut.outline, *cut.chunks))
        return _parts(cut.chunks)

    async def describe(self, document_id: str, attempt: int, batch: Batch, work: Work) -> None:
        """Recognises the words of pages without text, and of figures."""
        document = await self._begin(document_id, attempt, "describe", work)
        gate, told, so_far = asyncio.Semaphore(READ_AT_ONCE), time.monotonic(), work

        async def described(page: ParsedPage) -> ParsedPage:
            nonlocal told, so_far
            async with gate:
                read = await self._describe_page(document, page)
            so_far = so_far.read(1, 0) if page.needs_ocr else so_far.read(0, sum(map(_is_picture, page.blocks)))
            if time.monotonic() > told + TOLD_EVERY_S:
                told = time.monotonic()
                await self._begin(document_id, attempt, "describe", so_far)
            return read

        pages = await self._read_before(document, "described", batch)
        if pages is None:
            pages = tuple(await asyncio.gather(*map(described, await self._pages(document, batch.number))))
            await self._write(document, self.blobs.put, _read_key(document, "described", batch), Pages.dump_json(pages))
        await self._write(document, self.blobs.put, _pages_key(document, batch.number), Pages.dump_json(pages))

    async def split_pictures(self, document_id: str, attempt: int, batch: Batch, work: Work) -> list[int]:
        """Cuts what was read in a batch of pages into chunks, beside those of the text; as `split`."""
        document = await self._begin(document_id, attempt, "split", work)
        numbers = [number for number in (batch.number - 1, batch.number) if number >= 0]
        files = [await asyncio.to_thread(self.blobs.path, _pages_key(document, number)) for number in numbers]
        outlook = await asyncio.to_thread(self.blobs.path, _outlook_key(document))
        number, encoder = batch.number + 1, self.text_encoder
        cut = await self.parser.cut_pictures(
            document, files, outlook, number, encoder.token_counter(), encoder.max_tokens
        )
        read = {page.page: page for page in cut.report}
        report = [read.get(page.page, page) for page in document.page_report]
        problems = tuple(dict.fromkeys((*document.problems, *cut.problems)))
        await self._update(document, page_report=report, problems=problems)
        await self._write(document, self.catalogue.chunks.replace, document.id, attempt, cut.chunks, number)
        return _parts(cut.chunks)

    async def to_caption(self, document_id: str, attempt: int) -> int:
        """The number of groups of things to be described."""
        document = await asyncio.to_thread(self._wanted, document_id, attempt)
        if document is None:
            raise Superseded("No longer wanted.")
        return -(-len(await self._targets(document)) // GROUP) if self.describer is not None else 0

    async def caption(
        self, document_id: str, attempt: int, group: int, batch: int, work: Work
    ) -> tuple[list[tuple[int, int]], bool]:
        """Describes a group. Returns the parts (batch, first ordinal) that changed, and whether the model failed."""
        document = await self._begin(document_id, attempt, "describe", work)
        if self.describer is None:  # switched off since
            return [], False
        wanted = (await self._targets(document))[group * GROUP : (group + 1) * GROUP]
        store = partial(self._write, document, self.blobs.put)
        described = await self.describer.describe(document, wanted, batch, store)
        if described.failure:
            why = f"some of its pictures or tables could not be described by the language model: {described.failure}"
            await self._update(document, problems=tuple(dict.fromkeys((*document.problems, Problem(why)))))
        if described.chunks:
            await self._write(document, self.catalogue.chunks.describe, document.id, attempt, described.chunks)
        if described.pages:
            await self._write(document, self.catalogue.chunks.replace, document.id, attempt, described.pages, batch)
        parts = await self._parts_of(document, described.chunks)
        parts += [(batch, first) for first in _parts(described.pages)]
        return parts, described.failure is not None

    async def embed(
        self, document_id: str, attempt: int, batch: int, first: int, work: Work, changed: bool = False
    ) -> None:
        """Makes the vectors of one part of the chunks and keeps them as blobs. `changed`: those kept are of other
        words."""
        document = await self._begin(document_id, attempt, "embed", work)
        chunks = await self._part(document, batch, first)
        for space, encoder in self.encoders.items():
            wanted = await asyncio.to_thread(wanted_by, space, self.text_encoder, chunks)
            if not wanted or (not changed and await self._kept_before(document, space, batch, first, wanted)):
                continue
            known = await asyncio.to_thread(known_vectors, self.catalogue, self.kept, document, space, encoder, wanted)
            new = [chunk for chunk in wanted if chunk.id not in known]
            made = known | dict(zip(*await encoded(self.bulk, self.blobs, space, new), strict=True))
            if known:
                counts = {"document": document.id, "known": len(known), "encoded": len(new)}
                log.info("the vectors of the former version are taken over", extra=counts)
            if made:
                stacked = np.stack(list(made.values())).astype(np.float32)
                await self._write(document, self.kept.keep, document.id, space, encoder, first, list(made), stacked)

    async def index(self, document_id: str, attempt: int, batch: int, first: int, work: Work) -> None:
        """Hands one part of the chunks to the indexes."""
        document = await self._begin(document_id, attempt, "index", work)
        chunks = await self._part(document, batch, first)
        rows = [words_row(chunk) for chunk in chunks]
        await self._write(document, self.words.add, document.collection_id, rows)
        for space, encoder in self.encoders.items():
            await self._index_vectors(document, space, encoder, first, chunks)

    async def publish(self, document_id: str, attempt: int, batch: int, left: int) -> None:
        """Makes the chunks up to this batch findable. With no batch left, the document is finished, and what was only
        needed on the way is removed, also by a run that was killed between the two."""
        if left:
            document = await asyncio.to_thread(self._wanted, document_id, attempt)
            if document is not None and document.replaces is not None:
                return  # a new version takes the former's place as a whole
            if document is None or (document.chunks and not await self._made_visible(document, "running", batch)):
                raise Superseded("No longer wanted.")
            return
        if not await asyncio.to_thread(self._finished, document_id, attempt):
            document = await self._begin(document_id, attempt, "publish", Work())
            if not document.chunks:
                raise Unreadable(_why_nothing(document.problems))
            if not await self._made_visible(document, "partial" if document.problems else "ready", batch):
                raise Superseded("No longer wanted.")
        await asyncio.to_thread(self._tidy, document_id, attempt)
        await asyncio.to_thread(self._erase_former, document_id)

    async def fail(self, document_id: str, attempt: int, why: str) -> None:
        """Ends the document with the reason first among its problems: as `failed`, or `partial` if some is findable."""
        document = await asyncio.to_thread(self._wanted, document_id, attempt)
        if document is None:
            return
        problems = (Problem(why), *(problem for problem in document.problems if problem.message != why))
        if not document.findable:
            await asyncio.to_thread(
                lambda: self.catalogue.runs.update(document_id, attempt, status="failed", problems=problems)
            )
        elif await asyncio.to_thread(lambda: self.catalogue.runs.update(document_id, attempt, problems=problems)):
            await asyncio.to_thread(self.catalogue.runs.publish, document_id, attempt, "partial", document.published)

    def erase(self, document_id: str, collection_id: str) -> None:
        """Removes vectors, words, blobs and rows of a deleted document. Idempotent."""
        with self._writing[document_id]:
            self._remove(document_id, collection_id)
            gone = [document for document in self.catalogue.erasure.deleted() if document.id == document_id]
            self.catalogue.erasure.erase(document_id)
            for document in gone:
                self.originals.release(document)
        self._writing.pop(document_id, None)

    def _remove(self, document_id: str, collection_id: str) -> None:
        for index in self.vectors.indexes():
            if index.collection_id == collection_id:
                self.vectors.remove_document(index, document_id)
        self.words.remove_document(collection_id, document_id)
        self.blobs.delete(blob_keys.folder(document_id))

    def _deleted(self, document_id: str) -> bool:
        try:
            self.catalogue.documents.find(document_id)
        except (Missing, Gone):
            return True
        return False

    def _erase_former(self, document_id: str) -> None:
        """Of a new version that has taken its place; what a kill here leaves, the queue is asked to erase later."""
        try:
            former = self.catalogue.documents.find(document_id).replaces
        except (Missing, Gone):
            return
        for document in self.catalogue.erasure.deleted() if former else ():
            if document.id == former:
                self.erase(document.id, document.collection_id)

    def drop(self, collection_id: str) -> None:
        """Removes a deleted collection's indexes. Idempotent."""
        self.vectors.drop(collection_id)
        self.words.drop(collection_id)

    # ------------------------------------------------------------ what the stages share

    @property
    def encoders(self) -> dict[Space, str]:
        return {"text": self.text_encoder.name, "image": self.image_encoder.name}

    def _stamped(self, document: Document) -> None:
        """The collection carries the names of its encoders; others' vectors would be nonsense beside them."""
        encoders: dict[str, str] = {str(space): name for space, name in self.encoders.items()}
        collection = self.catalogue.collections.stamp(document.collection_id, encoders)
        if dict(collection.encoders) != encoders:
            raise ModelMismatch.of(collection, listed(collection.encoders), listed(encoders))

    def _wanted(self, document_id: str, attempt: int) -> Document | None:
        try:
            document = self.catalogue.documents.find(document_id)
        except (Missing, Gone):
            return None
        wanted = document.attempt == attempt and document.status in ("queued", "running")
        return document if wanted else None

    def _finished(self, document_id: str, attempt: int) -> bool:
        document = self._in_attempt(document_id, attempt)
        return document is not None and document.status in READ

    def _in_attempt(self, document_id: str, attempt: int) -> Document | None:
        try:
            document = self.catalogue.documents.find(document_id)
        except (Missing, Gone):
            return None
        return document if document.attempt == attempt else None

    def _tidy(self, document_id: str, attempt: int) -> None:
        """A retry may have begun meanwhile: its pages come in after this, or are left alone. What was read of a
        `partial` document stays: a retry goes on from it."""
        with self._writing[document_id]:
            document = self._in_attempt(document_id, attempt)
            if document is not None and document.status == "ready":
                self.blobs.delete(blob_keys.pages_folder(document_id))
        self._clocks.forget((document_id, attempt))

    async def _begin(self, document_id: str, attempt: int, stage: Stage, work: Work) -> Document:
        """Enters a stage, so much of the work being done; raises Superseded when the run is not wanted."""
        time_left_s = self._clocks.time_left_s((document_id, attempt), work)

        def enter() -> Document:
            document = self._wanted(document_id, attempt)
            if document is not None:
                now: dict[str, Any] = {
                    "stage": stage,
                    "progress": max(document.progress, work.progress),
                    "time_left_s": time_left_s,
                }
                if self.catalogue.runs.update(document_id, attempt, status="running", **now):
                    return document
            raise Superseded("No longer wanted.")

        return await asyncio.to_thread(enter)

    async def _targets(self, document: Document) -> list[Target]:
        chunks = await asyncio.to_thread(self.catalogue.chunks.of_document, document.id)
        return targets(document, chunks, document.page_report)

    async def _parts_of(self, document: Document, chunks: Sequence[Chunk]) -> list[tuple[int, int]]:
        """The parts, as they were embedded, that these chunks are in."""
        found: dict[tuple[int, int], None] = {}
        for batch in sorted({chunk.batch for chunk in chunks}):
            whole = await asyncio.to_thread(self.catalogue.chunks.of_document, document.id, -1, None, batch)
            firsts = _parts(whole)
            places = {chunk.id: place for place, chunk in enumerate(whole)}
            of_batch = [chunk for chunk in chunks if chunk.batch == batch]
            found |= dict.fromkeys((batch, firsts[places[chunk.id] // EMBED_PART]) for chunk in of_batch)
        return list(found)

    async def _update(self, document: Document, **changes: Any) -> None:
        if not await asyncio.to_thread(lambda: self.catalogue.runs.update(document.id, document.attempt, **changes)):
            raise Superseded("No longer wanted.")

    async def _write(self, document: Document, write: Callable[..., object], *args: object) -> None:
        """Writes for a document that is still wanted: a deletion either sees what was written, or prevents it; or, in
        another process, came in between: then what was written is removed here."""

        def guarded() -> None:
            with self._writing[document.id]:
                if self._wanted(document.id, document.attempt) is None:
                    raise Superseded("No longer wanted.")
                write(*args)
                if self._deleted(document.id):
                    self._remove(document.id, document.collection_id)
                    raise Superseded("No longer wanted.")

        await asyncio.to_thread(guarded)

    def _record_anew(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Records the chunks of the text in place of all that an earlier attempt left."""
        again = document.attempt > 1
        if again and not self._recorded_before(document, chunks):
            self.blobs.delete(
                blob_keys.vectors_folder(document.id)
            )  # first: a kill must not leave them to other chunks
        self.catalogue.chunks.replace(document.id, document.attempt, chunks, TEXT)
        if again:
            for space, encoder in self.encoders.items():
                self.vectors.remove_document(IndexName(document.collection_id, space, encoder), document.id)
            self.words.remove_document(document.collection_id, document.id)

    def _recorded_before(self, document: Document, chunks: Sequence[Chunk]) -> bool:
        """Whether an earlier attempt cut the same: then its vectors are still theirs."""
        before = {chunk.id: chunk for chunk in self.catalogue.chunks.of_document(document.id, batch=TEXT)}
        now = [chunk for chunk in chunks if chunk.ordinal >= 0]  # an outline is not encoded
        same = [chunk for chunk in now if chunk.id in before and _encoded_alike(chunk, before[chunk.id])]
        return len(same) == len(now) == len(before)

    async def _made_visible(self, document: Document, status: Status, batch: int) -> bool:
        return await asyncio.to_thread(self.catalogue.runs.publish, document.id, document.attempt, status, batch + 1)

    async def _read_before(self, document: Document, how: str, batch: Batch) -> tuple[ParsedPage, ...] | None:
        """What an earlier attempt read of these pages; None where there is nothing, or a page that may be read now."""
        try:
            data = await asyncio.to_thread(self.blobs.read, _read_key(document, how, batch))
        except Missing:
            return None
        pages = Pages.validate_json(data)
        return None if any(page.read_as == "failed" for page in pages) else pages

    async def _pages(self, document: Document, number: int) -> tuple[ParsedPage, ...]:
        return Pages.validate_json(await asyncio.to_thread(self.blobs.read, _pages_key(document, number)))

    async def _part(self, document: Document, batch: int, first: int) -> tuple[Chunk, ...]:
        return await asyncio.to_thread(self.catalogue.chunks.of_document, document.id, first - 1, EMBED_PART, batch)

    async def _store_crops(self, document: Document, page: ParsedPage) -> ParsedPage:
        blocks = [await self._store_crop(document, block) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _store_crop(self, document: Document, block: Block) -> Block:
        if block.pixels is None:
            return block
        key = blob_keys.crop(document.id, block.pixels)
        await self._write(document, self.blobs.put, key, block.pixels)
        return replace(block, pixels=None, image=key)

    @contextmanager
    def text_comes_first(self) -> Generator[None]:
        """While the text of a document is on its way in, pictures wait."""
        self._texts_under_way += 1
        try:
            yield
        finally:
            self._texts_under_way -= 1

    async def _text_first(self) -> None:
        """Pictures that wait go one after the other: each on its own would after five seconds take a share of the
        machine that grows with their number, and texts would be found a seventh later."""
        async with self._next_picture:
            until = time.monotonic() + TEXT_FIRST_S
            while self._texts_under_way and time.monotonic() < until:
                await asyncio.sleep(0.1)

    async def _describe_page(self, document: Document, page: ParsedPage) -> ParsedPage:
        if page.needs_ocr and page.number is not None:
            page = await self._recognise(document, page, page.number)
        else:
            blocks = [await self._read_figure(block) for block in page.blocks]
            page = replace(page, blocks=tuple(blocks))
        return await self._drawn(document, page)

    async def _drawn(self, document: Document, page: ParsedPage) -> ParsedPage:
        """Figures that were only found get their crops, and their words where the file doesn't have them."""
        if page.number is None or document.media_type != PDF:
            return page
        undrawn = [block for block in page.blocks if block.kind == "figure" and block.box and not block.image]
        if not undrawn:
            return page
        await self._text_first()
        wanted = [(block.box, page.read_as == "text" and not block.text) for block in undrawn if block.box]
        try:
            read = await self.parser.read_figures(document, page.number, wanted)
        except Unreadable as error:
            return replace(page, problems=(*page.problems, Problem(str(error), page.number)))
        drawn = {id(block): made for block, made in zip(undrawn, read, strict=True)}
        blocks = [await self._with_crop(document, block, drawn.get(id(block))) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _with_crop(self, document: Document, block: Block, made: tuple[bytes, str, float] | None) -> Block:
        if made is None:
            return block
        pixels, words, score = made
        read = replace(block, text=words, confidence=score) if words and not block.text else block
        return await self._store_crop(document, replace(read, pixels=pixels))

    async def _recognise(self, document: Document, page: ParsedPage, number: int) -> ParsedPage:
        """The words of a page without text, beside the pictures already found on it."""
        await self._text_first()
        try:
            read = await self.parser.read_page(document, number)
        except Unreadable as error:
            problem = Problem(str(error), number)
            return replace(page, needs_ocr=False, read_as="failed", problems=(*page.problems, problem))
        pictures = tuple(block for block in page.blocks if _is_picture(block) or block.standing)
        return replace(read, blocks=_beside(read.blocks, pictures), problems=(*page.problems, *read.problems))

    async def _read_figure(self, block: Block) -> Block:
        if not _unread(block) or block.image is None:
            return block
        await self._text_first()
        try:
            text, confidence = await self.parser.read_pixels(await asyncio.to_thread(self.blobs.read, block.image))
        except Unreadable:  # its words are lost, the picture and its caption are not
            return block
        return replace(block, text=text, confidence=confidence)

    async def _kept_before(
        self, document: Document, space: Space, batch: int, part: int, chunks: Sequence[Chunk]
    ) -> bool:
        """Whether an earlier attempt, or this one before a kill, has kept these vectors of the text."""
        if batch != TEXT:  # what pictures hold may be read otherwise the next time
            return False
        return await asyncio.to_thread(keeps, self.kept, document.id, space, self.encoders[space], part, chunks)

    async def _index_vectors(
        self, document: Document, space: Space, encoder: str, part: int, chunks: Sequence[Chunk]
    ) -> None:
        rows = await asyncio.to_thread(vector_rows, self.kept, document.id, space, encoder, part, chunks)
        name = IndexName(document.collection_id, space, encoder)
        for start in range(0, len(rows), WRITE_PART):
            await self._write(document, self.vectors.add, name, rows[start : start + WRITE_PART])


def _encoded_alike(chunk: Chunk, other: Chunk) -> bool:
    return (chunk.search_text, chunk.image) == (other.search_text, other.image)


def _read_key(document: Document, how: str, batch: Batch) -> str:
    return blob_keys.pages_by_span(document.id, how, READING, batch.first, batch.last)


def _pages_key(document: Document, number: int) -> str:
    return blob_keys.pages(document.id, number)


def _outlook_key(document: Document) -> str:
    return blob_keys.page_context(document.id)


def _parts(chunks: Sequence[Chunk]) -> list[int]:
    """The ordinals that the parts to embed begin with: of one document, no two parts have the same."""
    return [chunk.ordinal for chunk in chunks[::EMBED_PART]]


def _beside(read: Sequence[Block], pictures: Sequence[Block]) -> tuple[Block, ...]:
    """The words that were recognised, and the pictures of the page. A picture file and its words are one thing; a table
    in it can be found and cited by its rows besides."""
    if [block.kind for block in pictures] != ["image"]:
        return (*read, *pictures)
    [picture] = pictures
    words = "\n".join(unruled(block.text) for block in read if block.text)
    lines = tuple(line for block in read for line in block.lines or cell_lines(block))
    first = next((block for block in read if block.kind != "table"), None)
    tables = [_under(block, first) for block in read if block.kind == "table"]
    return (replace(picture, text=words, lines=lines), *tables)


def _under(table: Block, first: Block | None) -> Block:
    """A table of a picture says little without what the picture begins with: whose invoice it is."""
    if table.caption or first is None:
        return table
    return replace(table, caption=first.text[:LONGEST_TITLE], caption_lines=first.lines)


def _is_picture(block: Block) -> bool:
    return block.kind in ("figure", "image")


def _unread(block: Block) -> bool:
    return _is_picture(block) and block.image is not None and not block.text


def _why_nothing(problems: Sequence[Problem]) -> str:
    if problems:
        return f"Nothing of it could be read: {problems[0].message}"
    return "Nothing to read in it: no text, no tables, no pictures."
