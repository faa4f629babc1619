"""Ingestion encodes in one niced child process, so that questions come first.

The child is spawned, never forked; it loads an encoder when that is first asked for, ends with its parent
however that ends, and is started again when it dies. One thread here owns it: Linux ties a child's life to
the thread that started it, and the queue of that thread is what callers stand in.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Literal, cast

from domain.errors import ExhibitError, Unavailable, Unreadable
from domain.ports import ImageEncoder, TextEncoder, Vector, Vectors
from system.allocator import keep_little
from system.child_processes import end_with_parent, leave_interrupts_to_parent, step_back

log = logging.getLogger(__name__)

_TEXTS_AT_ONCE = 128  # about a second's work: several documents take turns, and a death costs no more
_IMAGES_AT_ONCE = 16
_TRIES = 2
_LIMIT_S = 300.0  # a slice takes about a second, loading a model some

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
        """`limit_s`: how long a slice may take, loading the model included, before its child counts as dead.
        `idle_s`: after how long without work it is ended, and its memory free, until there is work again; None: never.
        """
        self._child = _Child(make_text_encoder, make_image_encoder, nice, limit_s)
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
        import numpy as np  # the parent may be a process that never needs it

        parts = [await self._ask("texts", part) for part in _slices(texts, _TEXTS_AT_ONCE)]
        if not parts:
            parts = [await self._ask("texts", [])]  # the encoder knows the width of nothing
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
        except BaseException as error:  # it belongs to the caller, not to this thread
            request.answer.set_exception(error)
        else:
            request.answer.set_result(result)


class _Child:
    """The process and the pipe to it; used by one thread, but for `pid` and `kill_for_good`."""

    def __init__(
        self, make_text: Callable[[], TextEncoder], make_image: Callable[[], ImageEncoder], nice: int, limit_s: float
    ) -> None:
        self._make_text, self._make_image, self._nice, self._limit_s = make_text, make_image, nice, limit_s
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._lock = threading.Lock()
        self._ended = False

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None else None

    def ask(self, job: Job, items: Sequence[Any]) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                return self._ask_once(job, items)
            except (EOFError, OSError) as death:
                code = self.bury()
                if self._ended:
                    raise Unavailable("The encoding process was closed") from death
                log.warning("the encoding process died", extra={"exit_code": code, "job": job, "tries_left": left})
        raise Unavailable(f"The encoding process died twice over the same {job} (exit code {code})")

    def kill_for_good(self) -> None:
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def _ask_once(self, job: Job, items: Sequence[Any]) -> Any:
        pipe, process = self._running()
        alarm = threading.Timer(self._limit_s, _end_hanging, (process, self._limit_s))
        alarm.daemon = True
        alarm.start()  # a pipe has no timeouts: also a `send` waits for ever when the other end hangs
        try:
            pipe.send((job, items))
            if pipe not in wait([pipe, process.sentinel]):
                raise EOFError("no answer")
            answered, result = pipe.recv()
        finally:
            alarm.cancel()
        if answered:
            return result
        raise result

    def _running(self) -> tuple[Connection, SpawnProcess]:
        with self._lock:
            if self._ended:
                raise EOFError("closed")
            if self._process is None or self._pipe is None or not self._process.is_alive():
                self._start()
            assert self._pipe is not None
            assert self._process is not None
            return self._pipe, self._process

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_encode_until_the_end,
            args=(theirs, self._make_text, self._make_image, self._nice, os.getpid()),
            name="exhibit-encoding",
            daemon=True,
        )
        # Ctrl-C in a terminal reaches the whole group. The child inherits the blocked signal and so never sees it,
        # not even before it can ignore it. Starting the tracker would unblock it again: that comes first.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._process.start()
        theirs.close()  # so that the pipe breaks when the child ends
        log.info("the encoding process has started", extra={"child_pid": self._process.pid})

    def bury(self) -> int | None:
        with self._lock:
            process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        process.kill()
        process.join()
        code = process.exitcode
        process.close()
        return code


def _end_hanging(process: SpawnProcess, limit_s: float) -> None:
    log.warning("the encoding process hangs: it is ended", extra={"limit_s": limit_s})
    with suppress(ValueError):  # it was buried at this very moment
        process.kill()


def _slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


# ---------------------------------------------------------------- in the child


def _encode_until_the_end(
    pipe: Connection,
    make_text: Callable[[], TextEncoder],
    make_image: Callable[[], ImageEncoder],
    nice: int,
    parent_pid: int,
) -> None:
    leave_interrupts_to_parent()
    end_with_parent(parent_pid)
    step_back(nice)
    keep_little()
    encoders = _Encoders(make_text, make_image)
    while True:
        try:
            job, items = pipe.recv()
        except EOFError:  # the parent is gone, or has closed us
            return
        pipe.send(_answer(encoders, job, items))


def _answer(encoders: _Encoders, job: Job, items: Sequence[Any]) -> tuple[bool, Any]:
    try:
        return True, encoders.texts(items) if job == "texts" else encoders.images(items)
    except ExhibitError as error:
        return False, error
    except MemoryError:
        os._exit(1)  # a fresh process has a chance; this one is in no state to go on
    except Exception as error:  # foreign errors may not survive pickling; their text does
        log.exception("encoding failed", extra={"job": job, "count": len(items)})
        return False, Unavailable(f"Encoding {len(items)} {job} failed: {type(error).__name__}: {error}")


class _Encoders:
    """Loaded when first asked for; one that couldn't be loaded is tried again at the next call."""

    def __init__(self, make_text: Callable[[], TextEncoder], make_image: Callable[[], ImageEncoder]) -> None:
        self._make_text, self._make_image = make_text, make_image
        self._text: TextEncoder | None = None
        self._image: ImageEncoder | None = None

    def texts(self, texts: Sequence[str]) -> Vectors:
        if self._text is None:
            self._text = self._make_text()
        return self._text.encode(texts)

    def images(self, images: Sequence[bytes]) -> list[Vector | Unreadable]:
        if self._image is None:
            self._image = self._make_image()
        try:
            return list(self._image.encode_images(images))
        except Unreadable:  # one spoils the batch: find it by asking for each alone
            return [_one(self._image, image) for image in images]


def _one(encoder: ImageEncoder, image: bytes) -> Vector | Unreadable:
    try:
        vector: Vector = encoder.encode_images([image])[0]
        return vector
    except Unreadable as error:
        return error
