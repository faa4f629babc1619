"""What a child process does first: it ends with its parent, and keeps to its limits."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from system.allocator import keep_little

TOO_MUCH_MEMORY = 77  # exit code of a child that grew past its limit
WATCH_EVERY_S, WATCH_PARENT_EVERY_S = 0.05, 1.0
LIBRARIES = 2 * 2**30  # address space (not memory) that torch, onnxruntime and their threads reserve
_PR_SET_PDEATHSIG = 1
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}  # system call numbers; glibc has no wrapper
_IOPRIO_WHO_PROCESS, _IOPRIO_IDLE = 1, 3 << 13


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take of the machine."""

    nice: int = 0
    idle_disk: bool = False  # reads and writes only while no other process does
    memory_mb: int | None = None  # a child that grows past it ends with TOO_MUCH_MEMORY
    cores: int | None = None  # threads of numeric libraries


def settle(parent_pid: int, limits: Limits) -> None:
    """Before anything large is imported, and before threads are started."""
    if limits.cores is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(limits.cores))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; only the parent decides about it
    end_with_parent(parent_pid)
    _step_back(limits)
    keep_little()
    if limits.memory_mb is not None:
        _limit_memory(limits.memory_mb)
    threading.Thread(target=_watch, args=(parent_pid, limits.memory_mb), daemon=True, name="watchdog").start()


def end_with_parent(parent_pid: int) -> None:
    """The kernel kills this process when the thread that started it ends, however that happens."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it ended before we asked
        os._exit(0)


def resident(pid: int | None = None) -> int:
    """Bytes of memory in use, by this process or another; of this one the peak where the system tells no more."""
    if sys.platform == "linux":
        try:
            statm = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii")
            return int(statm.split()[1]) * resource.getpagesize()
        except (OSError, IndexError):  # it has just ended
            return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if pid is None else 0  # macOS counts bytes


def _step_back(limits: Limits) -> None:
    """Lowers this process's share of the processor and of the disk, where the system allows it."""
    with suppress(OSError):
        os.nice(limits.nice)
    number = _IOPRIO_SET.get(os.uname().machine)
    if limits.idle_disk and sys.platform.startswith("linux") and number is not None:
        ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)


def _limit_memory(memory_mb: int) -> None:
    """When the machine's memory runs out, this process goes first, and not the service."""
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # for what grows faster than the watchdog looks
        backstop = 2 * memory_mb * 2**20 + LIBRARIES
        resource.setrlimit(resource.RLIMIT_DATA, (backstop, backstop))


def _watch(parent_pid: int, memory_mb: int | None) -> None:
    """Ends this process when it grows past its limit, or its parent is gone (where prctl does not see to that)."""
    while True:
        time.sleep(WATCH_PARENT_EVERY_S if memory_mb is None else WATCH_EVERY_S)
        if memory_mb is not None and resident() > memory_mb * 2**20:
            os._exit(TOO_MUCH_MEMORY)
        if os.getppid() != parent_pid:
            os._exit(1)
