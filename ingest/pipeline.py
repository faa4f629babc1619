"""A document's way in, top to bottom: identify, parse, describe, split, embed, index, publish.

`ingest` tells the story; it knows no queue. Each stage is one call through `step`, which a durable queue records:
after a crash, finished stages are not repeated, and the one that was running runs again. So every stage may run
twice, gives small results (numbers and keys, never content), and leaves the same things behind each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from app.domain.errors import ExhibitError, Gone, Missing, ModelMismatch, Unreadable
from app.domain.ports import (
    Blobs,
    Catalogue,
    ImageEncoder,
    IndexName,
    KeptVectors,
    TextEncoder,
    VectorIndex,
    VectorRow,
    Vectors,
    WordsIndex,
    WordsRow,
)
from app.domain.types import (
    Block,
    Chunk,
    Document,
    Identity,
    ParsedPage,
    Problem,
    Space,
    Stage,
    Status,
)
from ingest.cut import CountTokens, Cut, Pages
from ingest.originals import Originals

EMBED_PART = 128  # chunks a step: some seconds of work, so that a kill costs little and progress moves
WRITE_PART = 50  # Chroma's writes hold the GIL: 50 vectors freeze the process for about 57 ms, 500 for 271 ms
READ_AT_ONCE = 4  # pages of one document being recognised side by side

T = TypeVar("T")

# From where to where a stage takes the progress: where the time goes on an ordinary PDF. Batches of pages are parsed
# and described in turn, so these two share one stretch.
STRETCH: dict[Stage, tuple[float, float]] = {
    "identify": (0.0, 0.02),
    "parse": (0.02, 0.5),
    "describe": (0.02, 0.5),
    "split": (0.5, 0.52),
    "embed": (0.52, 0.9),
    "index": (0.9, 0.98),
    "publish": (0.98, 1.0),
}


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
    async def cut(self, document: Document, files: Sequence[Path], count: CountTokens, max_tokens: int) -> Cut:
        """The chunks of pages that were stored as files: a long document takes seconds, so not in this process."""
        ...


class BulkEncoder(Protocol):
    """Encodes in a process of its own, so that questions don't wait for documents."""

    async def texts(self, texts: Sequence[str]) -> Vectors: ...
    async def images(self, images: Sequence[bytes]) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages first..last of a paged document; (1, 1) for one without pages."""

    number: int
    first: int
    last: int


async def ingest(pipeline: Pipeline, step: Step, document_id: str, attempt: int) -> None:
    """Takes one document in. Ends with the document `ready`, `partial` or `failed`, or quietly if superseded."""
    run = (document_id, attempt)
    try:
        batches = [Batch(*numbers) for numbers in await step("identify", pipeline.identify, *run)]
        for batch in batches:
            to_describe = await step(f"parse-{batch.number}", pipeline.parse, *run, batch, len(batches))
            if to_describe:
                await step(f"describe-{batch.number}", pipeline.describe, *run, batch, len(batches))
        parts = await step("split", pipeline.split, *run, batches)
        for part in range(parts):
            await step(f"embed-{part}", pipeline.embed, *run, part, parts)
        for part in range(parts):
            await step(f"index-{part}", pipeline.index, *run, part, parts)
        await step("publish", pipeline.publish, *run)
    except Superseded:
        return
    except ExhibitError as error:
        await step("fail", pipeline.fail, *run, str(error))


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
        self._writing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    # ------------------------------------------------------------ the stages

    async def identify(self, document_id: str, attempt: int) -> list[tuple[int, int, int]]:
        """Opens the document; returns its batches as (number, first page, last page)."""
        document = await self._begin(document_id, attempt, "identify")
        self._stamped(document)
        identity = await self.parser.open(document)
        await self._update(document, media_type=identity.media_type, pages=identity.pages, title=identity.title)
        if identity.pages is None:
            return [(0, 1, 1)]
        size = self.parser.batch_pages(identity.media_type)
        firsts = range(1, identity.pages + 1, size)
        return [(n, first, min(first + size - 1, identity.pages)) for n, first in enumerate(firsts)]

    async def parse(self, document_id: str, attempt: int, batch: Batch, batches: int) -> int:
        """Reads a batch of pages and stores them; returns how many things on them are to be described."""
        document = await self._begin(document_id, attempt, "parse", batch.number / batches)
        pages = await self.parser.pages(document, batch.first, batch.last)
        stored = [await self._store_crops(document, page) for page in pages]
        await self._write(document, self.blobs.put, _pages_key(document, batch), Pages.dump_json(tuple(stored)))
        return sum(page.needs_ocr + _unread_figures(page) for page in stored)

    async def describe(self, document_id: str, attempt: int, batch: Batch, batches: int) -> None:
        """Recognises the words of pages without text, and of figures."""
        document = await self._begin(document_id, attempt, "describe", (batch.number + 0.3) / batches)
        gate = asyncio.Semaphore(READ_AT_ONCE)

        async def described(page: ParsedPage) -> ParsedPage:
            async with gate:
                return await self._describe_page(document, page)

        pages = await asyncio.gather(*map(described, await self._pages(document, batch)))
        await self._write(document, self.blobs.put, _pages_key(document, batch), Pages.dump_json(tuple(pages)))

    async def split(self, document_id: str, attempt: int, batches: Sequence[Batch]) -> int:
        """Cuts the pages into chunks and records them; returns the number of parts to embed."""
        document = await self._begin(document_id, attempt, "split")
        files = [await asyncio.to_thread(self.blobs.path, _pages_key(document, batch)) for batch in batches]
        cut = await self.parser.cut(document, files, self.text_encoder.token_counter(), self.text_encoder.max_tokens)
        await self._update(document, page_report=cut.report, problems=cut.problems)
        chunks = cut.chunks
        if not chunks:
            raise Unreadable(_why_nothing(cut.problems))
        await self._write(document, self.catalogue.replace_chunks, document.id, attempt, chunks)
        return -(-len(chunks) // EMBED_PART)

    async def embed(self, document_id: str, attempt: int, part: int, parts: int) -> None:
        """Makes the vectors of one part of the chunks and keeps them as blobs."""
        document = await self._begin(document_id, attempt, "embed", part / parts)
        chunks = await self._part(document, part)
        seen = [chunk for chunk in chunks if self.text_encoder.sees(chunk.search_text)]
        if seen:
            made = await self.bulk.texts([chunk.search_text for chunk in seen])
            await self._keep(document, "text", part, seen, made)
        pictured = [chunk for chunk in chunks if chunk.image]
        if pictured:
            images = [await asyncio.to_thread(self.blobs.read, chunk.image) for chunk in pictured if chunk.image]
            await self._keep_images(document, part, pictured, await self.bulk.images(images))

    async def index(self, document_id: str, attempt: int, part: int, parts: int) -> None:
        """Hands one part of the chunks to the indexes; the first part clears what an earlier attempt left."""
        document = await self._begin(document_id, attempt, "index", part / parts)
        if part == 0:
            await self._write(document, self._unindex, document)
        chunks = await self._part(document, part)
        rows = [WordsRow(chunk.id, document.id, chunk.kind, chunk.search_text) for chunk in chunks]
        await self._write(document, self.words.add, document.collection_id, rows)
        for space, encoder in self._encoders().items():
            await self._index_vectors(document, space, encoder, part, chunks)

    async def publish(self, document_id: str, attempt: int) -> None:
        """Makes the document findable; what was only needed on the way is removed, also by a run that was killed
        between the two."""
        if not await asyncio.to_thread(self._published, document_id, attempt):
            document = await self._begin(document_id, attempt, "publish")
            status: Status = "partial" if document.problems else "ready"
            if not await asyncio.to_thread(self.catalogue.publish, document_id, attempt, status):
                raise Superseded("No longer wanted.")
        await asyncio.to_thread(self._tidy, document_id, attempt)

    async def fail(self, document_id: str, attempt: int, why: str) -> None:
        """Ends the document as `failed`, with the reason first among its problems."""
        document = await asyncio.to_thread(self._wanted, document_id, attempt)
        if document is not None:
            problems = (Problem(why), *(problem for problem in document.problems if problem.message != why))
            await asyncio.to_thread(
                lambda: self.catalogue.update(document_id, attempt, status="failed", problems=problems)
            )

    def erase(self, document_id: str, collection_id: str) -> None:
        """Removes vectors, words, blobs and rows of a deleted document. Idempotent."""
        with self._writing[document_id]:
            for index in self.vectors.indexes():
                if index.collection_id == collection_id:
                    self.vectors.remove_document(index, document_id)
            self.words.remove_document(collection_id, document_id)
            self.blobs.delete(f"documents/{document_id}")
            gone = [document for document in self.catalogue.deleted() if document.id == document_id]
            self.catalogue.erase(document_id)
            for document in gone:
                self.originals.release(document)
        self._writing.pop(document_id, None)

    def drop(self, collection_id: str) -> None:
        """Removes a deleted collection's indexes. Idempotent."""
        self.vectors.drop(collection_id)
        self.words.drop(collection_id)

    # ------------------------------------------------------------ what the stages share

    def _encoders(self) -> dict[Space, str]:
        return {"text": self.text_encoder.name, "image": self.image_encoder.name}

    def _stamped(self, document: Document) -> None:
        """The collection carries the names of its encoders; others' vectors would be nonsense beside them."""
        encoders: dict[str, str] = {str(space): name for space, name in self._encoders().items()}
        stamp = self.catalogue.stamp(document.collection_id, encoders).encoders
        if dict(stamp) != encoders:
            raise ModelMismatch(
                f"The collection {document.collection!r} holds vectors of {', '.join(sorted(stamp.values()))}, but "
                f"this service runs {', '.join(sorted(encoders.values()))}: start it with the EXHIBIT_MODELS the "
                "collection was made with, or use another collection."
            )

    def _wanted(self, document_id: str, attempt: int) -> Document | None:
        try:
            document = self.catalogue.document(document_id)
        except (Missing, Gone):
            return None
        wanted = document.attempt == attempt and document.status in ("queued", "running")
        return document if wanted else None

    def _published(self, document_id: str, attempt: int) -> bool:
        try:
            document = self.catalogue.document(document_id)
        except (Missing, Gone):
            return False
        return document.attempt == attempt and document.findable

    def _tidy(self, document_id: str, attempt: int) -> None:
        """A retry may have begun meanwhile: its pages come in after this, or are left alone."""
        with self._writing[document_id]:
            if self._published(document_id, attempt):
                self.blobs.delete(f"documents/{document_id}/pages")

    async def _begin(self, document_id: str, attempt: int, stage: Stage, share: float = 0.0) -> Document:
        """Enters a stage, `share` of it being done already; raises Superseded when the run is not wanted."""
        begins, ends = STRETCH[stage]
        progress = begins + share * (ends - begins)

        def enter() -> Document:
            if self.catalogue.update(document_id, attempt, status="running", stage=stage, progress=progress):
                return self.catalogue.document(document_id)
            raise Superseded("No longer wanted.")

        return await asyncio.to_thread(enter)

    async def _update(self, document: Document, **changes: Any) -> None:
        if not await asyncio.to_thread(lambda: self.catalogue.update(document.id, document.attempt, **changes)):
            raise Superseded("No longer wanted.")

    async def _write(self, document: Document, write: Callable[..., object], *args: object) -> None:
        """Writes for a document that is still wanted: a deletion either sees what was written, or prevents it."""

        def guarded() -> None:
            with self._writing[document.id]:
                if self._wanted(document.id, document.attempt) is None:
                    raise Superseded("No longer wanted.")
                write(*args)

        await asyncio.to_thread(guarded)

    async def _pages(self, document: Document, batch: Batch) -> tuple[ParsedPage, ...]:
        return Pages.validate_json(await asyncio.to_thread(self.blobs.read, _pages_key(document, batch)))

    async def _part(self, document: Document, part: int) -> tuple[Chunk, ...]:
        return await asyncio.to_thread(self.catalogue.chunks, document.id, part * EMBED_PART - 1, EMBED_PART)

    async def _store_crops(self, document: Document, page: ParsedPage) -> ParsedPage:
        blocks = [await self._store_crop(document, block) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _store_crop(self, document: Document, block: Block) -> Block:
        if block.pixels is None:
            return block
        key = f"documents/{document.id}/crops/{hashlib.sha256(block.pixels).hexdigest()}"
        await self._write(document, self.blobs.put, key, block.pixels)
        return replace(block, pixels=None, image=key)

    async def _describe_page(self, document: Document, page: ParsedPage) -> ParsedPage:
        if page.needs_ocr and page.number is not None:
            return await self._recognise(document, page, page.number)
        blocks = [await self._read_figure(block) for block in page.blocks]
        return replace(page, blocks=tuple(blocks))

    async def _recognise(self, document: Document, page: ParsedPage, number: int) -> ParsedPage:
        """The words of a page without text, beside the pictures already found on it."""
        try:
            read = await self.parser.read_page(document, number)
        except Unreadable as error:
            problem = Problem(str(error), number)
            return replace(page, needs_ocr=False, read_as="failed", problems=(*page.problems, problem))
        pictures = tuple(block for block in page.blocks if block.image)
        return replace(read, blocks=_beside(read.blocks, pictures), problems=(*page.problems, *read.problems))

    async def _read_figure(self, block: Block) -> Block:
        if not _unread(block) or block.image is None:
            return block
        try:
            text, confidence = await self.parser.read_pixels(await asyncio.to_thread(self.blobs.read, block.image))
        except Unreadable:  # its words are lost, the picture and its caption are not
            return block
        return replace(block, text=text, confidence=confidence)

    async def _keep(
        self, document: Document, space: Space, part: int, chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        ids = [chunk.id for chunk in chunks]
        encoder = self._encoders()[space]
        await self._write(document, self.kept.keep, document.id, space, encoder, part, ids, vectors)

    async def _keep_images(self, document: Document, part: int, chunks: Sequence[Chunk], made: Sequence[Any]) -> None:
        good = [(chunk, item) for chunk, item in zip(chunks, made, strict=True) if not isinstance(item, Unreadable)]
        if good:
            vectors = _stack([item for _, item in good])
            await self._keep(document, "image", part, [chunk for chunk, _ in good], vectors)

    async def _index_vectors(
        self, document: Document, space: Space, encoder: str, part: int, chunks: Sequence[Chunk]
    ) -> None:
        kinds = {chunk.id: chunk.kind for chunk in chunks}
        ids, vectors = await asyncio.to_thread(self.kept.load, document.id, space, encoder, part)
        rows = [
            VectorRow(chunk_id, document.id, kinds[chunk_id], vector)
            for chunk_id, vector in zip(ids, vectors, strict=True)
            if chunk_id in kinds
        ]
        name = IndexName(document.collection_id, space, encoder)
        for start in range(0, len(rows), WRITE_PART):
            await self._write(document, self.vectors.add, name, rows[start : start + WRITE_PART])

    def _unindex(self, document: Document) -> None:
        for space, encoder in self._encoders().items():
            self.vectors.remove_document(IndexName(document.collection_id, space, encoder), document.id)
        self.words.remove_document(document.collection_id, document.id)


def _stack(vectors: Sequence[Any]) -> Vectors:
    return np.stack(vectors).astype(np.float32)


def _pages_key(document: Document, batch: Batch) -> str:
    return f"documents/{document.id}/pages/{batch.number:05d}.json"


def _beside(read: Sequence[Block], pictures: Sequence[Block]) -> tuple[Block, ...]:
    """The words that were recognised, and the pictures of the page. A picture file and its words are one thing."""
    if [block.kind for block in pictures] != ["image"]:
        return (*read, *pictures)
    [picture] = pictures
    words = "\n".join(block.text for block in read if block.text)
    lines = tuple(line for block in read for line in block.lines)
    return (replace(picture, text=words, lines=lines),)


def _unread(block: Block) -> bool:
    return block.kind in ("figure", "image") and block.image is not None and not block.text


def _unread_figures(page: ParsedPage) -> int:
    return sum(_unread(block) for block in page.blocks)


def _why_nothing(problems: Sequence[Problem]) -> str:
    if problems:
        return f"Nothing of it could be read: {problems[0].message}"
    return "Nothing to read in it: no text, no tables, no pictures."
