"""What users can do with documents and collections: take in, cancel, retry, delete."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.services.upkeep.reconcile import forget_all
from domain.documents import RETRYABLE, Collection, Document
from domain.errors import Conflict, DiskFull, Unavailable
from domain.ports import ALONE, Collections, Documents, Erasure, Queueing, Runs, Share

NO_ROOM_TO_DELETE = (
    "The disk is full, so that not even a deletion can be noted: free some megabytes of it, outside of Exhibit's data "
    "folder, and delete again."
)

ENQUEUED_AT_ONCE = 50  # files of a request; the request does not wait for more to be enqueued

log = logging.getLogger(__name__)

TakeOriginal = Callable[[Path, Document, str | None], tuple[Document, bool]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived whole: its bytes lie in a temporary file, hashed and counted."""

    file: Path
    name: str
    size: int
    sha256: str


class Library:
    def __init__(
        self,
        collections: Collections,
        documents: Documents,
        runs: Runs,
        erasure: Erasure,
        jobs: Queueing,
        take: TakeOriginal,
        media_type_of: Callable[[Path, str], str],
        give_room: Callable[[], bool] = lambda: False,
    ) -> None:
        """`give_room` gives up room on the disk that is kept for deletions; returns whether there was any."""
        self._collections = collections
        self._documents = documents
        self._runs = runs
        self._erasure = erasure
        self._jobs = jobs
        self._take = take
        self._media_type_of = media_type_of
        self._soon: deque[tuple[Document, Share]] = deque()  # to be enqueued
        self._enqueueing: asyncio.Task[None] | None = None
        self._give_room = give_room

    async def take_in(
        self,
        collection: Collection,
        upload: Upload,
        metadata: Mapping[str, Any],
        part_of: str | None = None,
        replaces: str | None = None,
        share: Share = ALONE,
    ) -> tuple[Document, bool]:
        """Records an upload and queues it. Returns the document, and whether its bytes were already there.

        `part_of`: its parent, with which it is deleted. `replaces`: the document of which it is a new version. That
        one stays findable until this one is whole, and if this one fails.
        Raises UnsupportedType, TooLarge, BadRequest, and of the replaced one Missing, Gone, Conflict; the temporary
        file is gone either way.
        """
        try:
            media_type = await asyncio.to_thread(self._media_type_of, upload.file, upload.name)
            fresh = Document(
                id=uuid.uuid4().hex,
                collection_id=collection.id,
                collection=collection.name,
                name=upload.name,
                media_type=media_type,
                size=upload.size,
                sha256=upload.sha256,
                status="queued",
                created_at=datetime.now(UTC),
                metadata=metadata,
                replaces=replaces,
            )
            document, duplicate = await asyncio.to_thread(self._take, upload.file, fresh, part_of)
        finally:
            await asyncio.to_thread(upload.file.unlink, missing_ok=True)
        if duplicate and document.status in ("failed", "cancelled"):
            document = await asyncio.to_thread(self._runs.requeue, document.id)
        if document.status == "queued" and share.place < ENQUEUED_AT_ONCE:
            await self._jobs.ingest(document.id, document.attempt, share)
        elif document.status == "queued":
            self._soon.append((document, share))
            if self._enqueueing is None or self._enqueueing.done():
                self._enqueueing = asyncio.create_task(self._enqueue_soon())
        return document, duplicate

    async def _enqueue_soon(self) -> None:
        """They are recorded already. Where the queue can't be told, reconciliation tells it, within a minute."""
        try:
            while self._soon:
                document, share = self._soon.popleft()
                await self._jobs.ingest(document.id, document.attempt, share)
        except Unavailable as error:
            self._soon.clear()
            log.warning("documents will be enqueued later", extra={"why": str(error)})

    async def replaceable(self, collection: Collection, document_id: str) -> Document:
        """Checked before the upload is read, which may be a gigabyte. Raises Missing, Gone, Conflict."""
        document = await asyncio.to_thread(self._documents.find, document_id)
        if document.collection_id != collection.id:
            raise Conflict(f"The document {document_id} is in another collection, {document.collection}.")
        return document

    async def cancel(self, document_id: str) -> Document:
        """Stops a queued or running document. Raises Conflict when it has finished."""
        document = await asyncio.to_thread(self._documents.find, document_id)
        if not await asyncio.to_thread(lambda: self._runs.update(document_id, document.attempt, status="cancelled")):
            raise Conflict(f"The document is {document.status}: only a queued or running one can be cancelled.")
        await self._jobs.cancel(document_id, document.attempt)
        return await asyncio.to_thread(self._documents.find, document_id)

    async def retry(self, document_id: str) -> Document:
        """Queues a failed, cancelled or partial document again. Raises Conflict in any other state."""
        document = await asyncio.to_thread(self._documents.find, document_id)
        if document.status not in RETRYABLE:
            raise Conflict(
                f"The document is {document.status}: only a failed, cancelled or partial one can be retried."
            )
        document = await asyncio.to_thread(self._runs.requeue, document_id)
        await self._jobs.ingest(document.id, document.attempt)
        return document

    async def delete(self, document_id: str) -> None:
        """When this returns, searches no longer find it, nor the documents that came only inside it. Vectors, words,
        blobs and rows are erased later."""
        await self._forget(await self._noted(self._erasure.delete, document_id))

    async def delete_collection(self, name: str) -> None:
        collection = await asyncio.to_thread(self._collections.find, name)
        if name == "default":
            raise Conflict("The collection 'default' always exists: delete its documents instead.")
        await self._forget(await self._noted(self._collections.delete, name))
        try:
            await self._jobs.drop(collection.id)
        except Unavailable as error:  # the deletion stands; what belongs to nothing is found by every verification
            log.warning("a deleted collection's indexes stay for now", extra={"collection": name, "why": str(error)})

    async def _noted(self, delete: Callable[[str], Sequence[Document]], what: str) -> Sequence[Document]:
        """Deletes, on a full disk with the room that is kept for it. Raises DiskFull when that is not enough."""
        try:
            return await asyncio.to_thread(delete, what)
        except DiskFull:
            if await asyncio.to_thread(self._give_room):
                log.warning("the disk is full: the room kept for deletions is used")
                with suppress(DiskFull):
                    return await asyncio.to_thread(delete, what)
            raise DiskFull(NO_ROOM_TO_DELETE) from None

    async def _forget(self, documents: Sequence[Document]) -> None:
        """The deletion stands already. Where the queue can't be told, reconciliation tells it, within a minute. Runs
        that have not begun end by themselves as soon as they do."""
        try:
            for document in documents:
                if document.status == "running":
                    await self._jobs.cancel(document.id, document.attempt)
            await forget_all(self._jobs, documents)
        except Unavailable as error:
            log.warning("deleted documents will be erased later", extra={"why": str(error)})
