"""Blobs in memory, for tests and experiments; they pass the same contract suite as those on a disk."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from uuid import uuid4

from app.adapters.blobs import checked_key, is_under
from domain.errors import Conflict, Missing


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
