"""Remembers which parts can't be reached: one log line when an outage begins, one when it ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.documents import Part
from domain.errors import Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outage:
    """`why`: for operators; it may name hosts and ports."""

    since_s: float  # of the monotonic clock
    why: str


class Outages:
    """Safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changing = threading.Lock()
        self._outages: dict[Part, Outage] = {}

    def failed(self, part: Part, why: str) -> None:
        with self._changing:
            if part in self._outages:
                return
            self._outages[part] = Outage(self._now(), why)
        log.warning("%s can't be reached: %s", part, why, extra={"part": part, "why": why})

    def noticed(self, error: Unavailable) -> bool:
        """Whether the error is an outage of a part, which then has its line in the log."""
        if error.part is None:
            return False
        self.failed(error.part, operators_reason(error))
        return True

    def worked(self, part: Part) -> bool:
        """Whether that ended an outage."""
        with self._changing:
            outage = self._outages.pop(part, None)
        if outage is None:
            return False
        lasted_s = round(self._now() - outage.since_s, 1)
        log.warning("%s is reached again, after %g s", part, lasted_s, extra={"part": part, "lasted_s": lasted_s})
        return True

    def now(self) -> Mapping[Part, Outage]:
        with self._changing:
            return dict(self._outages)


def operators_reason(error: Exception) -> str:
    """The sentence and what caused it, in one line."""
    cause = error.__cause__
    said = " ".join(str(error).split())
    return said if cause is None else f"{said} ({type(cause).__name__}: {' '.join(str(cause).split())})"
