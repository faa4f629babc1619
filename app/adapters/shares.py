"""In which order waiting runs leave a queue: by deadlines, so that each flow of work gets its share.

A flow is what one caller sends to one collection. Each of its requests is due some time after the one before, so a flow
that sends much comes after one that sends little; and the files of one request are due one after the other, so a mail
with a thousand attachments does not hold up the next upload. Deadlines are moments: whatever waits is served before all
that comes after its deadline, so nothing waits for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BEGAN = 1_735_689_600  # 2025-01-01: seconds since then fit into DBOS's priorities until 2093
MOST = 2**31 - 1
REQUEST_S = 1.0  # about what a small document takes
KEPT = 1000  # flows whose deadline is over are forgotten above that


class Shares:
    """The flows of this process. After a restart they begin anew, and each is as good as any other."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}  # when the next request of a flow is due at the earliest

    def priority(self, flow: str, place: int = 0, takes_s: float = REQUEST_S) -> int:
        """Of one run: the lower, the sooner it begins. `place`: of the file in its request, from 0."""
        with self._lock:
            now = self._now() - BEGAN
            due = max(now, self._due.get(flow, now))
            if place == 0:
                if len(self._due) > KEPT:
                    self._due = {name: at for name, at in self._due.items() if at > now}
                self._due[flow] = due + takes_s
            return max(1, min(MOST, int(due + place * takes_s)))
