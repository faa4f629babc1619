"""The progress of a long command: in a terminal a bar that redraws itself, elsewhere a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

BAR = 24  # characters
EVERY_S = 15.0  # between lines, where no terminal is
SETTLED = 0.02  # share done before a time left is shown: it would be a guess


class Progress:
    """`share` is what is done of the whole, 0 to 1."""

    def __init__(self, out: TextIO | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._now = now
        self._began = now()
        self._told = now()
        self._drawn = False

    def show(self, share: float, words: str) -> None:
        line = f"{share:4.0%} {words}{self._left(share)}"
        if self._live:
            done = round(BAR * share)
            whole = f"[{'█' * done}{'·' * (BAR - done)}] {line}"
            self._out.write(f"\r\033[K{whole[: shutil.get_terminal_size().columns - 1]}")
            self._out.flush()
            self._drawn = True
        elif self._now() - self._told >= EVERY_S:
            self._told = self._now()
            print(line, file=self._out, flush=True)

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        self.clear()
        print(line, file=self._out, flush=True)

    def clear(self) -> None:
        if self._drawn:
            self._out.write("\r\033[K")
            self._drawn = False

    def took(self) -> str:
        return duration(self._now() - self._began)

    def _left(self, share: float) -> str:
        if not SETTLED < share < 1:
            return ""
        return f", about {duration((self._now() - self._began) * (1 - share) / share)} left"


def duration(seconds: float) -> str:
    """“40 s”, “3 min”, “1 h 20 min”."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
