"""How much memory this process and its children may use together."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # of a container: control groups of version 2 and 1


def usable(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes: what the container is limited to, at most what the machine has."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in LIMITS:
        with suppress(OSError, ValueError):  # there is none, or it says `max`
            found.append(int((groups / name).read_text()))
    return min(found)
