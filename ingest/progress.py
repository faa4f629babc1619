"""Progress of a document, and the time left: by its pages, and by the pictures on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

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
