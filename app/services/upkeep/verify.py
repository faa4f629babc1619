"""Compares all that is kept of the documents with each other, whole and in both directions, and mends what differs.

                       lost: mended by                                  orphaned: mended by
chunks of a document   (only the document itself can bring them back)   –
originals, crops       (the same)                                       deleting the blob
kept vectors           the index, else encoding the chunk again         deleting the blob
vectors in the index   the kept vectors                                 removing them; dropping an index nobody asks
words in the index     the catalogue's chunks                           removing them; dropping an index nobody asks

The catalogue is the truth. Documents come and go meanwhile: only what is finished is compared, and what differs counts
only if the catalogue, asked once more, still says so. Searches go on all along.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

import numpy as np

from app.services.upkeep.collections import every_collection
from domain import blob_keys
from domain.chunk_ids import document_id_of
from domain.errors import Conflict, Gone, Missing, Unavailable, Unreadable
from domain.ports import (
    Blobs,
    Catalogue,
    IndexName,
    KeptVectors,
    Vector,
    VectorIndex,
    VectorRow,
    Vectors,
    WordsIndex,
    WordsRow,
    words_row,
)
from domain.types import (
    READ,
    Chunk,
    Collection,
    Compaction,
    Document,
    Fault,
    Finding,
    Part,
    Report,
    Space,
)
from system.threads import in_thread

SAME = 0.999  # cosine of a vector with itself, kept in half precision
VECTORS_AT_ONCE = 50  # a write of Chroma's holds the GIL: 50 for about 57 ms
READ_AT_ONCE = 2**20  # bytes of an original
EXAMPLES = 5
SPACES: tuple[Space, ...] = ("text", "image")

Compact = Callable[[], Awaitable[str | None]]  # a sentence: it was left as it is, and why
T = TypeVar("T")

log = logging.getLogger(__name__)

MESSAGES: dict[tuple[Fault, Part], str] = {
    ("loss", "chunks"): "The catalogue has lost chunks of documents: delete these documents and upload them again.",
    ("loss", "originals"): "Original files are lost or damaged: delete these documents and upload them again.",
    ("loss", "crops"): "Pictures cut out of documents are lost: delete these documents and upload them again.",
    ("loss", "kept"): "Kept vectors are lost or damaged.",
    ("loss", "vectors"): "Vectors are missing in the index, or aren't the kept ones.",
    ("loss", "words"): "Chunks are missing in the words index.",
    ("orphan", "blobs"): "Files belong to no document.",
    ("orphan", "vectors"): "Vectors in the index belong to no chunk.",
    ("orphan", "words"): "Words in the index belong to no chunk.",
}


@dataclass(frozen=True, slots=True)
class Stores:
    catalogue: Catalogue
    blobs: Blobs
    kept: KeptVectors
    vectors: VectorIndex
    words: WordsIndex


@dataclass(frozen=True, slots=True)
class Mending:
    """What mending needs besides the stores."""

    wants: Callable[[Space, Chunk], bool]  # whether a chunk is encoded in a space at all
    encode: Callable[[Space, str, Sequence[Chunk]], Awaitable[tuple[list[str], Vectors]]]  # by the encoder of a name
    erase: Callable[[str, str], None]  # a deleted document, by its id and its collection's
    sweep_original: Callable[[str], bool]  # removes an original that no document wants; whether it did
    more_encoders: Callable[[str], Mapping[Space, str]]  # those that a collection is being given


@dataclass(frozen=True, slots=True)
class Compacting:
    parts: Mapping[str, Compact]
    sizes: Callable[[], Mapping[str, int]]


class Verify:
    def __init__(self, stores: Stores, mending: Mending, compacting: Compacting) -> None:
        self._stores = stores
        self._mending = mending
        self._compacting = compacting
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, repair: bool = False, compact: bool = False) -> Report:
        """Raises Conflict while another verification runs, Unavailable when a store doesn't answer."""
        if self._one_at_a_time.locked():
            raise Conflict("A verification runs already: wait until it is done.")
        async with self._one_at_a_time:
            began = time.monotonic()
            erasing = await self._erase_the_deleted(repair or compact)
            look = _Look(self._stores, self._mending, repair)
            async for collection in every_collection(self._stores.catalogue.collections):
                await look.compare(collection)
            await look.strangers()
            report = Report(look.checked, look.findings(), erasing, 0.0)
            if compact:
                report = replace(report, compaction=await self._compact())
            report = replace(report, took_s=round(time.monotonic() - began, 3))
        log.info("verified", extra={"findings": len(report.findings), "took_s": report.took_s})
        return report

    async def _erase_the_deleted(self, erase: bool) -> int:
        """Deleted documents are erased by the queue; whoever wants all mended doesn't wait for it."""
        deleted = await in_thread(self._stores.catalogue.erasure.deleted)
        for document in deleted if erase else ():
            await in_thread(self._mending.erase, document.id, document.collection_id)
        return 0 if erase else len(deleted)

    async def _compact(self) -> Compaction:
        before = await in_thread(self._compacting.sizes)
        notices: list[str] = []
        await in_thread(self._leave_out_what_can_be_made_again)
        for part, compact in self._compacting.parts.items():
            try:
                why_not = await compact()
            except Unavailable as error:
                why_not = str(error)
            if why_not:
                notices.append(f"{part}: {why_not}")
        return Compaction(before, await in_thread(self._compacting.sizes), tuple(notices))

    def _leave_out_what_can_be_made_again(self) -> None:
        """Renders of pages, and crops that no chunk of a document shows which is ready for good."""
        crops: dict[str, frozenset[str]] = {}
        for key in self._stores.blobs.keys("documents"):
            document_id, folder = key.split("/")[1:3]
            if folder == "renders":
                self._stores.blobs.delete(key)
            elif folder == "crops":
                if document_id not in crops:
                    crops[document_id] = self._crops_of_the_ready(document_id)
                if crops[document_id] and key not in crops[document_id]:
                    self._stores.blobs.delete(key)

    def _crops_of_the_ready(self, document_id: str) -> frozenset[str]:
        try:
            if self._stores.catalogue.documents.find(document_id).status != "ready":
                return frozenset()
        except (Missing, Gone):
            return frozenset()
        return frozenset(chunk.image for chunk in self._stores.catalogue.chunks.of_document(document_id) if chunk.image)


def compact_words(catalogue: Catalogue, words: WordsIndex) -> None:
    """Every index is filled again from the catalogue, with the chunks that it holds."""

    def rows(held: frozenset[str]) -> Iterator[list[WordsRow]]:
        for document_id in sorted({document_id_of(chunk_id) for chunk_id in held}):
            chunks = catalogue.chunks.of_document(document_id)
            yield [words_row(chunk) for chunk in chunks if chunk.id in held]

    for collection_id in words.collections():
        words.rebuild(collection_id, rows)


# ---------------------------------------------------------------- one look at everything


@dataclass(slots=True)
class _Count:
    count: int = 0
    mended: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Index:
    """A vector index as it was found, and what of it belongs to a chunk."""

    name: IndexName
    held: Set[str]
    known: set[str] = field(default_factory=set)


class _Look:
    def __init__(self, stores: Stores, mending: Mending, repair: bool) -> None:
        self._stores = stores
        self._mending = mending
        self._repair = repair
        self._counts: dict[tuple[Fault, Part, str | None, Space | None], _Count] = {}
        self._collection: str | None = None
        self.checked = dict.fromkeys(("collections", "documents", "chunks", "vectors", "words", "blobs"), 0)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(fault, part, n.count, n.mended, MESSAGES[fault, part], tuple(n.examples), collection, space)
            for (fault, part, collection, space), n in self._counts.items()
        )

    def _tell(self, fault: Fault, part: Part, ids: Sequence[str], mended: int = 0, space: Space | None = None) -> None:
        if ids:
            count = self._counts.setdefault((fault, part, self._collection, space), _Count())
            count.count += len(ids)
            count.mended += mended
            count.examples.extend(ids[: EXAMPLES - len(count.examples)])

    # ------------------------------------------------------------ a collection

    async def compare(self, collection: Collection) -> None:
        """Documents are listed before the indexes are: what is published in between is in both, or in the second."""
        self._collection = collection.name
        self.checked["collections"] += 1
        stamp = {cast(Space, space): encoder for space, encoder in collection.encoders.items()}
        documents = await in_thread(self._finished, collection)
        words = await self._usable_words(collection.id)
        indexes = [await self._usable(IndexName(collection.id, space, name)) for space, name in stamp.items()]
        known: set[str] = set()
        for document in documents:
            chunks = await in_thread(self._stores.catalogue.chunks.of_document, document.id)
            known.update(chunk.id for chunk in chunks)
            await self._compare_document(document, chunks, words, indexes)
        await self._orphans_in_words(collection.id, words - known)
        for index in indexes:
            await self._orphans_in_index(index.name, index.held - index.known)
        self.checked["words"] += len(words)
        self._collection = None

    def _finished(self, collection: Collection) -> list[Document]:
        return [one for one in self._stores.catalogue.documents.findable([collection.id]) if one.status in READ]

    async def _usable_words(self, collection_id: str) -> Set[str]:
        try:
            return await in_thread(self._stores.words.ids, collection_id)
        except Unavailable as error:
            log.warning("a words index can't be used", extra={"collection": collection_id, "why": str(error)})
            if self._repair:
                await in_thread(self._stores.words.drop, collection_id)
            return frozenset()

    async def _usable(self, name: IndexName) -> _Index:
        """Asked twice: it may have been its server for a moment. One whose server doesn't answer isn't damaged."""
        for _ in range(2):
            try:
                return _Index(name, await in_thread(self._stores.vectors.ids, name))
            except Unavailable as error:
                await in_thread(self._stores.vectors.indexes)
                why = str(error)
        log.warning("a vector index can't be used", extra={"index": str(name), "why": why})
        if self._repair:
            await in_thread(self._stores.vectors.drop_index, name)
        return _Index(name, frozenset())

    async def _compare_document(
        self, document: Document, chunks: Sequence[Chunk], words: Set[str], indexes: Sequence[_Index]
    ) -> None:
        self.checked["documents"] += 1
        self.checked["chunks"] += len(chunks)
        lost: dict[Part, list[str]] = {
            "chunks": [document.id] if len(chunks) < sum(document.chunks.values()) else [],
            "originals": await in_thread(self._lost_original, document),
            "crops": [c.image for c in chunks if c.image and not self._stores.blobs.exists(c.image)],
        }
        missing = [chunk for chunk in chunks if chunk.id not in words]
        unusual = bool(missing) or any(lost.values())
        if unusual and not await in_thread(self._still, document):
            return
        for part, ids in lost.items():
            self._tell("loss", part, ids)
        await self._missing_words(document, missing)
        for index in indexes:
            await self._compare_vectors(document, chunks, index)

    def _lost_original(self, document: Document) -> list[str]:
        try:
            with self._stores.blobs.path(blob_keys.original(document.sha256)).open("rb") as file:
                whole = hashlib.file_digest(file, "sha256").hexdigest() == document.sha256
        except (Missing, OSError):
            whole = False
        return [] if whole else [document.id]

    def _still(self, document: Document) -> bool:
        """Whether it is as it was listed: neither deleted since, nor begun anew."""
        try:
            now = self._stores.catalogue.documents.find(document.id)
        except (Missing, Gone):
            return False
        return now.attempt == document.attempt and now.status in READ

    # ------------------------------------------------------------ words

    async def _missing_words(self, document: Document, missing: Sequence[Chunk]) -> None:
        if missing and self._repair:
            rows = [words_row(chunk) for chunk in missing]
            await in_thread(self._stores.words.add, document.collection_id, rows)
            if not await in_thread(self._still, document):
                await in_thread(self._stores.words.remove_document, document.collection_id, document.id)
        self._tell("loss", "words", [chunk.id for chunk in missing], len(missing) if self._repair else 0)

    async def _orphans_in_words(self, collection_id: str, candidates: Set[str]) -> None:
        orphans = await in_thread(self._orphans, candidates)
        if orphans and self._repair:
            await in_thread(self._stores.words.remove, collection_id, orphans)
        self._tell("orphan", "words", orphans, len(orphans) if self._repair else 0)

    def _orphans(self, chunk_ids: Iterable[str]) -> list[str]:
        """Those of no document at all, and those of finished documents that hold no such chunk."""
        of: dict[str, list[str]] = {}
        for chunk_id in sorted(chunk_ids):
            of.setdefault(document_id_of(chunk_id), []).append(chunk_id)
        orphans: list[str] = []
        for document_id, ids in of.items():
            holds = self._holds(document_id)
            orphans += [] if holds is None else [chunk_id for chunk_id in ids if chunk_id not in holds]
        return orphans

    def _holds(self, document_id: str) -> Set[str] | None:
        """The ids of its chunks; None where that can't be said now: it is on its way in, or being erased."""
        try:
            if self._stores.catalogue.documents.find(document_id).status not in READ:
                return None
        except Missing:
            return frozenset()
        except Gone:
            return None if self._being_erased(document_id) else frozenset()
        return {chunk.id for chunk in self._stores.catalogue.chunks.of_document(document_id)}

    def _being_erased(self, document_id: str) -> bool:
        return any(document.id == document_id for document in self._stores.catalogue.erasure.deleted())

    # ------------------------------------------------------------ vectors

    async def _compare_vectors(self, document: Document, chunks: Sequence[Chunk], index: _Index) -> None:
        space, encoder = index.name.space, index.name.encoder
        kinds = {chunk.id: chunk.kind for chunk in chunks}
        kept = await in_thread(self._kept, document.id, space, encoder)
        stored = await in_thread(self._stored, index.name, [id for id in kinds if id in index.held])
        kept = {id: vector for id, vector in kept.items() if id in kinds}
        unkept = [c for c in chunks if c.id not in kept and self._mending.wants(space, c)]
        if unkept:
            kept |= await self._unkept(document, unkept, index.name, stored)
        index.known.update(kinds)
        differing = [id for id, vector in kept.items() if id not in stored or not _same(vector, stored[id])]
        standing: bool = await in_thread(self._still, document)
        if differing and standing:
            if self._repair:
                rows = [VectorRow(id, document.id, kinds[id], kept[id]) for id in differing]
                await in_thread(self._add, index.name, document, rows)
            self._tell("loss", "vectors", differing, len(differing) if self._repair else 0, space)
        self.checked["vectors"] += len(stored)

    def _kept(self, document_id: str, space: Space, encoder: str) -> dict[str, Vector]:
        try:
            ids, vectors = self._stores.kept.load(document_id, space, encoder)
        except Unreadable as error:
            log.warning("kept vectors are damaged", extra={"document": document_id, "why": str(error)})
            if self._repair:
                self._stores.kept.forget(document_id, space, encoder)
            return {}
        except Missing:
            return {}
        return dict(zip(ids, vectors, strict=True))

    def _stored(self, name: IndexName, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        if not chunk_ids:
            return {}
        return dict(zip(*self._stores.vectors.stored(name, chunk_ids), strict=True))

    async def _unkept(
        self, document: Document, chunks: Sequence[Chunk], name: IndexName, stored: Mapping[str, Vector]
    ) -> dict[str, Vector]:
        """What should be kept and isn't: the index may still have it, else it is encoded again. A picture that can't
        be decoded has no vector, and that is no loss."""
        if not await in_thread(self._still, document):
            return {}
        saved = {chunk.id: stored[chunk.id] for chunk in chunks if chunk.id in stored}
        lost = [chunk for chunk in chunks if chunk.id not in saved]
        made = await self._encoded(name, lost)
        if not self._repair:
            self._tell("loss", "kept", [*saved, *made], 0, name.space)
            return saved
        fresh = saved | {id: vector for id, vector in made.items() if vector is not None}
        if fresh:
            await in_thread(self._keep, document, name, fresh)
        self._tell("loss", "kept", [*saved, *made], len(fresh), name.space)
        return fresh

    async def _encoded(self, name: IndexName, chunks: Sequence[Chunk]) -> dict[str, Vector | None]:
        """None: lost, and not made again. Only looking, no text is encoded: it is known that it could be."""
        if not chunks or (name.space == "text" and not self._repair):
            return dict.fromkeys(chunk.id for chunk in chunks)
        try:
            return dict(zip(*await self._mending.encode(name.space, name.encoder, chunks), strict=True))
        except Unavailable as error:
            log.warning("lost vectors can't be made again now", extra={"why": str(error)})
            return dict.fromkeys(chunk.id for chunk in chunks)

    def _keep(self, document: Document, name: IndexName, vectors: Mapping[str, Vector]) -> None:
        part = self._stores.kept.next_part(document.id, name.space, name.encoder)
        made = np.stack(list(vectors.values()))
        self._stores.kept.keep(document.id, name.space, name.encoder, part, list(vectors), made)

    def _add(self, name: IndexName, document: Document, rows: Sequence[VectorRow]) -> None:
        """What is deleted after the last look at the catalogue is erased after it too; what was before, here."""
        for start in range(0, len(rows), VECTORS_AT_ONCE):
            self._stores.vectors.add(name, rows[start : start + VECTORS_AT_ONCE])
        if not self._still(document):
            self._stores.vectors.remove_document(name, document.id)

    async def _orphans_in_index(self, name: IndexName, candidates: Set[str]) -> None:
        orphans = await in_thread(self._orphans, candidates)
        if orphans and self._repair:
            await in_thread(self._stores.vectors.remove, name, orphans)
        self._tell("orphan", "vectors", orphans, len(orphans) if self._repair else 0, name.space)

    # ------------------------------------------------------------ what belongs to nothing

    async def strangers(self) -> None:
        """Indexes and blobs that nothing in the catalogue asks for. The indexes are listed first: a collection that is
        made or stamped meanwhile is no stranger."""
        indexes = await in_thread(self._stores.vectors.indexes)
        words = await in_thread(self._stores.words.collections)
        # asked before the stamps: a collection's encoders to come are its stamp the moment they no longer are to come
        coming = {name: await in_thread(self._mending.more_encoders, name.collection_id) for name in indexes}
        living = {
            collection.id: collection async for collection in every_collection(self._stores.catalogue.collections)
        }
        for name in indexes:
            if name.collection_id not in living:
                await self._strange_index(name)
                continue
            stamp = living[name.collection_id].encoders
            if name.encoder not in (stamp.get(name.space), coming[name].get(name.space)):
                await self._strange_index(name)
        for collection_id in words - living.keys():
            ids = await in_thread(self._stores.words.ids, collection_id)
            if self._repair:
                await in_thread(self._stores.words.drop, collection_id)
            self._tell("orphan", "words", sorted(ids) or [collection_id], max(1, len(ids)) if self._repair else 0)
        await in_thread(self._strange_blobs)

    async def _strange_index(self, name: IndexName) -> None:
        ids = await in_thread(self._stores.vectors.ids, name)
        if self._repair:
            await in_thread(self._stores.vectors.drop_index, name)
        held = sorted(ids) or [str(name)]
        self._tell("orphan", "vectors", held, len(held) if self._repair else 0, name.space)

    def _strange_blobs(self) -> None:
        wanted: dict[str, bool] = {}
        for key in self._stores.blobs.keys(""):
            self.checked["blobs"] += 1
            owner, group = _owner(key)
            if group and group not in wanted:
                wanted[group] = self._wanted(owner, group)
            if group and not wanted[group]:
                self._tell("orphan", "blobs", [key], self._remove(key) if self._repair else 0)

    def _wanted(self, owner: str, group: str) -> bool:
        if group.startswith("originals/"):
            return self._stores.catalogue.erasure.bytes_wanted(owner)
        try:
            document = self._stores.catalogue.documents.find(owner)
        except (Missing, Gone):
            return self._being_erased(owner)
        if "/vectors/" not in group:
            return True
        coming = self._mending.more_encoders(document.collection_id)
        try:
            stamp = self._stores.catalogue.collections.find(document.collection).encoders
        except Missing:  # deleted at this moment
            return True
        allowed = (coming, {cast(Space, space): encoder for space, encoder in stamp.items()})
        return any(group.rpartition("/")[2] in self._stores.kept.folders(encoders) for encoders in allowed)

    def _remove(self, key: str) -> int:
        if key.startswith("originals/"):
            return int(self._mending.sweep_original(key))
        self._stores.blobs.delete(key)
        return 1


def _owner(key: str) -> tuple[str, str]:
    """The document (or the bytes) that a blob belongs to, and the folder that is wanted or not as a whole; ("", "")
    for what is neither."""
    parts = key.split("/")
    if parts[0] == "originals" and len(parts) == 2:
        return parts[1], key
    if parts[0] == "documents" and len(parts) > 2:
        depth = 4 if parts[2] == "vectors" else 2
        return parts[1], "/".join(parts[:depth])
    return "", ""


def _same(one: Vector, other: Vector) -> bool:
    return one.shape == other.shape and float(one @ other) >= SAME * float(np.linalg.norm(other))
