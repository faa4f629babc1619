"""The uploaded bytes, one copy for all documents that share them."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from domain import blob_keys
from domain.documents import Document
from domain.errors import Unavailable
from domain.ports import Blobs, Documents, Erasure


class Originals:
    """Keeps an original as long as a document uses it. One lock covers taking and releasing."""

    def __init__(self, documents: Documents, erasure: Erasure, blobs: Blobs) -> None:
        self._documents = documents
        self._erasure = erasure
        self._blobs = blobs
        self._lock = threading.Lock()

    def take(self, file: Path, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        """Moves the file in and records its document. Returns the document that stands, and whether it was there.

        The bytes come first: a row whose bytes are missing could never be taken in.
        """
        with self._lock:
            self._blobs.adopt(file, key(document))
            try:
                return self._documents.record(document, part_of)
            except Exception:  # metadata it refuses, a collection deleted meanwhile, a full disk
                with suppress(Unavailable):  # then the sweep of the next start finds them
                    self._drop_unwanted(key(document))
                raise

    def release(self, document: Document) -> None:
        """Removes the bytes, unless another document has the same."""
        self.sweep(key(document))

    def keys(self) -> tuple[str, ...]:
        return self._blobs.keys(blob_keys.ORIGINALS)

    def sweep(self, original: str) -> bool:
        """Removes this original if no document uses it; returns whether it did. Call it for leftovers of a killed
        process only where one process owns the folder: another could be between storing bytes and recording a row."""
        with self._lock:
            return self._drop_unwanted(original)

    def _drop_unwanted(self, original: str) -> bool:
        wanted = self._erasure.bytes_wanted(blob_keys.sha256_of(original))
        if not wanted:
            self._blobs.delete(original)
        return not wanted


def key(document: Document) -> str:
    return blob_keys.original(document.sha256)
