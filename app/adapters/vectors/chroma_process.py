"""Embedded Chroma in its own child process: when its native code crashes, the service lives and the index is repaired.

Chroma 1.5.9 can end its process without a message: on files that a kill left half written, and in its own races.
So only this child opens the folder. When the child dies, the signal is logged, the child is started again, and the
calls that it was serving are tried once more, one at a time. An index that kills it again is dropped, and a folder
that it can't open is set aside. Both are filled again from the kept vectors, which `died` asks for.

Each caller has its own pipe to the child, so searches don't wait for writes. A write of Chroma holds the GIL, which is
now the child's.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from domain.documents import Kind
from domain.errors import BadConfiguration, DamagedIndex, ExhibitError, Unavailable
from domain.ports import IndexName, Vector, VectorIndex, VectorRow, Vectors
from system.child import Child, Died
from system.rwlock import RWLock

PIPES = 12  # calls served at once
STARTS = 2  # tries to open the folder before it is set aside
LIMIT_S = 120.0  # a call that takes longer counts as hanging
LONGER = {"compact": 4 * 3600.0}  # copies every vector
CLOSING_S = 5.0
CHROMA = "app.adapters.vectors.chroma:ChromaVectors"  # by name: the service itself need not load Chroma

log = logging.getLogger(__name__)


class ChromaProcess:
    """The vector index of a folder. `start` it early: it opens while the models load; the first call waits for it."""

    def __init__(
        self, folder: Path, died: Callable[[], None] = lambda: None, opens: str = CHROMA, limit_s: float = LIMIT_S
    ) -> None:
        """`died`: called from some thread after the child has died. `opens`: "module:class" of the index it runs."""
        self._folder, self._died, self._opens, self._limit_s = folder, died, opens, limit_s
        # Linux ends a child with the thread that started it, so this thread lives as long as the index is open.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="vectors")
        self._lock = threading.Lock()
        self._again = threading.Lock()
        self._changes = RWLock()  # held alone while the index is compacted
        self._child: Future[Child] | None = None
        self._closed = False

    def start(self) -> None:
        with self._lock:
            self._starting()

    def opened(self) -> None:
        """Waits until the folder is open. Raises BadConfiguration where it can't be."""
        self._living()

    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        with self._changes.shared():
            self._call("add", index, list(rows))

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        found: tuple[tuple[str, float], ...] = self._call("search", index, vector, k, kinds)
        return found

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        found: tuple[list[str], Vectors] = self._call("stored", index, list(chunk_ids))
        return found

    def compact(self) -> bool:
        """Changes wait here and not in the child, where they would look as if they hang."""
        with self._changes.exclusive():
            return bool(self._call("compact"))

    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None:
        with self._changes.shared():
            self._call("remove", index, list(chunk_ids))

    def remove_documents(self, index: IndexName, document_ids: Sequence[str]) -> None:
        with self._changes.shared():
            self._call("remove_documents", index, list(document_ids))

    def ids(self, index: IndexName) -> frozenset[str]:
        found: frozenset[str] = self._call("ids", index)
        return found

    def drop(self, collection_id: str) -> None:
        for index in self.indexes():
            if index.collection_id == collection_id:
                self.drop_index(index)

    def drop_index(self, index: IndexName) -> None:
        with self._changes.shared():
            self._call("drop_index", index)

    def indexes(self) -> tuple[IndexName, ...]:
        found: tuple[IndexName, ...] = self._call("indexes")
        return found

    @property
    def pid(self) -> int | None:
        """The child's, once it has opened the folder."""
        child = self._child
        return child.result().pid if child is not None and child.done() and not child.exception() else None

    def close(self) -> None:
        """Calls that are under way end as Unavailable. Idempotent."""
        with self._lock:
            self._closed, child = True, self._child
        if child is not None:
            with suppress(ExhibitError):
                _end(child.result())
        self._starter.shutdown(wait=True)

    # ------------------------------------------------------------ calls

    def _call(self, method: str, *args: Any) -> Any:
        child = self._living()
        try:
            return self._asked(child, method, args)
        except Died as death:
            self._bury(child, method, death)
        with self._again:  # one at a time: the call under which the child dies again is to blame
            child = self._living()
            try:
                return self._asked(child, method, args)
            except Died as death:
                self._bury(child, method, death)
                self._give_up(method, args)
                raise Unavailable("The vector index broke down over this; what it lost is being put back.") from death

    def _asked(self, child: Child, method: str, args: tuple[Any, ...]) -> Any:
        return child.call(method, *args, limit_s=LONGER.get(method, self._limit_s))

    def _give_up(self, method: str, args: tuple[Any, ...]) -> None:
        """Drops the index that kills its process, so that the next call over it doesn't."""
        if method == "drop_index" or not args:
            return
        index: IndexName = args[0]
        log.error("a vector index breaks its process, so it is made again (%s)", index)
        with suppress(Died, Unavailable):
            self._asked(self._living(), "drop_index", (index,))
        self._died()

    # ------------------------------------------------------------ the child

    def _living(self) -> Child:
        with self._lock:
            starting = self._starting()
        return starting.result()

    def _starting(self) -> Future[Child]:
        if self._closed:
            raise Unavailable("The vector index is closed.")
        if self._child is None or (self._child.done() and self._child.exception() is not None):
            self._child = self._starter.submit(self._open)
        return self._child

    def _open(self) -> Child:
        for _ in range(STARTS):
            with suppress(Died, DamagedIndex):
                return self._started()
        aside = self._folder.with_name(f"{self._folder.name}.damaged")
        log.error("the vector index is damaged, so it is set aside as %s and made again", aside.name)
        shutil.rmtree(aside, ignore_errors=True)
        with suppress(FileNotFoundError):
            self._folder.rename(aside)
        try:
            return self._started()
        except Died as death:
            raise BadConfiguration(f"the vector index in {self._folder} can't be opened: {death}") from death

    def _started(self) -> Child:
        child = Child("exhibit-vectors", partial(_Service, self._opens, self._folder), pipes=PIPES)
        try:
            self._asked(child, "open", ())
        except (Died, ExhibitError) as error:
            log.error("the vector index could not be opened: %s", error)
            child.bury()
            raise
        return child

    def _bury(self, child: Child, method: str, death: Died) -> None:
        """Logs the death and starts a new child, once: by the first thread that notices."""
        with self._lock:
            current = self._child
            noticed = current is not None and current.done() and not current.exception() and current.result() is child
            if noticed:
                self._child = None
            closed = self._closed
        if closed:
            raise Unavailable("The vector index is closed.") from death
        if noticed:
            child.bury()
            log.error("the vector index's process died, and is started again (%s, during %s)", death, method)
            self._died()


def _end(child: Child) -> None:
    """Closes the index, so that its files are complete, and ends the child."""
    with suppress(Died, ExhibitError):
        child.call("close", limit_s=CLOSING_S)
    child.bury()


# ---------------------------------------------------------------- in the child


@dataclass(slots=True)
class _Service:
    opens: str
    folder: Path
    index: VectorIndex | None = None

    def __post_init__(self) -> None:
        faulthandler.enable()  # where it died, into the service's log

    def __call__(self, method: str, *args: Any) -> Any:
        if method == "open":
            module, _, name = self.opens.partition(":")
            self.index = getattr(importlib.import_module(module), name)(self.folder)
            return None
        return getattr(self.index, method)(*args)

    def foreign(self, error: BaseException, *_: Any) -> Exception:
        if isinstance(error, ValueError):  # the caller's mistake
            return ValueError(str(error))
        log.error("the vector index failed", exc_info=error)
        return Unavailable(f"The vector index can't be used now ({type(error).__name__}: {error})")
