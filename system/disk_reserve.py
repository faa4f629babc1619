"""Room on the disk that is kept for deletions: on a full disk not even a deletion can be written down."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 8 * 2**20  # bytes: the notes of thousands of deletions, and what the indexes write as they forget
PLENTY = 4  # times that must be free before the room is taken


class DiskReserve:
    """A file that is removed when its room is needed, and made again once there is plenty."""

    def __init__(self, file: Path, size: int = SIZE) -> None:
        self._file = file
        self._size = size

    def keep(self) -> None:
        """Takes the room, unless it is taken or scarce."""
        if self._file.is_file() or shutil.disk_usage(self._file.parent).free < PLENTY * self._size:
            return
        with suppress(OSError):  # the disk has filled up meanwhile
            opened = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.posix_fallocate(opened, 0, self._size)
            finally:
                os.close(opened)

    def give_up(self) -> bool:
        """Whether there was any room to give."""
        try:
            self._file.unlink()
        except OSError:
            return False
        return True
