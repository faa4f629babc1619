"""What is measured of each system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evaluation.measure import PageRanking

K = 50  # chunks fetched for a question, by every system: enough for ten different pages


@dataclass(frozen=True, slots=True)
class Rate:
    """Pages taken in, and the seconds that took."""

    pages: int = 0
    seconds: float = 0.0

    @property
    def pages_per_s(self) -> float | None:
        return self.pages / self.seconds if self.seconds else None

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.pages + other.pages, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class LongPdf:
    rate: Rate
    peak_mb: float
    error: str | None = None
    found: Rate | None = None  # as in Measured

    @property
    def text_found(self) -> Rate:
        return self.found or self.rate


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    with_text: Rate
    without: Rate
    chunks: int
    peak_mb: float
    rankings: Sequence[PageRanking]
    lost: dict[str, str] = field(default_factory=dict)  # file name -> what happened
    first_answer_s: float | None = None  # process start to first answer, index kept
    first_answer_empty_s: float | None = None  # process start to first answer, one small PDF taken in between
    long_pdf: LongPdf | None = None
    found: Rate | None = None  # `with_text` until their text can be found; None: the same, as no picture is read

    @property
    def text_found(self) -> Rate:
        return self.found or self.with_text
