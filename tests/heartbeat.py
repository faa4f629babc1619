"""Whether a service goes on answering: asks `/healthz` every 50 ms while something else is asked of it.

Times are compared with those of the same minute, in which nothing else was asked; what is slow once, and not again, was
the machine.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.waiting import HANG_S

T = TypeVar("T")

EVERY_S = 0.05
MOST_S = 0.25  # without an answer, on a machine that has nothing else to do
TRIES = 3


class Heartbeat:
    """`during(work)` is the result of the work, and how many times as long as allowed the longest silence was."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended, self._at_once, self._answered = threading.Event(), threading.Event(), threading.Event()
        self._last = self._worst = 0.0
        self._thread = threading.Thread(target=self._beat, name="heartbeat")

    def __enter__(self) -> Heartbeat:
        self._last = time.monotonic()
        self._thread.start()
        _, idle_s = self._silence(lambda: time.sleep(20 * EVERY_S))
        self._allowed_s = MOST_S + 5 * max(0.0, idle_s - EVERY_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._at_once.set()
        self._thread.join()

    def during(self, work: Callable[[], T]) -> tuple[T, float]:
        times = []
        for _ in range(TRIES):
            result, silence_s = self._silence(work)
            times.append(silence_s / self._allowed_s)
            if times[-1] <= 1:
                break
        return result, min(times)

    def _silence(self, work: Callable[[], T]) -> tuple[T, float]:
        """Up to an answer to what was asked after the work: its answer may come before the service has done all."""
        self._worst = 0.0
        result = work()
        self._answered.clear()
        self._at_once.set()
        assert self._answered.wait(HANG_S), "the service does not answer"
        assert self._thread.is_alive(), "the service does not answer"
        return result, self._worst

    def _beat(self) -> None:
        try:
            self._ask_again_and_again()
        finally:
            self._answered.set()  # nobody waits for an answer that does not come

    def _ask_again_and_again(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANG_S)
        while not self._ended.is_set():
            last = self._at_once.wait(EVERY_S)
            if last:
                self._at_once.clear()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            now = time.monotonic()
            self._worst = max(self._worst, now - self._last)
            self._last = now
            if last:
                self._answered.set()
        connection.close()
