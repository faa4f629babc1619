"""What the measurements on a GPU share: parts with a time limit, whose failure leaves the others running, and rates."""

from __future__ import annotations

import gc
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from statistics import median
from typing import Any


class OutOfTime(BaseException):
    """A BaseException, so that no library catches it as one of its own."""


@contextmanager
def part(name: str, limit_s: float | None) -> Iterator[None]:
    """An error, or a part that takes longer than its limit, ends that part only. None: no limit."""
    said(f"\n{name} …")
    started = time.perf_counter()
    try:
        with _alarm(limit_s) if limit_s is not None else nullcontext():
            yield
    except OutOfTime:
        said(f"{name}: not done after {limit_s:.0f} s")
    except Exception:
        said(f"{name} failed:\n" + "".join(traceback.format_exc().splitlines(keepends=True)[-8:]))
    finally:
        gc.collect()
        _emptied()
        said(f"{name}: {time.perf_counter() - started:.1f} s")


@contextmanager
def _alarm(limit_s: float) -> Iterator[None]:
    former = signal.signal(signal.SIGALRM, _out_of_time)
    theirs_s, _ = signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        signal.setitimer(signal.ITIMER_REAL, theirs_s)


def _out_of_time(number: int, frame: object) -> None:
    raise OutOfTime


def rate(count: int, seconds: float, step: Callable[..., Any], *arguments: Any) -> float:
    """Items a second, the median of at least three steps after one that warms up; each deals with so many. Of a single
    one where no seconds are given."""
    step(*arguments)
    took: list[float] = []
    until = time.perf_counter() + seconds
    while len(took) < (3 if seconds else 1) or time.perf_counter() < until:
        done()
        started = time.perf_counter()
        step(*arguments)
        done()
        took.append(time.perf_counter() - started)
    return count / median(took)


def done() -> None:
    """Waits until the GPU has finished its work."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def card() -> str:
    import torch

    if not torch.cuda.is_available():
        return "CPU"
    free, whole = torch.cuda.mem_get_info()
    return f"{torch.cuda.get_device_name()}, {free / 2**30:.1f} of {whole / 2**30:.1f} GiB free"


def said(text: str) -> None:
    print(text, flush=True)


def _emptied() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
