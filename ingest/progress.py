"""Progress of a document, and the time left: by its pages, and by the pictures on them.

The queue stores `SoFar` and `Waiting` between the runs of a document, as plain numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

# What things take, in seconds of an ordinary machine. Only their relation counts: the clock says how fast this one is.
PARSED_PAGE, INDEXED_PAGE, TEXTLESS_PAGE, PICTURE = 0.03, 0.06, 1.0, 0.2
LEAST_SHARE = 0.02  # of the work: before that much is done, a guess of the time left would be a bad one
MOST = 0.99  # only what is published for good is all done


@dataclass(frozen=True, slots=True)
class Work:
    """The work that a document takes. Pages that are not parsed yet are expected to be like those that are."""

    pages: int = 1
    parsed: int = 0
    textless: int = 0  # pages that have to be read as pictures
    pictures: int = 0  # on the other pages
    indexed: float = 0.0  # share of the text
    textless_read: int = 0
    pictures_read: int = 0

    def parse(self, pages: int, textless: int, pictures: int) -> Work:
        return replace(
            self,
            parsed=min(self.pages, self.parsed + pages),
            textless=self.textless + textless,
            pictures=self.pictures + pictures,
        )

    def index(self, share: float) -> Work:
        return replace(self, indexed=min(1.0, self.indexed + share))

    def read(self, textless: int = 0, pictures: int = 0) -> Work:
        return replace(self, textless_read=self.textless_read + textless, pictures_read=self.pictures_read + pictures)

    @property
    def done_s(self) -> float:
        text = self.parsed * PARSED_PAGE + self.indexed * self.pages * INDEXED_PAGE
        return text + self.textless_read * TEXTLESS_PAGE + self.pictures_read * PICTURE

    @property
    def whole_s(self) -> float:
        expected = self.pages / self.parsed if self.parsed else 1.0
        pictures = self.textless * TEXTLESS_PAGE + self.pictures * PICTURE
        return self.pages * (PARSED_PAGE + INDEXED_PAGE) + expected * pictures

    @property
    def progress(self) -> float:
        return min(MOST, self.done_s / self.whole_s)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages first..last of a paged document, or (1, 1) for one without pages; and what parsing found on them."""

    number: int
    first: int
    last: int
    textless: int = 0  # pages whose words have to be recognised
    pictures: int = 0  # on the other pages

    @property
    def pages(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class SoFar:
    """How far the text of a document is: what the next slice of a large one goes on from."""

    batches: tuple[Batch, ...] = ()
    parsed: int = 0  # batches
    parts: tuple[int, ...] | None = None  # of chunks, to be embedded and indexed; None: not split yet
    embedded: int = 0  # parts
    indexed: int = 0
    spent_s: float = 0.0  # on its work, without waiting

    def parse(self, textless: int, pictures: int, spent_s: float, no_more: bool) -> SoFar:
        """`no_more`: the document's time is over, and further batches are not read."""
        read = replace(self.batches[self.parsed], textless=textless, pictures=pictures)
        rest = () if no_more else self.batches[self.parsed + 1 :]
        batches = (*self.batches[: self.parsed], read, *rest)
        return replace(self, batches=batches, parsed=self.parsed + 1, spent_s=self.spent_s + spent_s)

    @property
    def work(self) -> Work:
        read = self.batches[: self.parsed]
        return Work(
            sum(batch.pages for batch in self.batches),
            sum(batch.pages for batch in read),
            sum(batch.textless for batch in read),
            sum(batch.pictures for batch in read),
            0.5 * (self.embedded + self.indexed) / max(1, len(self.parts or ())),
        )

    @property
    def with_pictures(self) -> tuple[Batch, ...]:
        return tuple(batch for batch in self.batches if batch.textless or batch.pictures)

    def stored(self) -> list[Any]:
        parts = None if self.parts is None else list(self.parts)
        return [[*map(_numbers, self.batches)], self.parsed, parts, self.embedded, self.indexed, self.spent_s]

    @classmethod
    def restored(cls, stored: Sequence[Any]) -> SoFar:
        batches, parsed, parts, *rest = stored
        return cls(tuple(Batch(*one) for one in batches), parsed, None if parts is None else tuple(parts), *rest)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Batches of pages whose pictures are still to be recognised, and how many of these are done."""

    batches: tuple[Batch, ...]
    done: int = 0
    spent_s: float = 0.0  # on the document, without waiting

    @property
    def pages(self) -> int:
        """Pages and pictures to be read, the small ones counted as what they take."""
        return sum(batch.textless for batch in self.batches) + round(
            PICTURE / TEXTLESS_PAGE * sum(batch.pictures for batch in self.batches)
        )

    @property
    def work(self) -> Work:
        done = self.batches[: self.done]
        pages = max((batch.last for batch in self.batches), default=1)
        textless, pictures = (sum(getattr(batch, what) for batch in self.batches) for what in ("textless", "pictures"))
        work = Work(pages, pages, textless, pictures, indexed=1.0)
        return work.read(sum(batch.textless for batch in done), sum(batch.pictures for batch in done))

    def stored(self) -> list[Any]:
        return [[*map(_numbers, self.batches)], self.done, self.spent_s]

    @classmethod
    def restored(cls, stored: Sequence[Any]) -> Waiting:
        batches, *rest = stored
        return cls(tuple(Batch(*one) for one in batches), *rest)


@dataclass(frozen=True, slots=True)
class Left:
    """What a run leaves to others: the rest of a large document's text, or the pictures."""

    large: bool = False
    so_far: SoFar | None = None  # of a large document; None: from its beginning
    pictures: Waiting | None = None


def _numbers(batch: Batch) -> list[int]:
    return list(astuple(batch))


@dataclass(frozen=True, slots=True)
class _Began:
    at_s: float
    done_s: float


class Clocks:
    """When the runs of this process began, and how far they were then."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: dict[object, _Began] = {}

    def time_left_s(self, run: object, work: Work) -> float | None:
        """By the speed of this run since it began here; None while too little is done to tell."""
        began = self._began.setdefault(run, _Began(self._now(), work.done_s))
        done_s = work.done_s - began.done_s
        if done_s < LEAST_SHARE * work.whole_s:
            return None
        return round((self._now() - began.at_s) / done_s * max(0.0, work.whole_s - work.done_s), 1)

    def forget(self, run: object) -> None:
        self._began.pop(run, None)
