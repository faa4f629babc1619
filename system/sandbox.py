"""Runs functions on hostile files in child processes that can be killed.

Children stay warm between calls, and are replaced when they time out, die, grow too large or have served
`CALLS_PER_CHILD` calls. Each belongs to one thread of the parent for as long as the sandbox lives (see `child.py`).
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from domain.errors import Unavailable, Unreadable
from system.child import Child, Died, Hung
from system.limits import TOO_MUCH_MEMORY, Limits

T = TypeVar("T")

CALLS_PER_CHILD = 500  # then a fresh one, so that what libraries leak comes back
GROWN = 0.6  # of the memory limit: a child that holds so much between two calls is replaced
BEGIN_S = 120.0  # for a child to start and to import what it is to run
IDLE_S = 60.0  # after which a child that holds more than `KEPT_IDLE_MB` is ended: a fresh one takes a second or two
KEPT_IDLE_MB = 200
STOPPING = "the service is stopping"


class Sandbox:
    """A few warm children. Usable from any thread and any event loop."""

    def __init__(self, workers: int, memory_mb: int = 2048, nice: int = 5, idle_s: float = IDLE_S) -> None:
        self._cores = max(1, (os.cpu_count() or 1) // workers)
        self._limits = Limits(nice=nice, memory_mb=memory_mb, cores=self._cores)
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="sandbox")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._children: set[_Warm] = set()
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
        """Gives memory back while there is nothing to parse. A call that arrives at the same moment is tried again in
        a fresh child, as after any death of a used child."""
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
            # The files that the child read before may be to blame (growing caches, a library's broken state):
            # only a file that breaks a fresh child as well is at fault itself.
            self._retire(child)
            return self._served(self._child(), call)

    def _served(self, child: _Warm, call: _Call) -> Any:
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

    def _child(self) -> _Warm:
        child: _Warm | None = getattr(self._own, "child", None)
        if child is None or not child.alive:
            if child is not None:
                self._retire(child)
            if self._closed:
                raise Unavailable(STOPPING)
            child = _Warm(self._limits)
            self._own.child = child
            with self._lock:
                self._children.add(child)
                if not self._tidying.ident:
                    self._tidying.start()
        return child

    def _retire(self, child: _Warm) -> None:
        child.bury()
        self._own.child = None
        with self._lock:
            self._children.discard(child)


class Broke(Unreadable):
    """A crash, too little memory, or a foreign error: the file may not be to blame for it."""


class _Call:
    """One call and the child that serves it, so that a cancel kills this child, and never the child of another call."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], timeout_s: float, processor_s: float
    ) -> None:
        self.function = function
        self.args = args
        self.timeout_s = timeout_s
        self.processor_s = processor_s
        self._lock = threading.Lock()
        self._child: _Warm | None = None
        self._cancelled = False

    def bind(self, child: _Warm) -> bool:
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


class _Warm:
    """A child, and what it has served."""

    def __init__(self, limits: Limits) -> None:
        self._memory_mb = limits.memory_mb or 0
        self._calls = 0
        self._idle_since: float | None = None  # None while it serves a call
        self._child = Child("exhibit-sandbox", _Runner, limits)

    @property
    def alive(self) -> bool:
        return self._child.alive

    @property
    def idle_for_s(self) -> float:
        since = self._idle_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def resident_mb(self) -> float:
        return self._child.resident_mb

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
        arguments = (call.function, call.args, call.processor_s)
        try:  # starting a process is not the file's fault, so the limit counts from then
            return self._child.call(*arguments, limit_s=call.timeout_s, begin_s=BEGIN_S)
        except Hung as hung:
            late = f"reading it took longer than {call.timeout_s:g} s"
            raise Unreadable(late if hung.begun else "a process to read it in did not start") from hung
        except Died as death:
            raise self._obituary(call, death) from death
        finally:
            self._idle_since = time.monotonic()

    def kill(self) -> None:
        self._child.kill()

    def bury(self) -> None:
        self._child.bury()

    def _obituary(self, call: _Call, death: Died) -> Unreadable:
        code = death.exit_code
        if code == TOO_MUCH_MEMORY:
            return Broke(f"reading it needs more than {self._memory_mb} MB")
        if code == -signal.SIGXCPU:
            return Unreadable(f"reading it took more than {call.processor_s:g} s of processor time")
        if code is not None and code < 0:
            with suppress(ValueError):
                return Broke(f"it crashed the parser ({signal.Signals(-code).name})")
        return Broke(f"it crashed the parser (exit code {code})")


# ---------------------------------------------------------------- in the child


class _Runner:
    """Runs a function within its time of the processor."""

    def __call__(self, function: Callable[..., Any], args: tuple[Any, ...], processor_s: float) -> Any:
        _allow(processor_s)
        return function(*args)

    def foreign(self, error: BaseException, *_: Any) -> Exception:
        if isinstance(error, MemoryError):
            os._exit(TOO_MUCH_MEMORY)  # what else failed to be allocated is anyone's guess
        if not isinstance(error, Exception):
            raise error  # which ends the child
        words = " ".join(str(error).split())
        return Broke(f"it can't be read ({type(error).__name__}{': ' + words[:160] if words else ''})")


def _allow(processor_s: float) -> None:
    """From now on; the system counts a process's whole life, in whole seconds, and then sends SIGXCPU."""
    until = int(time.process_time() + processor_s) + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
