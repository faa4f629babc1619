"""Blobs as local files: written beside their place, flushed, and renamed into it, so that a reader sees all or nothing.

root/originals/ab12…                     a blob under its key
root/.tmp/<session>/…                    files being written, one folder per process that writes
root/.tmp/<session>.lock                 held as long as that process lives; whoever opens next sweeps the others
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from domain.errors import BadConfiguration, BadRequest, Conflict, DiskFull, ExhibitError, Missing, Unavailable

LONGEST_KEY = 1024
ROUNDS = 50
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # the disk, a quota, or the limit of a file's size is reached

# No leading dot, which also refuses `.`, `..` and `.tmp`.
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,254})*")

T = TypeVar("T")


def checked_key(key: str) -> str:
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise BadRequest(f"{key[:80]!r} is not a blob's key")
    return key


def is_under(key: str, prefix: str) -> bool:
    """Whether the key is the prefix or lies under it as a folder; every key lies under the empty prefix."""
    prefix = prefix.rstrip("/")
    return not prefix or key == prefix or key.startswith(f"{prefix}/")


class LocalBlobs:
    def __init__(self, root: Path) -> None:
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root = root.resolve(strict=True)
            self._temporary = self._root / ".tmp"
            self._temporary.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(f"the blob folder {root} can't be used: {error.strerror}") from error
        self._starting = threading.Lock()
        self._session: Path | None = None
        _sweep(self._temporary)

    def put(self, key: str, data: bytes) -> None:
        target, draft = self._target(key), self.temporary()
        with _storing(draft):
            with open(draft, "xb", opener=_owner_only) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _move_into_place(draft, target)

    def read(self, key: str) -> bytes:
        return _found(key, self._target(key).read_bytes)

    def exists(self, key: str) -> bool:
        return self._target(key).is_file()

    def path(self, key: str) -> Path:
        if not self.exists(key):
            raise Missing(f"there is no blob {key}")
        return self._target(key)

    def temporary(self) -> Path:
        """Removed by the next process if this one ends without adopting it."""
        try:
            with self._starting:
                if self._session is None:
                    self._session = self._start_session()
        except OSError as error:
            raise _unavailable(error) from error
        return self._session / uuid4().hex

    def adopt(self, path: Path, key: str) -> None:
        target = self._target(key)
        if not path.is_file():
            raise Missing(f"there is no file {path.name} to adopt")
        with _storing(path):
            # Another process adopting the same key at this moment has the same bytes: the key is their hash.
            if not target.is_file():
                _flush(path)
                path.chmod(0o600)
                _move_into_place(path, target)

    def keys(self, prefix: str) -> tuple[str, ...]:
        prefix = prefix.rstrip("/")
        start = self._target(prefix) if prefix else self._root
        if start.is_file():
            return (prefix,)
        return tuple(sorted(self._keys_in(start)))

    def delete(self, prefix: str) -> None:
        target = self._target(prefix)
        doomed = self.temporary()
        try:
            os.rename(target, doomed)  # first renamed, so that a folder of thousands of files disappears at once
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _unavailable(error) from error
        with _storing(doomed):
            _flush(target.parent)

    def _target(self, key: str) -> Path:
        """The path of a key's file. A symbolic link must not lead out of the folder."""
        target = self._root / checked_key(key)
        if not target.resolve().is_relative_to(self._root):
            raise BadRequest(f"{key[:80]!r} leads out of the blob folder")
        return target

    def _keys_in(self, folder: Path) -> Iterator[str]:
        for parent, folders, files in os.walk(folder):
            if parent == str(self._root):
                folders[:] = [name for name in folders if name != self._temporary.name]
            for file in (Path(parent, name) for name in files):
                if not file.is_symlink():
                    yield file.relative_to(self._root).as_posix()

    def _start_session(self) -> Path:
        """This process's own folder, with a lock that the system releases when the process ends in any way."""
        while True:
            session = self._temporary / uuid4().hex
            held = os.open(session.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # another process has swept it
                os.close(held)
                continue
            if not session.with_suffix(".lock").exists():  # … completely
                os.close(held)
                continue
            session.mkdir(mode=0o700)
            weakref.finalize(self, _end_own_session, session, held, os.getpid())
            return session


def folder_size(folder: Path) -> int:
    """Bytes of all its files; files removed meanwhile don't count."""
    size = 0
    for parent, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                size += os.lstat(Path(parent, file)).st_size
    return size


# ---------------------------------------------------------------- sessions


def _end_own_session(session: Path, held: int, owner: int) -> None:
    if os.getpid() == owner:  # not in a forked child, which inherits this handler
        _end_session(session, held)


def _end_session(session: Path, held: int) -> None:
    shutil.rmtree(session, ignore_errors=True)
    session.with_suffix(".lock").unlink(missing_ok=True)
    os.close(held)


def _sweep(temporary: Path) -> None:
    """Removes folders of processes that have ended; running processes hold their locks."""
    for lock in temporary.glob("*.lock"):
        try:
            held = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            continue
        _end_session(lock.with_suffix(""), held)


# ---------------------------------------------------------------- files


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _flush(path: Path) -> None:
    """Flushes a file's bytes, or a folder's names, to the disk."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _move_into_place(draft: Path, target: Path) -> None:
    """A `delete` may take the folder away at any moment: before the move we make it again, afterwards it has
    taken our blob along, as it would have a moment later."""
    for _ in range(ROUNDS):
        with suppress(FileNotFoundError):
            _make_folder(target.parent)
            os.replace(draft, target)
            break
    else:
        raise OSError(errno.ENOENT, "its folder is being deleted all the time")
    with suppress(FileNotFoundError):
        _flush(target.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_file():
            raise
        # Another process has just created it, and may have removed it again: then the move fails.
    with suppress(FileNotFoundError):
        _flush(folder.parent)


# ---------------------------------------------------------------- errors


@contextmanager
def _storing(draft: Path) -> Iterator[None]:
    """Afterwards the draft is gone, moved or removed, also after an error."""
    try:
        yield
    except OSError as error:
        raise _unavailable(error) from error
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)


def _unavailable(error: OSError) -> ExhibitError:
    if error.errno in FULL:
        return DiskFull("the disk is full: nothing more can be stored until room is made", "the files")
    if isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError):
        return Conflict("a key can't be both a blob and a folder of blobs")
    return Unavailable(f"the blob folder can't be written: {error.strerror}", "the files")


def _found(key: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise Missing(f"there is no blob {key}") from error
    except OSError as error:
        raise Unavailable(f"the blob {key} can't be read: {error.strerror}", "the files") from error
