"""Records the chunks of a document, keeps their vectors as blobs, and hands both to the indexes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from domain import blob_keys
from domain.documents import Chunk, Document
from domain.evidence import Space
from domain.ports import IndexName, words_row
from ingest.embed import EMBED_PART, TEXT, WRITE_PART, encoded, keeps, known_vectors, vector_rows, wanted_by
from ingest.guarded import Guarded
from ingest.stores import Models, Stores

log = logging.getLogger(__name__)


class Indexing:
    def __init__(self, stores: Stores, models: Models, guarded: Guarded) -> None:
        self._stores = stores
        self._models = models
        self._guarded = guarded

    def record_anew(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Records the chunks of the text, and removes all that an earlier attempt left."""
        again = document.attempt > 1
        if again and not self._recorded_before(document, chunks):
            # First: a kill must not leave them to other chunks.
            self._stores.blobs.delete(blob_keys.vectors_folder(document.id))
        self._stores.catalogue.chunks.replace(document.id, document.attempt, chunks, TEXT)
        if again:
            for space, encoder in self._models.encoders.items():
                self._stores.vectors.remove_documents(IndexName(document.collection_id, space, encoder), [document.id])
            self._stores.words.remove_documents(document.collection_id, [document.id])

    def _recorded_before(self, document: Document, chunks: Sequence[Chunk]) -> bool:
        """Whether an earlier attempt made the same chunks: then its vectors still fit."""
        before = {chunk.id: chunk for chunk in self._stores.catalogue.chunks.of_document(document.id, batch=TEXT)}
        now = [chunk for chunk in chunks if chunk.ordinal >= 0]  # an outline is not encoded
        same = [chunk for chunk in now if chunk.id in before and _encoded_alike(chunk, before[chunk.id])]
        return len(same) == len(now) == len(before)

    async def embed(self, document: Document, batch: int, first: int, changed: bool) -> None:
        """Encodes one part of the chunks and keeps the vectors. `changed`: the kept vectors are of other words."""
        chunks = await self._part(document, batch, first)
        for space, encoder in self._models.encoders.items():
            wanted = await asyncio.to_thread(wanted_by, space, self._models.text, chunks)
            if wanted and (changed or not await self._kept_before(document, space, batch, first, wanted)):
                await self._encode(document, space, encoder, first, wanted)

    async def _encode(
        self, document: Document, space: Space, encoder: str, first: int, chunks: Sequence[Chunk]
    ) -> None:
        kept, there = self._stores.kept, self._stores.catalogue.chunks
        known = await asyncio.to_thread(known_vectors, there, kept, document, space, encoder, chunks)
        new = [chunk for chunk in chunks if chunk.id not in known]
        ids, vectors = await encoded(self._models.bulk, self._stores.blobs, space, new)
        made = known | dict(zip(ids, vectors, strict=True))
        if known:
            counts = {"document": document.id, "known": len(known), "encoded": len(new)}
            log.info("the vectors of the former version are taken over", extra=counts)
        if made:
            stacked = np.stack(list(made.values())).astype(np.float32)
            await self._guarded.write(document, kept.keep, document.id, space, encoder, first, list(made), stacked)

    async def _kept_before(
        self, document: Document, space: Space, batch: int, first: int, chunks: Sequence[Chunk]
    ) -> bool:
        """Whether an earlier attempt (or this one, before a kill) has kept these vectors of the text."""
        if batch != TEXT:  # what pictures hold may be read otherwise the next time
            return False
        encoder = self._models.encoders[space]
        return await asyncio.to_thread(keeps, self._stores.kept, document.id, space, encoder, first, chunks)

    async def index(self, document: Document, batch: int, first: int) -> None:
        """Hands one part of the chunks to the indexes."""
        chunks = await self._part(document, batch, first)
        rows = [words_row(chunk) for chunk in chunks]
        await self._guarded.write(document, self._stores.words.add, document.collection_id, rows)
        for space, encoder in self._models.encoders.items():
            kept = self._stores.kept
            vectors = await asyncio.to_thread(vector_rows, kept, document.id, space, encoder, first, chunks)
            name = IndexName(document.collection_id, space, encoder)
            for start in range(0, len(vectors), WRITE_PART):
                await self._guarded.write(document, self._stores.vectors.add, name, vectors[start : start + WRITE_PART])

    async def _part(self, document: Document, batch: int, first: int) -> tuple[Chunk, ...]:
        of_document = self._stores.catalogue.chunks.of_document
        return await asyncio.to_thread(of_document, document.id, first - 1, EMBED_PART, batch)

    async def parts_with(self, document: Document, chunks: Sequence[Chunk]) -> list[tuple[int, int]]:
        """The parts, as they were embedded, that hold these chunks."""
        found: dict[tuple[int, int], None] = {}
        for batch in sorted({chunk.batch for chunk in chunks}):
            of_document = self._stores.catalogue.chunks.of_document
            whole = await asyncio.to_thread(of_document, document.id, -1, None, batch)
            firsts = parts(whole)
            places = {chunk.id: place for place, chunk in enumerate(whole)}
            of_batch = [chunk for chunk in chunks if chunk.batch == batch]
            found |= dict.fromkeys((batch, firsts[places[chunk.id] // EMBED_PART]) for chunk in of_batch)
        return list(found)


def parts(chunks: Sequence[Chunk]) -> list[int]:
    """The ordinal of each part's first chunk, which names the part within its document."""
    return [chunk.ordinal for chunk in chunks[::EMBED_PART]]


def _encoded_alike(chunk: Chunk, other: Chunk) -> bool:
    return (chunk.search_text, chunk.image) == (other.search_text, other.image)
