"""What was freed goes back to the system, and threads don't each keep a heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Frees a buffer of 20 MB, so that glibc would take such from its heap from then on; takes some of 16 MB, a small one
# behind each, and frees the large ones: from between small ones no heap can give anything back.
GAPS = """
import ctypes, sys
from system.allocator import keep_little
if sys.argv[1] == "told":
    assert keep_little()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def taken(size):
    at = libc.malloc(size)
    ctypes.memset(at, 1, size)
    return at
libc.free(taken(20 << 20))
large, small = zip(*[(taken(16 << 20), taken(100_000)) for _ in range(10)])
for at in large:
    libc.free(at)
print(int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_large_buffers_between_small_ones_are_given_back() -> None:
    def resident_mb(how: str) -> int:
        ran = subprocess.run([sys.executable, "-c", GAPS, how], capture_output=True, text=True, check=True)
        return int(ran.stdout)

    assert resident_mb("as it comes") - resident_mb("told") > 100
