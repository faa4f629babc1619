"""Erases deleted documents and collections: vectors, words, blobs and rows. Each function may run twice."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager

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

    def erase(self, document_id: str, collection_id: str) -> None:
        """Removes all of a deleted document."""
        erasure = self._stores.catalogue.erasure
        with self._locks[document_id]:
            self.remove(document_id, collection_id)
            gone = [document for document in erasure.deleted() if document.id == document_id]
            erasure.erase(document_id)
            for document in gone:
                self._originals.release(document)
        self._locks.pop(document_id, None)

    def remove(self, document_id: str, collection_id: str) -> None:
        """Removes all but its rows and its original."""
        for index in self._stores.vectors.indexes():
            if index.collection_id == collection_id:
                self._stores.vectors.remove_document(index, document_id)
        self._stores.words.remove_document(collection_id, document_id)
        self._stores.blobs.delete(blob_keys.folder(document_id))

    def erase_former(self, document_id: str) -> None:
        """Erases the version that this document has replaced. After a kill here, reconciliation asks for it again."""
        try:
            former = self._stores.catalogue.documents.find(document_id).replaces
        except (Missing, Gone):
            return
        for document in self._stores.catalogue.erasure.deleted() if former else ():
            if document.id == former:
                self.erase(document.id, document.collection_id)

    def drop(self, collection_id: str) -> None:
        """Removes a deleted collection's indexes."""
        self._stores.vectors.drop(collection_id)
        self._stores.words.drop(collection_id)
