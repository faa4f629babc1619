"""How glibc's allocator is told to keep little of what was freed. Each process of ours asks it once, at its beginning.

As it comes it gives each thread a heap of its own, up to eight for a core, and keeps what was freed in each; and once a
buffer of up to 32 MB was freed, it takes all that are no larger from the heap, between whose gaps little fits. While
300 pages are taken in (`python -m lab.bench`), a service with dozens of threads so holds 550 MB instead of 390, and the
child that recognises pictures 850 instead of 650, for the same time of the processor.
"""

from __future__ import annotations

import ctypes

ARENAS = 2  # Python lets one thread at a time allocate; native code of a few threads may meet
MAPPED = 8 * 2**20  # bytes; larger buffers are mapped, and given back when freed. From 1 MB on, OCR is slower by 4 %

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # glibc's malloc.h


def keep_little() -> bool:
    """Whether the system's allocator could be told. Before threads are started: their heaps stay as they are."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    # a fixed threshold for mapping also fixes the other one, of what may lie free at a heap's end; glibc keeps that
    # at twice the first while it adapts both
    told = [mallopt(_M_ARENA_MAX, ARENAS), mallopt(_M_MMAP_THRESHOLD, MAPPED), mallopt(_M_TRIM_THRESHOLD, 2 * MAPPED)]
    return all(told)
