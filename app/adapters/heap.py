"""Memory that was freed and not given back: after large buffers came and went, glibc keeps the gaps between them.

A child that recognises pictures so grows from 0.65 GB to 1 GB within eighty of them. Giving the gaps back takes some
20 ms, and what was given back has to be fetched again: so only when the process has grown.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

GROWN = 1.2  # of what was resident after the last time

_STATM = Path("/proc/self/statm")  # Linux
_lean_mb = 0


def give_back() -> bool:
    """Whether it did: the process has grown, and its allocator can."""
    global _lean_mb
    if resident_mb() <= GROWN * _lean_mb or (trim := _trim()) is None:
        return False
    trim(0)
    _lean_mb = resident_mb()
    return True


def resident_mb() -> int:
    """0 where the system does not tell."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


@cache
def _trim() -> ctypes._NamedFuncPointer | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return None
