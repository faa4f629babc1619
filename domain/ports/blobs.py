"""Bytes under keys."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Blobs(Protocol):
    """Bytes under keys like `originals/ab12…` (sha256) and `documents/{id}/crops/{sha256}.png`.

    A key is relative, of `[A-Za-z0-9._-]` segments. Writes are atomic: a reader sees all or nothing.
    """

    def put(self, key: str, data: bytes) -> None: ...
    def read(self, key: str) -> bytes:
        """Raises Missing."""
        ...

    def exists(self, key: str) -> bool: ...
    def path(self, key: str) -> Path:
        """A local file with these bytes, to be read only. Raises Missing."""
        ...

    def temporary(self) -> Path:
        """A fresh path on the same disk, to be written and then handed to `adopt`."""
        ...

    def adopt(self, path: Path, key: str) -> None:
        """Moves a finished temporary file to its key, flushed to disk; an existing key keeps its bytes."""
        ...

    def keys(self, prefix: str) -> tuple[str, ...]: ...
    def delete(self, prefix: str) -> None:
        """The key itself, and every key under it as a folder. Idempotent."""
        ...
