"""Encodes documents in one child process of low priority, so that questions come first.

The child loads an encoder when that is first asked for, and is started again when it dies. One thread here owns it
(see `system/child.py`), and callers stand in that thread's queue.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from domain.errors import Unavailable, Unreadable
from domain.ports import ImageEncoder, TextEncoder, Vector, Vectors
from system.child import Child, Died, Hung, Service
from system.limits import Limits

log = logging.getLogger(__name__)

_TEXTS_AT_ONCE = 128  # about a second's work: documents take turns, and a dead child loses no more
_IMAGES_AT_ONCE = 16
_TRIES = 2
_LIMIT_S = 300.0  # a slice takes about a second, loading a model several

Job = Literal["texts", "images"]


@dataclass(frozen=True, slots=True)
class _Request:
    job: Job
    items: Sequence[str] | Sequence[bytes]
    answer: Future[Any]


class EncodingProcess:
    """Both `make_…` are pickled: module-level functions, or `functools.partial` of one."""

    def __init__(
        self,
        make_text_encoder: Callable[[], TextEncoder],
        make_image_encoder: Callable[[], ImageEncoder],
        *,
        nice: int = 10,
        limit_s: float = _LIMIT_S,
        idle_s: float | None = None,
    ) -> None:
        """`limit_s`: how long a slice may take, loading the model included, before the child counts as dead.
        `idle_s`: the child is ended after so long without work, which frees its memory; None: never.
        """
        self._child = _Encoding(partial(_Encoders, make_text_encoder, make_image_encoder), nice, limit_s)
        self._idle_s = idle_s
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's; None before the first call and between a death and the next call."""
        return self._child.pid

    async def texts(self, texts: Sequence[str]) -> Vectors:
        """As `TextEncoder.encode`. Raises what it raises, and Unavailable when the child dies twice over it."""
        import numpy as np  # the parent may never need it

        parts = [await self._ask("texts", part) for part in _slices(texts, _TEXTS_AT_ONCE)]
        if not parts:
            parts = [await self._ask("texts", [])]  # for the width of an empty result
        return cast(Vectors, np.concatenate(parts))

    async def images(self, images: Sequence[bytes]) -> list[Vector | Unreadable]:
        """One result for each image: its vector, or why that one can't be read."""
        parts = [await self._ask("images", part) for part in _slices(images, _IMAGES_AT_ONCE)]
        return list(itertools.chain.from_iterable(parts))

    def close(self) -> None:
        """Ends the child at once; calls that wait or run get Unavailable."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._requests.put(None)
        self._child.kill_for_good()
        if self._thread is not None:
            self._thread.join()  # it buries the child

    async def _ask(self, job: Job, items: Sequence[Any]) -> Any:
        request = _Request(job, items, Future())
        with self._lock:
            if self._closed:
                raise Unavailable("The encoding process is closed")
            self._requests.put(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="encoding-process", daemon=True)
                self._thread.start()
        return await asyncio.wrap_future(request.answer)

    def _work(self) -> None:
        while True:
            try:
                request = self._requests.get(timeout=self._idle_s if self._child.pid is not None else None)
            except queue.Empty:
                self._child.bury()
                continue
            if request is None:
                break
            if request.answer.set_running_or_notify_cancel():
                self._serve(request)
        self._child.bury()

    def _serve(self, request: _Request) -> None:
        try:
            result = self._child.ask(request.job, request.items)
        except BaseException as error:  # any error is for the caller, not for this thread
            request.answer.set_exception(error)
        else:
            request.answer.set_result(result)


class _Encoding:
    """The child, started again when it has died; used by one thread, but for `pid` and `kill_for_good`."""

    def __init__(self, make: Callable[[], Service], nice: int, limit_s: float) -> None:
        self._make, self._limits, self._limit_s = make, Limits(nice=nice, idle_disk=True), limit_s
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._ended = False

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None else None

    def ask(self, job: Job, items: Sequence[Any]) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                return self._running().call(job, items, limit_s=self._limit_s)
            except Died as death:
                if isinstance(death, Hung):
                    log.warning("the encoding process hangs and is ended", extra={"limit_s": self._limit_s})
                code = self.bury()
                if self._ended:
                    raise Unavailable("The encoding process was closed") from death
                log.warning("the encoding process died", extra={"exit_code": code, "job": job, "tries_left": left})
        raise Unavailable(f"The encoding process died twice over the same {job} (exit code {code})")

    def kill_for_good(self) -> None:
        with self._lock:
            self._ended = True
            if self._child is not None:
                self._child.kill()

    def bury(self) -> int | None:
        with self._lock:
            child, self._child = self._child, None
        return child.bury() if child is not None else None

    def _running(self) -> Child:
        with self._lock:
            if self._ended:
                raise Died(None, "closed")
            if self._child is None or not self._child.alive:
                self._child = Child("exhibit-encoding", self._make, self._limits)
                log.info("the encoding process has started", extra={"child_pid": self._child.pid})
            return self._child


def _slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


# ---------------------------------------------------------------- in the child


class _Encoders:
    """Each encoder is loaded at its first use; after a failure to load, the next call tries again."""

    def __init__(self, make_text: Callable[[], TextEncoder], make_image: Callable[[], ImageEncoder]) -> None:
        self._make_text, self._make_image = make_text, make_image
        self._text: TextEncoder | None = None
        self._image: ImageEncoder | None = None

    def __call__(self, job: Job, items: Sequence[Any]) -> Any:
        return self.texts(items) if job == "texts" else self.images(items)

    def foreign(self, error: BaseException, job: Job, items: Sequence[Any]) -> Exception:
        if isinstance(error, MemoryError):
            os._exit(1)  # a fresh process has a chance; this one is in no state to go on
        if not isinstance(error, Exception):
            raise error  # which ends the child
        log.error("encoding failed", exc_info=error, extra={"job": job, "count": len(items)})
        return Unavailable(f"Encoding {len(items)} {job} failed: {type(error).__name__}: {error}")

    def texts(self, texts: Sequence[str]) -> Vectors:
        if self._text is None:
            self._text = self._make_text()
        return self._text.encode(texts)

    def images(self, images: Sequence[bytes]) -> list[Vector | Unreadable]:
        if self._image is None:
            self._image = self._make_image()
        try:
            return list(self._image.encode_images(images))
        except Unreadable:  # one image spoils the batch: encode each alone to find it
            return [_one(self._image, image) for image in images]


def _one(encoder: ImageEncoder, image: bytes) -> Vector | Unreadable:
    try:
        vector: Vector = encoder.encode_images([image])[0]
        return vector
    except Unreadable as error:
        return error
