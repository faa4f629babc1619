"""One owner of a data folder: an advisory lock that the system releases when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from domain.errors import BadConfiguration

NAME = "exhibit.lock"


class FolderLock:
    """Held from construction until `release`, or until the process dies. The file is never removed: otherwise two
    owners could lock two files of the same name."""

    def __init__(self, folder: Path) -> None:
        """Raises BadConfiguration when the folder has an owner."""
        self._held: int | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadConfiguration(f"the data folder {folder} can't be used: {error.strerror}") from error
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner(opened)
            os.close(opened)
            raise BadConfiguration(f"the data folder {folder} is in use by {owner}") from error
        self._held = opened
        os.ftruncate(opened, 0)
        os.pwrite(opened, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        if self._held is not None:
            os.ftruncate(self._held, 0)
            # Closing is not enough while a child that has just started still holds its copy.
            fcntl.flock(self._held, fcntl.LOCK_UN)
            os.close(self._held)
            self._held = None

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class Owner:
    """As written into the lock file. It may have died since, which only taking the lock can tell."""

    pid: int
    address: str | None  # None: it is still starting


def announce(folder: Path, address: str) -> None:
    """The owner says where it listens, so that a command finds it."""
    (folder / NAME).write_text(f"{os.getpid()}\n{address}\n", encoding="ascii")


def owner_of(folder: Path) -> Owner | None:
    try:
        pid, _, address = (folder / NAME).read_text(encoding="ascii").partition("\n")
    except (OSError, ValueError):
        return None
    return Owner(int(pid), address.strip() or None) if pid.isdecimal() and _lives(int(pid)) else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _owner(opened: int) -> str:
    pid = os.pread(opened, 200, 0).decode("ascii", "replace").partition("\n")[0].strip()
    return f"the running Exhibit with process id {pid}" if pid.isdigit() else "another Exhibit that is just starting"
