"""Memory that was freed and not given back: after large buffers came and went, glibc keeps the gaps between them.

A child that recognises pictures so grows from 0.65 GB to 1 GB within eighty of them. Giving the gaps back takes some
20 ms, and what was given back has to be fetched again: so only above a size.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

_STATM = Path("/proc/self/statm")  # Linux


def give_back(above_mb: int = 0) -> bool:
    """Whether it did: the process is larger than this, and its allocator can."""
    if resident_mb() <= above_mb:
        return False
    trim = _trim()
    return trim is not None and bool(trim(0))


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
