"""Finds and removes what belongs to nothing in the catalogue: index rows, whole indexes, blobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, cast

from app.services.upkeep.collections import every_collection
from app.services.upkeep.findings import Findings
from app.services.upkeep.shelves import Shelf
from domain.chunk_ids import document_id_of
from domain.documents import READ
from domain.errors import Gone, Missing
from domain.evidence import Space
from domain.ports import Catalogue, IndexName
from ingest.stores import Stores
from system.threads import in_thread

MoreEncoders = Callable[[str], Mapping[Space, str]]  # the encoders that a collection is being re-embedded with


class Orphans:
    """`sweep_original` removes an original that no document wants, and says whether it did."""

    def __init__(
        self,
        stores: Stores,
        findings: Findings,
        more_encoders: MoreEncoders,
        sweep_original: Callable[[str], bool],
        repair: bool,
    ) -> None:
        self._stores = stores
        self._findings = findings
        self._more_encoders = more_encoders
        self._sweep_original = sweep_original
        self._repair = repair

    async def on_shelf(self, shelf: Shelf[Any], unknown: Set[str], space: Space | None = None) -> None:
        """`unknown`: ids in an index that belong to no chunk met so far."""
        orphans = await in_thread(orphaned, self._stores.catalogue, unknown)
        if orphans and self._repair:
            await in_thread(shelf.remove, orphans)
        self._findings.add("orphan", shelf.part, orphans, len(orphans) if self._repair else 0, space)

    async def indexes(self) -> None:
        """Indexes of no collection, or of an encoder that no collection uses. The indexes are listed first, so that a
        collection created meanwhile loses nothing."""
        indexes = await in_thread(self._stores.vectors.indexes)
        words = await in_thread(self._stores.words.collections)
        # read before the stamps: a re-embedding that ends in between has made its encoders the stamp
        coming = {name: await in_thread(self._more_encoders, name.collection_id) for name in indexes}
        catalogue = self._stores.catalogue
        living = {collection.id: collection async for collection in every_collection(catalogue.collections)}
        for name in indexes:
            collection = living.get(name.collection_id)
            wanted = (collection.encoders.get(name.space), coming[name].get(name.space)) if collection else ()
            if name.encoder not in wanted:
                await self._vectors(name)
        for collection_id in words - living.keys():
            await self._words(collection_id)

    async def _vectors(self, name: IndexName) -> None:
        ids = await in_thread(self._stores.vectors.ids, name)
        if self._repair:
            await in_thread(self._stores.vectors.drop_index, name)
        held = sorted(ids) or [str(name)]
        self._findings.add("orphan", "vectors", held, len(held) if self._repair else 0, name.space)

    async def _words(self, collection_id: str) -> None:
        held = sorted(await in_thread(self._stores.words.ids, collection_id)) or [collection_id]
        if self._repair:
            await in_thread(self._stores.words.drop, collection_id)
        self._findings.add("orphan", "words", held, len(held) if self._repair else 0)

    def blobs(self) -> None:
        wanted: dict[str, bool] = {}
        for key in self._stores.blobs.keys(""):
            self._findings.checked["blobs"] += 1
            owner, group = _owner(key)
            if group and group not in wanted:
                wanted[group] = self._wanted(owner, group)
            if group and not wanted[group]:
                self._findings.add("orphan", "blobs", [key], self._remove(key) if self._repair else 0)

    def _wanted(self, owner: str, group: str) -> bool:
        catalogue = self._stores.catalogue
        if group.startswith("originals/"):
            return catalogue.erasure.bytes_wanted(owner)
        try:
            document = catalogue.documents.find(owner)
        except (Missing, Gone):
            return _being_erased(catalogue, owner)
        if "/vectors/" not in group:
            return True
        coming = self._more_encoders(document.collection_id)
        try:
            stamp = catalogue.collections.find(document.collection).encoders
        except Missing:  # deleted at this moment
            return True
        allowed = (coming, {cast(Space, space): encoder for space, encoder in stamp.items()})
        return any(group.rpartition("/")[2] in self._stores.kept.folders(encoders) for encoders in allowed)

    def _remove(self, key: str) -> int:
        if key.startswith("originals/"):
            return int(self._sweep_original(key))
        self._stores.blobs.delete(key)
        return 1


def orphaned(catalogue: Catalogue, chunk_ids: Iterable[str]) -> list[str]:
    """Ids of documents that don't exist, and ids that a finished document has no chunk of."""
    of: dict[str, list[str]] = {}
    for chunk_id in sorted(chunk_ids):
        of.setdefault(document_id_of(chunk_id), []).append(chunk_id)
    orphans: list[str] = []
    for document_id, ids in of.items():
        holds = _holds(catalogue, document_id)
        orphans += [] if holds is None else [chunk_id for chunk_id in ids if chunk_id not in holds]
    return orphans


def _holds(catalogue: Catalogue, document_id: str) -> Set[str] | None:
    """The ids of the document's chunks; None while it is being taken in or erased."""
    try:
        if catalogue.documents.find(document_id).status not in READ:
            return None
    except Missing:
        return frozenset()
    except Gone:
        return None if _being_erased(catalogue, document_id) else frozenset()
    return {chunk.id for chunk in catalogue.chunks.of_document(document_id)}


def _being_erased(catalogue: Catalogue, document_id: str) -> bool:
    return bool(catalogue.erasure.deleted([document_id]))


def _owner(key: str) -> tuple[str, str]:
    """The document id (or sha256) that a blob belongs to, and the folder that is kept or removed as a whole; ("", "")
    for any other key."""
    parts = key.split("/")
    if parts[0] == "originals" and len(parts) == 2:
        return parts[1], key
    if parts[0] == "documents" and len(parts) > 2:
        depth = 4 if parts[2] == "vectors" else 2
        return parts[1], "/".join(parts[:depth])
    return "", ""
