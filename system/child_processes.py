"""What every child process of ours does first: it ends with its parent, and steps back behind it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}  # system call numbers; glibc has no wrapper
_IOPRIO_WHO_PROCESS, _IOPRIO_IDLE = 1, 3 << 13


def end_with_parent(parent_pid: int) -> None:
    """The kernel kills this process when the thread that started it ends, however that happens."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it was gone before we asked
        os._exit(0)


def leave_interrupts_to_parent() -> None:
    """Ctrl-C in a terminal reaches the whole process group; only the parent decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def step_back(nice: int) -> None:
    """Lowers this process's share of the processor and of the disk, where the system allows it."""
    with suppress(OSError):
        os.nice(nice)
    number = _IOPRIO_SET.get(os.uname().machine)
    if sys.platform.startswith("linux") and number is not None:
        ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, 0, _IOPRIO_IDLE)
