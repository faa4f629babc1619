"""In-memory twins of the catalogue and the blobs, for tests and experiments; they pass the same contract suites."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from app.adapters.blobs import checked_key, is_under
from app.adapters.catalogue.catalogue import (
    DEFAULT,
    DESCRIBED,
    UNFINISHED,
    check_chunks,
    check_duplicate,
    check_publishable,
    check_replaceable,
    utc_now,
    with_reindex,
)
from app.adapters.catalogue.cursors import checked_limit, decode_cursor, page_of
from app.adapters.catalogue.storable import storable, storable_metadata
from domain.chunk_ids import document_id_of
from domain.errors import Conflict, Gone, Missing
from domain.ports import Paged
from domain.types import (
    FINISHED,
    READ,
    RETRYABLE,
    Chunk,
    Collection,
    Document,
    Evidence,
    Facts,
    Narrowed,
    PageReport,
    Place,
    Problem,
    Reindexing,
    ReindexState,
    Stage,
    Status,
)

T = TypeVar("T", Collection, Document)


@dataclass(slots=True)
class _Shelf:
    """All there is of one document."""

    document: Document
    chunks: tuple[Chunk, ...] = ()
    deleted: bool = False
    wholes: set[str] = field(default_factory=set)  # what it came inside of
    re_embedded: str | None = None  # the reindexing that has gone through it since it was last published


class MemoryCatalogue:
    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._collections: dict[str, Collection] = {}  # by name, undeleted ones
        self._shelves: dict[str, _Shelf] = {}
        self._tombstones: set[str] = set()
        self._leases: dict[str, datetime] = {}
        self.create_collection(DEFAULT, {})

    def close(self) -> None:
        pass

    def compact(self) -> None:
        pass

    # ------------------------------------------------------------ collections

    def create_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        created = Collection(uuid4().hex, storable(name), self._now(), storable_metadata(metadata))
        with self._lock:
            if created.name in self._collections:
                raise Conflict(f"there is a collection named {name} already")
            self._collections[created.name] = created
        return created

    def collection(self, name: str) -> Collection:
        with self._lock:
            if storable(name) not in self._collections:
                raise Missing(f"there is no collection named {name}")
            return self._collections[storable(name)]

    def collection_of_id(self, collection_id: str) -> Collection:
        with self._lock:
            return self._collection_of_id(collection_id)

    def collections(self, limit: int, cursor: str | None = None) -> Paged[Collection]:
        with self._lock:
            return _page(self._collections.values(), limit, cursor)

    def update_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        with self._lock:
            updated = replace(self.collection(name), metadata=storable_metadata(metadata))
            self._collections[updated.name] = updated
        return updated

    def stamp(self, collection_id: str, encoders: Mapping[str, str]) -> Collection:
        with self._lock:
            standing = self._collection_of_id(collection_id)
            if standing.encoders:
                return standing
            return self._put(replace(standing, encoders=dict(encoders)))

    def begin_reindex(self, collection_id: str, encoders: Mapping[str, str], reindex_id: str) -> Collection:
        with self._lock:
            return self._put(with_reindex(self._collection_of_id(collection_id), encoders, reindex_id))

    def update_reindex(
        self,
        collection_id: str,
        reindex_id: str,
        *,
        state: ReindexState | None = None,
        done: int | None = None,
        total: int | None = None,
        problem: str | None = None,
    ) -> bool:
        given = {"state": state, "done": done, "total": total, "problem": problem}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        with self._lock:
            if (found := self._under_way(collection_id, reindex_id)) is None:
                return False
            standing, reindex = found
            self._put(replace(standing, reindex=replace(reindex, **changes)))
        return True

    def to_re_embed(self, collection_id: str, reindex_id: str, limit: int) -> tuple[Document, ...]:
        with self._lock:
            here = self._select(lambda shelf: shelf.document.collection_id == collection_id)
            finished = [document for document in here if document.findable and document.status in READ]
            unmarked = [document for document in finished if self._shelves[document.id].re_embedded != reindex_id]
        return tuple(map(_light, unmarked[:limit]))

    def re_embedded(self, document: Document, reindex_id: str) -> bool:
        with self._lock:
            shelf = self._shelves.get(document.id)
            if shelf is None or shelf.deleted or shelf.document.status not in READ:
                return False
            if (shelf.document.attempt, shelf.document.published) != (document.attempt, document.published):
                return False
            shelf.re_embedded = reindex_id
        return True

    def switch(self, collection_id: str, reindex_id: str) -> bool:
        with self._lock:
            if (found := self._under_way(collection_id, reindex_id)) is None:
                return False
            standing, reindex = found
            here = self._select(lambda shelf: shelf.document.collection_id == collection_id)
            if any(one.status == "running" or self._is_behind(one, reindex_id) for one in here):
                return False
            self._put(replace(standing, encoders=reindex.encoders, reindex=None))
        return True

    def delete_collection(self, name: str) -> tuple[Document, ...]:
        with self._lock:
            doomed = self._collections.pop(self.collection(name).name)
            hidden = self._select(lambda shelf: shelf.document.collection_id == doomed.id)
            for document in hidden:
                self._shelves[document.id].deleted = True
            if doomed.name == DEFAULT:
                self.create_collection(DEFAULT, {})
        return hidden

    # ------------------------------------------------------------ documents

    def record(self, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        with self._lock:
            collection = self._collection_of_id(document.collection_id)
            if part_of is not None:
                self._shelf(part_of)
            for there in self._select(lambda shelf: shelf.document.collection_id == collection.id):
                if there.sha256 == document.sha256:
                    check_duplicate(document, there)
                    self._came_again(self._shelves[there.id], part_of)
                    return there, True
            if document.replaces is not None:
                coming = self._select(lambda shelf: shelf.document.replaces == document.replaces)
                rivals = [one for one in coming if one.status in UNFINISHED]
                check_replaceable(document, self._shelf(document.replaces).document, rivals)
            if document.id in self._shelves or document.id in self._tombstones:
                raise Conflict(f"there is a document {document.id} already")
            kept = _storable_document(
                replace(document, collection=collection.name, created_at=document.created_at.astimezone(UTC))
            )
            self._shelves[kept.id] = _Shelf(kept, wholes=set() if part_of is None else {part_of})
        return kept, False

    def document(self, document_id: str) -> Document:
        with self._lock:
            return self._shelf(document_id).document

    def documents(
        self,
        collection_id: str,
        status: Status | None,
        limit: int,
        cursor: str | None = None,
        *,
        sha256: str | None = None,
        name: str | None = None,
    ) -> Paged[Document]:
        with self._lock:
            found = self._select(
                lambda shelf: (
                    shelf.document.collection_id == collection_id
                    and status in (None, shelf.document.status)
                    and (sha256 is None or storable(sha256) == shelf.document.sha256)
                    and (name is None or storable(name) == shelf.document.name)
                )
            )
        return _page(found, limit, cursor)

    def documents_in(self, collection_ids: Iterable[str]) -> tuple[Document, ...]:
        allowed = frozenset(collection_ids)
        with self._lock:
            found = self._select(lambda shelf: shelf.document.collection_id in allowed and shelf.document.findable)
        return tuple(map(_light, found))

    def facts_in(self, collection_ids: Iterable[str], narrowed: Narrowed) -> tuple[Facts, ...]:
        found = self.documents_in(collection_ids)
        return tuple(Facts(document.id, document.pages, document.metadata) for document in found)

    def unfinished(self) -> tuple[Document, ...]:
        with self._lock:
            return self._select(lambda shelf: shelf.document.status in UNFINISHED)

    def deleted(self) -> tuple[Document, ...]:
        with self._lock:
            return tuple(sorted((s.document for s in self._shelves.values() if s.deleted), key=_position))

    def update(
        self,
        document_id: str,
        attempt: int,
        *,
        status: Status | None = None,
        stage: Stage | None = None,
        progress: float | None = None,
        pages: int | None = None,
        media_type: str | None = None,
        title: str | None = None,
        problems: Sequence[Problem] | None = None,
        page_report: Sequence[PageReport] | None = None,
        time_left_s: float | None = None,
    ) -> bool:
        if status in READ:
            raise ValueError(f"{status} is for publish")
        given: dict[str, Any] = {
            "status": status,
            "stage": stage,
            "progress": progress,
            "pages": pages,
            "media_type": media_type,
            "title": title,
            "problems": None if problems is None else tuple(problems),
            "page_report": None if page_report is None else tuple(page_report),
            "time_left_s": time_left_s,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if status in FINISHED:
            changes |= {"stage": None, "time_left_s": None, "published": 0}
        return self._change(document_id, attempt, **changes)

    def requeue(self, document_id: str) -> Document:
        return self._begin_anew(document_id, lambda document: document.status in RETRYABLE)

    def reattempt(self, document_id: str, attempt: int) -> Document:
        return self._begin_anew(
            document_id, lambda document: document.status in UNFINISHED and document.attempt == attempt
        )

    def publish(self, document_id: str, attempt: int, status: Status, batches: int = 1) -> bool:
        check_publishable(status)
        changes: dict[str, Any] = {"status": status, "published": batches}
        if status in READ:
            changes |= {"stage": None, "time_left_s": None, "progress": 1.0, "ready_at": self._now()}
        with self._lock:
            published = self._change(document_id, attempt, **changes)
            if published:
                self._shelves[document_id].re_embedded = None
            replaced = self._shelf(document_id).document.replaces if published and status in READ else None
            if replaced in self._shelves and not self._shelves[replaced].deleted:
                self.delete_whole(replaced)
        return published

    def delete(self, document_id: str) -> Document:
        with self._lock:
            shelf = self._shelf(document_id)
            shelf.deleted = True
            return shelf.document

    def delete_whole(self, document_id: str) -> tuple[Document, ...]:
        with self._lock:
            lost, waiting = [self.delete(document_id)], {document_id}
            while waiting:
                orphans = self._select(partial(self._orphaned, waiting))
                lost += [self.delete(orphan.id) for orphan in orphans]
                waiting = {orphan.id for orphan in orphans}
        return tuple(lost)

    def erase(self, document_id: str) -> None:
        with self._lock:
            shelf = self._shelves.get(document_id)
            if shelf is None:
                return
            if not shelf.deleted:
                raise Conflict("the document is not deleted")
            del self._shelves[document_id]
            self._tombstones.add(document_id)
            for other in self._shelves.values():
                other.wholes.discard(document_id)

    def bytes_wanted(self, sha256: str) -> bool:
        with self._lock:
            return any(shelf.document.sha256 == sha256 for shelf in self._shelves.values())

    # ------------------------------------------------------------ chunks

    def replace_chunks(self, document_id: str, attempt: int, chunks: Sequence[Chunk], batch: int = 0) -> bool:
        check_chunks(document_id, chunks, batch)
        with self._lock:
            if not self._change(document_id, attempt):
                return False
            shelf = self._shelves[document_id]
            others = [chunk for chunk in shelf.chunks if batch and chunk.batch != batch]
            in_order = sorted((*others, *map(_storable_chunk, chunks)), key=lambda chunk: chunk.ordinal)
            shelf.chunks = tuple(in_order)
            self._change(
                document_id, attempt, chunks=dict(Counter(chunk.kind for chunk in in_order if chunk.ordinal >= 0))
            )
        return True

    def describe(self, document_id: str, attempt: int, chunks: Sequence[Chunk]) -> bool:
        described = {chunk.id: {name: getattr(chunk, name) for name in DESCRIBED} for chunk in chunks}
        with self._lock:
            if not self._change(document_id, attempt):
                return False
            shelf = self._shelves[document_id]
            shelf.chunks = tuple(
                _storable_chunk(replace(chunk, **described.get(chunk.id, {}))) for chunk in shelf.chunks
            )
        return True

    def chunks(
        self, document_id: str, after: int = -1, limit: int | None = None, batch: int | None = None
    ) -> tuple[Chunk, ...]:
        with self._lock:
            shelf = self._shelves.get(document_id)
            if shelf is None or shelf.deleted:
                return ()
            of_batch = (chunk for chunk in shelf.chunks if batch in (None, chunk.batch))
            return tuple(chunk for chunk in of_batch if chunk.ordinal > after)[:limit]

    def evidence(self, chunk_ids: Sequence[str], collection_ids: Iterable[str]) -> tuple[Evidence, ...]:
        allowed = frozenset(collection_ids)
        with self._lock:
            found = [self._evidence(id) for id in dict.fromkeys(chunk_ids)]
        return tuple(evidence for evidence in found if evidence and evidence.document.collection_id in allowed)

    def standing(
        self, chunk_ids: Sequence[str], collection_ids: Iterable[str], placed: bool = True
    ) -> tuple[Chunk, ...]:
        return tuple(evidence.chunk for evidence in self.evidence(chunk_ids, collection_ids))

    def chunk(self, chunk_id: str) -> Evidence:
        with self._lock:
            found = self._evidence(chunk_id)
            if found is not None:
                return found
            shelf = self._shelf(document_id_of(chunk_id), "evidence")
            document, is_there = shelf.document, any(chunk.id == chunk_id for chunk in shelf.chunks)
        if is_there or not document.findable:
            raise Missing(f"the document is {document.status}, so this can't be found in it now")
        raise Gone("the document was read again, and no longer holds this")

    # ------------------------------------------------------------ leases of workers

    def hold_lease(self, worker_id: str, seconds: float) -> None:
        with self._lock:
            self._leases[worker_id] = self._now() + timedelta(seconds=seconds)

    def release_lease(self, worker_id: str) -> None:
        with self._lock:
            self._leases.pop(worker_id, None)

    def expired_leases(self) -> tuple[str, ...]:
        with self._lock:
            now = self._now()
            expired = [(expires_at, worker) for worker, expires_at in self._leases.items() if expires_at <= now]
        return tuple(worker for _, worker in sorted(expired))

    # ------------------------------------------------------------ parts; the lock is held

    def _collection_of_id(self, collection_id: str) -> Collection:
        for collection in self._collections.values():
            if collection.id == collection_id:
                return collection
        raise Missing("there is no such collection")

    def _put(self, collection: Collection) -> Collection:
        self._collections[collection.name] = collection
        return collection

    def _under_way(self, collection_id: str, reindex_id: str) -> tuple[Collection, Reindexing] | None:
        for collection in self._collections.values():
            reindex = collection.reindex
            if collection.id == collection_id and reindex is not None and reindex.live and reindex.id == reindex_id:
                return collection, reindex
        return None

    def _is_behind(self, document: Document, reindex_id: str) -> bool:
        return document.findable and self._shelves[document.id].re_embedded != reindex_id

    def _shelf(self, document_id: str, wanted: str = "document") -> _Shelf:
        shelf = self._shelves.get(document_id)
        if document_id in self._tombstones or (shelf is not None and shelf.deleted):
            raise Gone("the document was deleted")
        if shelf is None:
            raise Missing(f"there is no such {wanted}")
        return shelf

    def _select(self, wanted: Callable[[_Shelf], bool]) -> tuple[Document, ...]:
        found = (shelf.document for shelf in self._shelves.values() if not shelf.deleted and wanted(shelf))
        return tuple(sorted(found, key=_position))

    def _orphaned(self, gone: set[str], shelf: _Shelf) -> bool:
        """Whether it came inside one of these, and inside nothing that is still there."""
        return bool(shelf.wholes & gone) and all(self._shelves[whole].deleted for whole in shelf.wholes)

    def _came_again(self, shelf: _Shelf, part_of: str | None) -> None:
        if part_of is None:
            shelf.wholes.clear()
        elif shelf.wholes and part_of != shelf.document.id:
            shelf.wholes.add(part_of)

    def _evidence(self, chunk_id: str) -> Evidence | None:
        shelf = self._shelves.get(document_id_of(chunk_id))
        if shelf is None or shelf.deleted or not shelf.document.findable:
            return None
        for chunk in shelf.chunks:
            if chunk.id == chunk_id and chunk.batch < shelf.document.published:
                return Evidence(chunk, _light(shelf.document))
        return None

    def _change(self, document_id: str, attempt: int, **changes: Any) -> bool:
        with self._lock:
            shelf = self._shelves.get(document_id)
            if shelf is None or shelf.deleted:
                return False
            if shelf.document.attempt != attempt or shelf.document.status not in UNFINISHED:
                return False
            shelf.document = _storable_document(replace(shelf.document, **changes))
        return True

    def _begin_anew(self, document_id: str, allowed: Callable[[Document], bool]) -> Document:
        with self._lock:
            shelf = self._shelf(document_id)
            last = shelf.document
            if not allowed(last):
                raise Conflict(f"the document is {last.status}, in attempt {last.attempt}")
            shelf.re_embedded = None
            shelf.document = replace(
                last,
                status="queued",
                attempt=last.attempt + 1,
                stage=None,
                progress=0.0,
                problems=(),
                page_report=(),
                ready_at=None,
                published=0,
                time_left_s=None,
            )
            return shelf.document


def _position(kept: Collection | Document) -> tuple[datetime, str]:
    return kept.created_at, kept.id


def _page(kept: Iterable[T], limit: int, cursor: str | None) -> Paged[T]:
    in_order = sorted(kept, key=_position)
    if cursor is not None:
        last = decode_cursor(cursor)
        in_order = [one for one in in_order if _position(one) > last]
    return page_of(in_order[: checked_limit(limit) + 1], limit, _position)


def _light(document: Document) -> Document:
    return replace(document, page_report=())


def _storable_document(document: Document) -> Document:
    return replace(
        document,
        name=storable(document.name),
        media_type=storable(document.media_type),
        title=None if document.title is None else storable(document.title),
        problems=tuple(replace(problem, message=storable(problem.message)) for problem in document.problems),
        metadata=storable_metadata(document.metadata),
    )


def _storable_chunk(chunk: Chunk) -> Chunk:
    place = chunk.place
    if place is not None:
        heading = tuple(map(storable, place.heading))
        place = Place(heading, None if place.sheet is None else storable(place.sheet), place.rows)
    words: dict[str, Any] = {name: storable(getattr(chunk, name)) for name in ("text", *DESCRIBED)}
    return replace(chunk, place=place, **words)


# ---------------------------------------------------------------- blobs


class MemoryBlobs:
    """Keeps bytes in a dict; only what must be a file (`path`, `temporary`) is one, in a folder that goes with it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bytes: dict[str, bytes] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="exhibit-blobs-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def put(self, key: str, data: bytes) -> None:
        with self._lock:
            self._check_room(checked_key(key))
            self._bytes[key] = bytes(data)

    def read(self, key: str) -> bytes:
        with self._lock:
            if checked_key(key) not in self._bytes:
                raise Missing(f"there is no blob {key}")
            return self._bytes[key]

    def exists(self, key: str) -> bool:
        with self._lock:
            return checked_key(key) in self._bytes

    def path(self, key: str) -> Path:
        copy = self.temporary()
        copy.write_bytes(self.read(key))
        return copy

    def temporary(self) -> Path:
        return self._folder / uuid4().hex

    def adopt(self, path: Path, key: str) -> None:
        with self._lock:
            self._check_room(checked_key(key))
            if not path.is_file():
                raise Missing(f"there is no file {path.name} to adopt")
            self._bytes.setdefault(key, path.read_bytes())
            path.unlink()

    def keys(self, prefix: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(sorted(key for key in self._bytes if is_under(key, prefix)))

    def delete(self, prefix: str) -> None:
        with self._lock:
            for key in self.keys(checked_key(prefix)):
                del self._bytes[key]

    def _check_room(self, key: str) -> None:
        """As on a disk, a key can't be a blob and a folder of blobs."""
        if any(is_under(other, key) or is_under(key, other) for other in self._bytes if other != key):
            raise Conflict(f"{key} is both a blob and a folder")
