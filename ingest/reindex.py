"""Gives a collection other encoders. Its documents are not read again: their chunks stand in the catalogue.

look      the documents that are still to be gone through, in parts of chunks; again and again, until there are none
embed     a part: its vectors are kept as blobs, and added to the new index
switch    one transaction gives the collection its new encoders; what was published meanwhile sends us back to `look`
tidy      the former encoders' vectors, kept and indexed, are removed

Until the switch, searches use the former encoders' indexes, which stand beside the new ones. As in `pipeline.py`, each
step may run twice, a queue records its small result, and the story knows no queue. Documents that are deleted meanwhile
are passed over: what is deleted after our last look at the catalogue is erased after it too, what was before is
removed here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import count, groupby

from domain.documents import Chunk, Collection, Document
from domain.errors import ExhibitError, Gone, Missing, ModelMismatch, listed
from domain.evidence import Space
from domain.ports import Blobs, Catalogue, IndexName, KeptVectors, TextEncoder, VectorUpkeep
from ingest.embed import EMBED_PART, TEXT, WRITE_PART, BulkEncoder, encoded, keeps, vector_rows, wanted_by
from ingest.guarded import Superseded
from ingest.pipeline import Step

DOCUMENTS = 32  # gone through between two looks
WAIT_S = 1.0  # between two looks at documents that are being read
GRACE_S = 10.0  # searches that began before the switch still use the former indexes

Encoders = Mapping[Space, str]
Compare = Callable[[Collection, Encoders], Awaitable[object]]  # indexes with the kept vectors, whose truth they mirror


@dataclass(frozen=True, slots=True)
class ChunkRange:
    """Chunks of a document as it was seen: published anew, it has to be looked at again."""

    document_id: str
    attempt: int
    published: int
    batch: int
    first: int  # ordinal, as parts are known by in `pipeline.py`
    chunks: int
    last: bool = False


async def reindex(reindexer: Reindexer, step: Step, collection_id: str, reindex_id: str) -> None:
    """Ends with the new encoders, with a reindexing that says why it failed, or quietly when it is no longer wanted."""
    run = (collection_id, reindex_id)
    try:
        await _re_embed(reindexer, step, run)
    except Superseded:  # given up, replaced by another, or the collection is gone
        pass
    except ExhibitError as error:
        await step("fail", reindexer.fail, *run, str(error))
        return
    await step("tidy", reindexer.tidy, collection_id)


async def _re_embed(reindexer: Reindexer, step: Step, run: tuple[str, str]) -> None:
    await step("begin", reindexer.begin, *run)
    done = 0
    for n in count():
        parts = [ChunkRange(*numbers) for numbers in await step(f"look-{n}", reindexer.look, *run)]
        for part in parts:
            done += await step(f"embed-{n}-{part.document_id}-{part.first}", reindexer.embed, *run, part, done)
        if not parts and await step(f"switch-{n}", reindexer.switch, *run):
            return


class Reindexer:
    """The steps. `encoders`: those of this service, which collections are given."""

    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        text_encoder: TextEncoder,
        encoders: Encoders,
        bulk: BulkEncoder,
        kept: KeptVectors,
        vectors: VectorUpkeep,
        compare: Compare,
        grace_s: float = GRACE_S,
    ) -> None:
        self._catalogue = catalogue
        self._blobs = blobs
        self._text_encoder = text_encoder
        self._encoders = encoders
        self._bulk = bulk
        self._kept = kept
        self._vectors = vectors
        self._compare = compare
        self._grace_s = grace_s

    # ------------------------------------------------------------ the steps

    async def begin(self, collection_id: str, reindex_id: str) -> None:
        await self._wanted(collection_id, reindex_id)
        documents = await asyncio.to_thread(self._catalogue.documents.findable, [collection_id])
        total = sum(sum(document.chunks.values()) for document in documents)
        await self._update(collection_id, reindex_id, state="running", total=total)

    async def look(self, collection_id: str, reindex_id: str) -> list[tuple[str, int, int, int, int, int, bool]]:
        """The parts of some documents; none when every findable one is gone through."""
        await self._wanted(collection_id, reindex_id)
        while documents := await asyncio.to_thread(
            self._catalogue.reindexes.pending, collection_id, reindex_id, DOCUMENTS
        ):
            parts: list[ChunkRange] = []
            for document in documents:
                some = await asyncio.to_thread(self._parts, document)
                if not some:
                    await asyncio.to_thread(self._catalogue.reindexes.mark, document, reindex_id)
                parts += some
            if parts:
                return [astuple(part) for part in parts]
        return []

    async def embed(self, collection_id: str, reindex_id: str, part: ChunkRange, done: int) -> int:
        """Returns the number of chunks; `done`: how many were before."""
        collection = await self._wanted(collection_id, reindex_id)
        document = await asyncio.to_thread(self._as_seen, part)
        if document is None:
            return 0
        chunks = await asyncio.to_thread(
            self._catalogue.chunks.of_document, part.document_id, part.first - 1, EMBED_PART, part.batch
        )
        for space, encoder in self._new(collection).items():
            await self._make(document, space, encoder, part, chunks)
            await self._add(document, space, encoder, part, chunks)
        if part.last:
            await asyncio.to_thread(self._catalogue.reindexes.mark, document, reindex_id)
        now = done + part.chunks  # more than were counted, where documents came meanwhile
        total = max(now, collection.reindex.total) if collection.reindex is not None else now
        await self._update(collection_id, reindex_id, done=now, total=total)
        return part.chunks

    async def switch(self, collection_id: str, reindex_id: str) -> bool:
        """False: there are documents to be looked at. Waits for those that are being read: their vectors may be of
        either encoder. What the new indexes have lost in a crash is put back first."""
        collection = await self._wanted(collection_id, reindex_id)
        await self._compare(collection, self._new(collection))
        while not await asyncio.to_thread(self._catalogue.reindexes.switch, collection_id, reindex_id):
            await self._wanted(collection_id, reindex_id)
            if await asyncio.to_thread(self._catalogue.reindexes.pending, collection_id, reindex_id, 1):
                return False
            await asyncio.sleep(WAIT_S)
        return True

    async def tidy(self, collection_id: str) -> None:
        """Leaves nothing but what is of the collection's encoders; while it is on its way to others, all."""
        await asyncio.sleep(self._grace_s)
        await asyncio.to_thread(self._tidy, collection_id)

    async def fail(self, collection_id: str, reindex_id: str, why: str) -> None:
        await asyncio.to_thread(
            lambda: self._catalogue.reindexes.update(collection_id, reindex_id, state="failed", problem=why)
        )

    # ------------------------------------------------------------ what they share

    async def _wanted(self, collection_id: str, reindex_id: str) -> Collection:
        """Raises Superseded; and ModelMismatch after a restart with yet other models."""
        try:
            collection = await asyncio.to_thread(self._catalogue.collections.find_by_id, collection_id)
        except Missing as error:
            raise Superseded("The collection was deleted.") from error
        reindex = collection.reindex
        if reindex is None or reindex.id != reindex_id or not reindex.live:
            raise Superseded("No longer wanted.")
        if dict(reindex.encoders) != dict(self._encoders):
            raise ModelMismatch(
                f"It was to get vectors of {listed(reindex.encoders)}, but the service now runs "
                f"{listed(self._encoders)}: `exhibit reindex {collection.name}` re-embeds it with these."
            )
        return collection

    async def _update(self, collection_id: str, reindex_id: str, **changes: object) -> None:
        update = partial(self._catalogue.reindexes.update, collection_id, reindex_id, **changes)  # type: ignore[arg-type]
        if not await asyncio.to_thread(update):
            raise Superseded("No longer wanted.")

    def _new(self, collection: Collection) -> dict[Space, str]:
        """The spaces that get another encoder."""
        return {space: name for space, name in self._encoders.items() if collection.encoders.get(space) != name}

    def _parts(self, document: Document) -> list[ChunkRange]:
        """As the pipeline makes them, batch by batch, so that a later attempt finds its vectors."""
        chunks = sorted(self._catalogue.chunks.of_document(document.id), key=lambda chunk: (chunk.batch, chunk.ordinal))
        parts: list[ChunkRange] = []
        for batch, together in groupby(chunks, key=lambda chunk: chunk.batch):
            ordinals = [chunk.ordinal for chunk in together]
            for start in range(0, len(ordinals), EMBED_PART):
                some = ordinals[start : start + EMBED_PART]
                parts.append(ChunkRange(document.id, document.attempt, document.published, batch, some[0], len(some)))
        return [*parts[:-1], *(replace(part, last=True) for part in parts[-1:])]

    def _as_seen(self, part: ChunkRange) -> Document | None:
        try:
            document = self._catalogue.documents.find(part.document_id)
        except (Missing, Gone):
            return None
        return document if (document.attempt, document.published) == (part.attempt, part.published) else None

    async def _make(
        self, document: Document, space: Space, encoder: str, part: ChunkRange, chunks: Sequence[Chunk]
    ) -> None:
        wanted = await asyncio.to_thread(wanted_by, space, self._text_encoder, chunks)
        if not wanted or await asyncio.to_thread(self._made_before, space, encoder, part, wanted):
            return
        ids, vectors = await encoded(self._bulk, self._blobs, space, wanted)
        if ids:
            keep = partial(self._kept.keep, document.id, space, encoder, part.first, ids, vectors)
            await self._write(document, space, encoder, keep)

    def _made_before(self, space: Space, encoder: str, part: ChunkRange, chunks: Sequence[Chunk]) -> bool:
        """By a run that broke off. What pictures hold may have been described otherwise since."""
        return part.batch == TEXT and keeps(self._kept, part.document_id, space, encoder, part.first, chunks)

    async def _add(
        self, document: Document, space: Space, encoder: str, part: ChunkRange, chunks: Sequence[Chunk]
    ) -> None:
        try:
            rows = await asyncio.to_thread(vector_rows, self._kept, document.id, space, encoder, part.first, chunks)
        except Missing:  # erased between the listing and the reading
            return
        index = IndexName(document.collection_id, space, encoder)
        for start in range(0, len(rows), WRITE_PART):
            add = partial(self._vectors.add, index, rows[start : start + WRITE_PART])
            await self._write(document, space, encoder, add)

    async def _write(self, document: Document, space: Space, encoder: str, write: Callable[[], object]) -> None:
        def guarded() -> None:
            write()
            try:
                self._catalogue.documents.find(document.id)
            except (Missing, Gone):
                self._kept.forget(document.id, space, encoder)
                self._vectors.remove_documents(IndexName(document.collection_id, space, encoder), [document.id])

        await asyncio.to_thread(guarded)

    def _tidy(self, collection_id: str) -> None:
        try:
            collection = self._catalogue.collections.find_by_id(collection_id)
        except Missing:
            self._vectors.drop(collection_id)
            return
        if collection.reindex is not None:
            return
        for index in self._vectors.indexes():
            if index.collection_id == collection_id and collection.encoders.get(index.space) != index.encoder:
                self._vectors.drop_index(index)
        cursor: str | None = None
        while True:
            page = self._catalogue.documents.page(collection_id, None, 200, cursor)
            for document in page.items:
                self._kept.keep_only(document.id, collection.encoders)  # type: ignore[arg-type]
            if (cursor := page.next_cursor) is None:
                return
