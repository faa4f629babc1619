"""Erases deleted documents and collections: vectors, words, blobs and rows. Each function may run twice."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

from domain import blob_keys
from domain.errors import Gone, Missing
from ingest.originals import Originals
from ingest.stores import Stores


class Eraser:
    def __init__(self, stores: Stores, originals: Originals) -> None:
        self._stores = stores
        self._originals = originals
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by document

    @contextmanager
    def excluded(self, document_id: str) -> Generator[None]:
        """This process does not erase the document meanwhile."""
        with self._locks[document_id]:
            yield

    def erase(self, document_ids: Sequence[str], collection_id: str) -> None:
        """Removes all of deleted documents of one collection. Each write to an index takes as long for many as for
        one. Those that are erased already are left alone."""
        erasure = self._stores.catalogue.erasure
        # Each once, as a run may have been told of one twice; in one order: two callers never wait for each other.
        document_ids = sorted(set(document_ids))
        with ExitStack() as excluded:
            for document_id in document_ids:
                excluded.enter_context(self._locks[document_id])
            gone = {document.id: document for document in erasure.deleted(document_ids)}
            self._remove(document_ids, collection_id)
            for document_id in document_ids:
                erasure.erase(document_id)
                if document_id in gone:
                    self._originals.release(gone[document_id])
        for document_id in document_ids:
            self._locks.pop(document_id, None)

    def remove(self, document_id: str, collection_id: str) -> None:
        """Removes all but its rows and its original."""
        self._remove([document_id], collection_id)

    def _remove(self, document_ids: Sequence[str], collection_id: str) -> None:
        for index in self._stores.vectors.indexes():
            if index.collection_id == collection_id:
                self._stores.vectors.remove_documents(index, document_ids)
        self._stores.words.remove_documents(collection_id, document_ids)
        for document_id in document_ids:
            self._stores.blobs.delete(blob_keys.folder(document_id))

    def erase_former(self, document_id: str) -> None:
        """Erases the version that this document has replaced. After a kill here, reconciliation asks for it again."""
        try:
            former = self._stores.catalogue.documents.find(document_id).replaces
        except (Missing, Gone):
            return
        for document in self._stores.catalogue.erasure.deleted([former]) if former else ():
            self.erase([document.id], document.collection_id)

    def drop(self, collection_id: str) -> None:
        """Removes a deleted collection's indexes."""
        self._stores.vectors.drop(collection_id)
        self._stores.words.drop(collection_id)
