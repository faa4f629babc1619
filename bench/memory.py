"""The memory of a process and all it started, as PSS: shared pages are counted once, in parts.

Reads /proc, so it measures on Linux only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.25


class PeakMemory:
    """Samples in a thread, from entering to leaving: `peak_mb` is the largest sum seen."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.peak_mb = max(self.peak_mb, pss_mb(tree(self._pid)))
            if self._stopped.wait(EVERY_S):
                return


def tree(root: int) -> set[int]:
    """The process, all its descendants, and whatever else is in its session."""
    parents, sessions = {}, {}
    for pid, parent, session in processes():
        parents[pid], sessions[pid] = parent, session
    members = {pid for pid, session in sessions.items() if session == root} | {root}
    while True:
        children = {pid for pid, parent in parents.items() if parent in members} - members
        if not children:
            return members
        members |= children


def processes() -> Iterator[tuple[int, int, int]]:
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # it may end while it is looked at
            # "pid (command) state parent group session …"; a command may itself have brackets and spaces
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            yield int(folder.name), int(fields[1]), int(fields[3])


def pss_mb(pids: Iterable[int]) -> float:
    return sum(pss_kb(pid) for pid in pids) / 1024


def pss_kb(pid: int) -> int:
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
