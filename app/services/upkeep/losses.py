"""Finds what is lost of documents, and repairs it: chunks, originals, crops, kept vectors, index rows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import numpy as np

from app.services.upkeep.findings import Findings
from app.services.upkeep.orphans import Orphans
from app.services.upkeep.shelves import SAME, R, Shelf, VectorsShelf, Wants, WordsShelf, put_back, usable
from domain import blob_keys
from domain.documents import READ, Chunk, Collection, Document
from domain.errors import Gone, Missing, Unavailable, Unreadable
from domain.evidence import Space
from domain.ports import IndexName, Vector, VectorRow, Vectors, WordsRow
from domain.upkeep import Part
from ingest.stores import Stores
from system.threads import in_thread

Encode = Callable[
    [Space, str, Sequence[Chunk]], Awaitable[tuple[list[str], Vectors]]
]  # space, encoder, chunks → ids and vectors

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Index:
    """A vector index: the ids it holds, and those of them that belong to a known chunk."""

    shelf: VectorsShelf
    held: Set[str]
    known: set[str] = field(default_factory=set)


class Losses:
    def __init__(
        self, stores: Stores, wants: Wants, encode: Encode, findings: Findings, orphans: Orphans, repair: bool
    ) -> None:
        self._stores = stores
        self._wants = wants
        self._encode = encode
        self._findings = findings
        self._orphans = orphans
        self._repair = repair

    async def compare(self, collection: Collection) -> None:
        """Documents are listed before the indexes: a document published in between is in both, or in the index
        alone."""
        self._findings.collection = collection.name
        self._findings.checked["collections"] += 1
        documents = await in_thread(self._finished, collection)
        words = WordsShelf(self._stores.words, collection.id)
        held = await self._held(words)
        indexes = [
            await self._index(collection, cast(Space, space), encoder) for space, encoder in collection.encoders.items()
        ]
        known: set[str] = set()
        for document in documents:
            chunks = await in_thread(self._stores.catalogue.chunks.of_document, document.id)
            known.update(chunk.id for chunk in chunks)
            if await self._compare_document(document, chunks, words, held):
                for index in indexes:
                    await self._compare_vectors(document, chunks, index)
        await self._orphans.on_shelf(words, held - known)
        for index in indexes:
            await self._orphans.on_shelf(index.shelf, index.held - index.known, index.shelf.index.space)
        self._findings.checked["words"] += len(held)
        self._findings.collection = None

    def _finished(self, collection: Collection) -> list[Document]:
        return [one for one in self._stores.catalogue.documents.findable([collection.id]) if one.status in READ]

    async def _index(self, collection: Collection, space: Space, encoder: str) -> _Index:
        name = IndexName(collection.id, space, encoder)
        shelf = VectorsShelf(self._stores.vectors, self._stores.kept, name, partial(self._wants, space))
        return _Index(shelf, await self._held(shelf))

    async def _held(self, shelf: Shelf[R]) -> Set[str]:
        held = await usable(shelf, shelf.ids)
        if held is None and self._repair:
            await in_thread(shelf.drop)
        return held or frozenset()

    async def _compare_document(
        self, document: Document, chunks: Sequence[Chunk], words: Shelf[WordsRow], held: Set[str]
    ) -> bool:
        """False when the document was deleted or queued again since it was listed."""
        self._findings.checked["documents"] += 1
        self._findings.checked["chunks"] += len(chunks)
        lost: dict[Part, list[str]] = {
            "chunks": [document.id] if len(chunks) < sum(document.chunks.values()) else [],
            "originals": await in_thread(self._lost_original, document),
            "crops": [c.image for c in chunks if c.image and not self._stores.blobs.exists(c.image)],
        }
        missing = [chunk for chunk in chunks if chunk.id not in held]
        unusual = bool(missing) or any(lost.values())
        if unusual and not await in_thread(self._stands, document):
            return False
        for part, ids in lost.items():
            self._findings.add("loss", part, ids)
        await self._put_back(words, document, words.rows(document.id, missing))
        return True

    def _lost_original(self, document: Document) -> list[str]:
        try:
            with self._stores.blobs.path(blob_keys.original(document.sha256)).open("rb") as file:
                whole = hashlib.file_digest(file, "sha256").hexdigest() == document.sha256
        except (Missing, OSError):
            whole = False
        return [] if whole else [document.id]

    def _stands(self, document: Document) -> bool:
        """Whether the document was neither deleted nor queued again since it was listed."""
        try:
            now = self._stores.catalogue.documents.find(document.id)
        except (Missing, Gone):
            return False
        return now.attempt == document.attempt and now.status in READ

    async def _put_back(
        self, shelf: Shelf[R], document: Document, rows: Sequence[R], space: Space | None = None
    ) -> None:
        if rows and self._repair:
            await in_thread(put_back, shelf, rows, lambda document_id: self._stands(document))
        ids = [row.chunk_id for row in rows]
        self._findings.add("loss", shelf.part, ids, len(ids) if self._repair else 0, space)

    # ------------------------------------------------------------ vectors

    async def _compare_vectors(self, document: Document, chunks: Sequence[Chunk], index: _Index) -> None:
        shelf, kinds = index.shelf, {chunk.id: chunk.kind for chunk in chunks}
        kept = await in_thread(self._kept, shelf, document.id)
        stored = await in_thread(shelf.stored, [id for id in kinds if id in index.held])
        kept = {id: vector for id, vector in kept.items() if id in kinds}
        unkept = [chunk for chunk in chunks if chunk.id not in kept and shelf.wants(chunk)]
        if unkept:
            kept |= await self._unkept(document, unkept, shelf, stored)
        index.known.update(kinds)
        differing = [id for id, vector in kept.items() if id not in stored or not _same(vector, stored[id])]
        standing: bool = await in_thread(self._stands, document)
        if differing and standing:
            rows = [VectorRow(id, document.id, kinds[id], kept[id]) for id in differing]
            await self._put_back(shelf, document, rows, shelf.index.space)
        self._findings.checked["vectors"] += len(stored)

    def _kept(self, shelf: VectorsShelf, document_id: str) -> dict[str, Vector]:
        try:
            return shelf.kept(document_id)
        except Unreadable as error:
            log.warning("kept vectors are damaged", extra={"document": document_id, "why": str(error)})
            if self._repair:
                self._stores.kept.forget(document_id, shelf.index.space, shelf.index.encoder)
        except Missing:  # it was deleted at this moment
            pass
        return {}

    async def _unkept(
        self, document: Document, chunks: Sequence[Chunk], shelf: VectorsShelf, stored: Mapping[str, Vector]
    ) -> dict[str, Vector]:
        """Vectors that should be kept and aren't: copied from the index if it has them, else encoded again. A picture
        that can't be decoded has no vector, and that is no loss."""
        if not await in_thread(self._stands, document):
            return {}
        saved = {chunk.id: stored[chunk.id] for chunk in chunks if chunk.id in stored}
        made = await self._encoded(shelf.index, [chunk for chunk in chunks if chunk.id not in saved])
        found = saved | {id: vector for id, vector in made.items() if vector is not None} if self._repair else saved
        if found and self._repair:
            await in_thread(self._keep, document, shelf.index, found)
        self._findings.add("loss", "kept", [*saved, *made], len(found) if self._repair else 0, shelf.index.space)
        return found

    async def _encoded(self, name: IndexName, chunks: Sequence[Chunk]) -> dict[str, Vector | None]:
        """None: lost, and not encoded again. Without `repair`, no text is encoded: any text could be."""
        if not chunks or (name.space == "text" and not self._repair):
            return dict.fromkeys(chunk.id for chunk in chunks)
        try:
            return dict(zip(*await self._encode(name.space, name.encoder, chunks), strict=True))
        except Unavailable as error:
            log.warning("lost vectors can't be made again now", extra={"why": str(error)})
            return dict.fromkeys(chunk.id for chunk in chunks)

    def _keep(self, document: Document, name: IndexName, vectors: Mapping[str, Vector]) -> None:
        part = self._stores.kept.next_part(document.id, name.space, name.encoder)
        made = np.stack(list(vectors.values()))
        self._stores.kept.keep(document.id, name.space, name.encoder, part, list(vectors), made)


def _same(one: Vector, other: Vector) -> bool:
    return one.shape == other.shape and float(one @ other) >= SAME * float(np.linalg.norm(other))
