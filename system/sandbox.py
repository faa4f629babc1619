"""Runs functions on hostile files in child processes that can be killed, and outlive no one.

Children are spawned (never forked: the parent has threads and models), stay warm between calls, and are
replaced when they time out, die, grow too large or have served `CALLS_PER_CHILD` calls. Each is owned by one
thread of the parent for as long as the sandbox lives, because "die with the parent" (prctl) means the thread
that made the child. Why not a ready-made process pool: concurrent.futures breaks for good when one child dies,
and so does pebble's when an idle one does.
"""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import multiprocessing.connection
import os
import pickle
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, TypeVar

from domain.errors import ExhibitError, Unavailable, Unreadable
from system.allocator import keep_little

T = TypeVar("T")

CALLS_PER_CHILD = 500  # then a fresh one, so that what libraries leak comes back
GROWN = 0.6  # of the memory limit: a child that holds so much between two calls is replaced
TOO_MUCH_MEMORY = 77  # exit code of a child that grew past its limit
BEGIN_S = 120.0  # for a child to start and to import what it is to run
WATCH_EVERY_S = 0.05
IDLE_S = 60.0  # after which a child that holds more than `KEPT_IDLE_MB` is ended: a fresh one takes a second or two
KEPT_IDLE_MB = 200
LIBRARIES = 2 * 2**30  # address space (not memory) that torch, onnxruntime and their threads reserve
PR_SET_PDEATHSIG = 1
STOPPING = "the service is stopping"


class Sandbox:
    """A few warm children. Usable from any thread and any event loop."""

    def __init__(self, workers: int, memory_mb: int = 2048, nice: int = 5, idle_s: float = IDLE_S) -> None:
        self._memory_mb = memory_mb
        self._nice = nice
        self._cores = max(1, (os.cpu_count() or 1) // workers)
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="sandbox")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._closed = False
        self._idle_s = idle_s
        self._closing = threading.Event()
        self._tidying = threading.Thread(target=self._end_the_idle, name="sandbox-idle", daemon=True)

    async def run(
        self, function: Callable[..., T], *args: Any, timeout_s: float, processor_s: float | None = None
    ) -> T:
        """The result of a module-level function. Cancelling the awaiting task kills the child at once.

        `processor_s`: of all its cores together; by default what `timeout_s` allows them. Raises the domain error that
        the function raised, or Unreadable for anything else that went wrong: another exception, too long, too much
        memory, a crash.
        """
        call = _Call(function, args, timeout_s, timeout_s * self._cores if processor_s is None else processor_s)
        future = self._threads.submit(self._serve, call)
        try:
            result: T = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            call.cancel()
            raise
        return result

    def close(self) -> None:
        """Kills every child; calls that are under way end as Unavailable. Idempotent."""
        self._closed = True
        self._closing.set()
        self._kill_all()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._kill_all()  # one may have been started meanwhile

    def _end_the_idle(self) -> None:
        """Memory comes back when there is nothing to read. A call that comes at the same moment is tried again in a
        fresh child, as after any death of a used one."""
        while not self._closing.wait(min(5.0, self._idle_s)):
            with self._lock:
                children = list(self._children)
            for child in children:
                if child.idle_for_s > self._idle_s and child.resident_mb > KEPT_IDLE_MB:
                    child.kill()

    def _kill_all(self) -> None:
        with self._lock:
            children = list(self._children)
        for child in children:
            child.kill()

    def _serve(self, call: _Call) -> Any:
        """In one of our threads: sends the call to this thread's child and waits for what comes back."""
        child = self._child()
        used = child.used
        try:
            return self._served(child, call)
        except Broke:
            if not used:
                raise
            # what a child had read before (caches that grow, a library's broken state) may have cost this call:
            # only what breaks a fresh child as well is the file's own fault
            self._retire(child)
            return self._served(self._child(), call)

    def _served(self, child: _Child, call: _Call) -> Any:
        if not call.bind(child):
            return None  # cancelled before it began: nobody waits for a result
        try:
            return child.call(call)
        except Unreadable:
            if self._closed:
                raise Unavailable(STOPPING) from None
            raise
        finally:
            call.release()
            if child.spent:
                self._retire(child)

    def _child(self) -> _Child:
        child: _Child | None = getattr(self._own, "child", None)
        if child is None or not child.alive:
            if child is not None:
                self._retire(child)
            if self._closed:
                raise Unavailable(STOPPING)
            child = _Child(self._memory_mb, self._nice, self._cores)
            self._own.child = child
            with self._lock:
                self._children.add(child)
                if not self._tidying.ident:
                    self._tidying.start()
        return child

    def _retire(self, child: _Child) -> None:
        child.bury()
        self._own.child = None
        with self._lock:
            self._children.discard(child)


class Broke(Unreadable):
    """The reading ended in a way that the file may not be to blame for: a crash, or no memory, or a foreign error."""


class _Call:
    """One call and the child that serves it, so that a cancel finds whom to kill, and never kills another's."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], timeout_s: float, processor_s: float
    ) -> None:
        self.function = function
        self.args = args
        self.timeout_s = timeout_s
        self.processor_s = processor_s
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._cancelled = False

    def bind(self, child: _Child) -> bool:
        with self._lock:
            self._child = child
            return not self._cancelled

    def release(self) -> None:
        with self._lock:
            self._child = None

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._child is not None:
                self._child.kill()


class _Child:
    """The parent's end of one child process."""

    def __init__(self, memory_mb: int, nice: int, cores: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._memory_mb = memory_mb
        self._calls = 0
        self._idle_since: float | None = None  # None while it serves a call
        self._killed = False  # a killed process counts as alive for a moment more
        self._pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_live, args=(theirs, os.getpid(), memory_mb, nice, cores), name="exhibit-sandbox", daemon=True
        )
        self._process.start()
        theirs.close()  # ours alone now: its end of file tells of the child's death

    @property
    def alive(self) -> bool:
        return not self._killed and self._process.is_alive()

    @property
    def idle_for_s(self) -> float:
        since = self._idle_since
        return 0.0 if since is None or self._killed else time.monotonic() - since

    @property
    def resident_mb(self) -> float:
        return _resident(self._process.pid) / 2**20

    @property
    def used(self) -> bool:
        return self._calls > 0

    @property
    def spent(self) -> bool:
        grown = self.resident_mb > self._memory_mb * GROWN
        return self._calls >= CALLS_PER_CHILD or grown or not self.alive

    def call(self, call: _Call) -> Any:
        self._calls += 1
        self._idle_since = None
        try:
            self._pipe.send_bytes(pickle.dumps((call.function, call.args, call.processor_s)))
            self._wait(BEGIN_S, "a process to read it in did not start")
            self._pipe.recv_bytes()  # it has begun: starting a process is not the file's fault
            self._wait(call.timeout_s, f"reading it took longer than {call.timeout_s:g} s")
            succeeded, value = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  # from our own child
        except (EOFError, OSError) as error:
            raise self._obituary(call) from error
        finally:
            self._idle_since = time.monotonic()
        if not succeeded:
            raise value
        return value

    def _wait(self, seconds: float, why: str) -> None:
        if not self._pipe.poll(seconds):
            self.kill()
            raise Unreadable(why)

    def kill(self) -> None:
        """At once, without waiting for the end; idempotent, from any thread."""
        self._killed = True
        with suppress(OSError):
            self._process.kill()

    def bury(self) -> None:
        """By the owning thread only: kills, collects the exit code, closes the pipe."""
        self.kill()
        self._process.join(5)
        self._pipe.close()

    def _obituary(self, call: _Call) -> Unreadable:
        self._process.join(5)
        code = self._process.exitcode
        if code == TOO_MUCH_MEMORY:
            return Broke(f"reading it needs more than {self._memory_mb} MB")
        if code == -signal.SIGXCPU:
            return Unreadable(f"reading it took more than {call.processor_s:g} s of processor time")
        if code is not None and code < 0:
            with suppress(ValueError):
                return Broke(f"it crashed the parser ({signal.Signals(-code).name})")
        return Broke(f"it crashed the parser (exit code {code})")


# ---------------------------------------------------------------- in the child


def _live(pipe: Connection, parent: int, memory_mb: int, nice: int, cores: int) -> None:
    """A child's whole life: calls in, results out, until the parent is gone."""
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))  # before any numeric library is loaded
    _settle(parent, memory_mb, nice)
    with suppress(EOFError, OSError):  # the parent closed its end
        while True:
            function, args, processor_s = pickle.loads(pipe.recv_bytes())  # noqa: S301  # from our own parent
            pipe.send_bytes(b"begun")
            _allow(processor_s)
            pipe.send_bytes(_answer(function, args))


def _allow(processor_s: float) -> None:
    """From now on; the system counts a process's whole life, in whole seconds, and then sends SIGXCPU."""
    until = int(time.process_time() + processor_s) + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((True, function(*args)))
    except ExhibitError as error:
        return pickle.dumps((False, type(error)(str(error))))
    except MemoryError:
        os._exit(TOO_MUCH_MEMORY)  # what else failed to be allocated is anyone's guess
    except Exception as error:  # any parser, any file: the type and a few words are what there is to say
        return pickle.dumps((False, Broke(_sentence(error))))


def _sentence(error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"it can't be read ({type(error).__name__}{': ' + words[:160] if words else ''})"


def _settle(parent: int, memory_mb: int, nice: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    with suppress(OSError):
        os.nice(nice)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # when memory runs out, we go, not the service
    if os.getppid() != parent:
        os._exit(1)  # it died before prctl could tell
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    keep_little()
    with suppress(OSError, ValueError):  # for what grows faster than the watchdog looks
        backstop = 2 * memory_mb * 2**20 + LIBRARIES
        resource.setrlimit(resource.RLIMIT_DATA, (backstop, backstop))
    threading.Thread(target=_watch, args=(parent, memory_mb * 2**20), daemon=True, name="watchdog").start()


def _watch(parent: int, limit: int) -> None:
    """Ends the child when it grows past its limit, or its parent is gone (where prctl does not see to that)."""
    while True:
        time.sleep(WATCH_EVERY_S)
        if _resident() > limit:
            os._exit(TOO_MUCH_MEMORY)
        if os.getppid() != parent:
            os._exit(1)


def _resident(pid: int | None = None) -> int:
    """Bytes of memory in use, by this process or another; of this one the peak where the system tells no more."""
    if sys.platform == "linux":
        try:
            statm = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii")
            return int(statm.split()[1]) * resource.getpagesize()
        except (OSError, IndexError):  # it has just ended
            return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if pid is None else 0  # macOS counts bytes
