"""The memory of a process and all it started, as PSS: shared pages are counted once, in parts.

Reading the PSS walks every page of a process and holds its memory map meanwhile, a tenth of a second for 3 GB: four
times a second that is 40 % of a core, taken from what is being measured. So it is read only when the resident memory,
which costs nothing to read, has grown past its peak so far. Reads /proc, so it measures on Linux only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.25
GROWN = 1.01  # of the resident peak so far, with shared pages counted in full
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class PeakMemory:
    """Samples in a thread while the context is open; `peak_mb` is the largest sum seen."""

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
        peak_kb = 0
        while True:
            pids = tree(self._pid)
            resident_kb = sum(map(rss_kb, pids))
            if resident_kb > GROWN * peak_kb:
                peak_kb = resident_kb
                self.peak_mb = max(self.peak_mb, pss_mb(pids))
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


def rss_kb(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_KB
    return 0
