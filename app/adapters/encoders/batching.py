"""Batches questions that arrive together, and encodes them in one thread beside the event loop."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from domain.errors import Unavailable
from domain.ports import Vector, Vectors

_LONGEST_REMEMBERED = 2_000  # characters: a question, not a document
_TOGETHER = 4  # announced questions are encoded with the next batch up to this size: in four, each takes .6 of the time
_MOST_COMING = 256
_Waiting = tuple[str, "Future[Vector]"]


class BatchedQueries:
    """Waits for further calls for a moment, or while a batch runs; usable from any event loop."""

    def __init__(
        self,
        encode: Callable[[Sequence[str]], Vectors],
        *,
        gather_s: float = 0.001,
        largest: int = 32,
        remembered: int = 512,
    ) -> None:
        self._encode = encode
        self._gather_s = gather_s
        self._largest = largest
        self._recent = _Recent(remembered)
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._coming: dict[str, None] = {}  # announced texts, in order of arrival
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="query-encoder", daemon=True)
        self._thread.start()

    async def encode(self, text: str) -> Vector:
        """The vector is shared with others who ask the same: read-only. Raises what the encoder raises."""
        known = self._recent.get(text)
        if known is not None:
            return known
        future: Future[Vector] = Future()
        with self._lock:  # a call after the end mark would wait for ever
            if self._closed:
                raise Unavailable("The encoder of questions is closed")
            self._waiting.put((text, future))
        return await asyncio.wrap_future(future)

    def coming(self, text: str) -> None:
        """Announces a text: it is encoded with the next batch, and its vector is cached."""
        if len(text) <= _LONGEST_REMEMBERED and self._recent.get(text) is None:
            with self._lock:
                if len(self._coming) < _MOST_COMING:
                    self._coming[text] = None

    def close(self) -> None:
        """Ends the thread after the waiting texts are encoded."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            self._answer([first, *self._gather()])

    def _gather(self) -> list[_Waiting]:
        """Calls that arrive within the moment; those of the last batch's time are in the queue already."""
        gathered: list[_Waiting] = []
        until = time.monotonic() + self._gather_s
        while len(gathered) + 1 < self._largest:
            try:
                item = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                self._waiting.put(None)  # for `_work` to read
                break
            gathered.append(item)
        return gathered

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        wanted = [(text, future) for text, future in batch if future.set_running_or_notify_cancel()]
        if not wanted:
            return
        texts = self._with_coming(list(dict.fromkeys(text for text, _ in wanted)))
        try:
            vectors = dict(zip(texts, self._encode(texts), strict=True))
        except BaseException as error:  # any error is for the callers that wait, not for this thread
            for _, future in wanted:
                future.set_exception(error)
            return
        for text, vector in vectors.items():
            vector.setflags(write=False)
            self._recent.put(text, vector)
        for text, future in wanted:
            future.set_result(vectors[text])

    def _with_coming(self, texts: Sequence[str]) -> list[str]:
        """The waiting texts, and announced ones up to the size that is worth it."""
        with self._lock:
            for text in texts:
                self._coming.pop(text, None)
            along = list(itertools.islice(self._coming, max(0, _TOGETHER - len(texts))))
            for text in along:
                del self._coming[text]
        return [*texts, *along]


class _Recent:
    """A cache of the vectors used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._vectors: OrderedDict[str, Vector] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Vector | None:
        with self._lock:
            if text in self._vectors:
                self._vectors.move_to_end(text)
            return self._vectors.get(text)

    def put(self, text: str, vector: Vector) -> None:
        if len(text) > _LONGEST_REMEMBERED:
            return
        with self._lock:
            self._vectors[text] = vector
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)
