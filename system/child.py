"""A child process that serves calls over pipes, can be killed at once, and ends with its parent.

It is spawned, never forked: the parent has threads and models. Linux ends a child with the *thread* that started it,
so the owner constructs a `Child` in a thread that lives as long as the child is wanted. Restarting is the owner's
matter, as each owner retries in its own way. Why no ready-made process pool: concurrent.futures breaks for good when
one child dies, and so does pebble's when an idle one does.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import queue
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from domain.errors import ExhibitError
from system.limits import Limits, resident, settle

HEADER = 8  # bytes: the length of the message that follows
PART = 2**20  # bytes read at once
ENDS_S = 5.0  # for the system to collect a process that was killed, or that has closed its pipes
NO_ANSWER = (pickle.UnpicklingError, AttributeError, ImportError, LookupError, TypeError, ValueError)


class Service(Protocol):
    """What a child runs."""

    def __call__(self, *args: Any) -> Any: ...

    def foreign(self, error: BaseException, *args: Any) -> Exception:
        """An error that is none of the domain's, as one that the caller knows and that can be pickled."""
        ...


class Died(Exception):
    """The child ended during a call, or before it."""

    def __init__(self, exit_code: int | None, how: str | None = None) -> None:
        super().__init__(how or _ending(exit_code))
        self.exit_code = exit_code


class Hung(Died):
    """The child did not answer in time, and was killed."""

    def __init__(self, limit_s: float, begun: bool) -> None:
        super().__init__(None, f"it did not answer within {limit_s:g} s")
        self.begun = begun


class Child:
    """The parent's end. Calls may come from as many threads as there are pipes; more of them wait."""

    def __init__(self, name: str, make: Callable[[], Service], limits: Limits | None = None, pipes: int = 1) -> None:
        """`make` is pickled, and called in the child once it has settled."""
        spawn = multiprocessing.get_context("spawn")
        pairs = [spawn.Pipe() for _ in range(pipes)]
        limits = limits or Limits()
        # a reply that is larger than the child may be is a lie
        self._longest = limits.memory_mb * 2**20 if limits.memory_mb is not None else None
        self._pipes = [_Pipe(ours) for ours, _ in pairs]
        self._free: queue.SimpleQueue[_Pipe] = queue.SimpleQueue()
        for pipe in self._pipes:
            self._free.put(pipe)
        self._killed = False  # a killed process counts as alive for a moment more
        self._collecting = threading.Lock()
        theirs = [end for _, end in pairs]
        arguments = (theirs, pickle.dumps(make), limits, os.getpid())
        self._process: SpawnProcess = spawn.Process(target=_live, args=arguments, name=name, daemon=True)
        with _interrupts_blocked():
            self._process.start()
        for end in theirs:
            end.close()  # ours are the only ones left: their end of file tells of the child's death

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._killed and self._process.is_alive()

    @property
    def resident_mb(self) -> float:
        return resident(self.pid) / 2**20

    def call(self, *args: Any, limit_s: float, begin_s: float | None = None) -> Any:
        """What the service returns for these arguments, or raises. `limit_s` counts from now; with `begin_s`, from
        when the child has begun, for which it has `begin_s`. Raises Died or Hung."""
        pipe = self._free.get()
        try:
            return self._call(pipe, args, limit_s, begin_s)
        finally:
            self._free.put(pipe)  # after a death too: others wait for a pipe to learn of it

    def kill(self) -> None:
        """At once, without waiting for the end; idempotent, from any thread."""
        self._killed = True
        with suppress(OSError):
            self._process.kill()

    def bury(self) -> int | None:
        """Kills it, closes the pipes, and tells the exit code."""
        self.kill()
        code = self._exit_code()
        for pipe in self._pipes:
            pipe.close()
        return code

    def _call(self, pipe: _Pipe, args: tuple[Any, ...], limit_s: float, begin_s: float | None) -> Any:
        request = pickle.dumps((begin_s is not None, args))
        begun = begin_s is None
        try:
            with pipe.held:
                until = time.monotonic() + (limit_s if begin_s is None else begin_s)
                pipe.send(request, until)
                if not begun:
                    pipe.receive(until, self._longest)
                    begun, until = True, time.monotonic() + limit_s
                reply = pipe.receive(until, self._longest)
            succeeded, value = _outcome(reply)
        except TimeoutError as error:
            self.kill()
            raise Hung(limit_s if begin_s is None or begun else begin_s, begun) from error
        except (EOFError, OSError) as error:
            raise Died(self._exit_code()) from error
        except NO_ANSWER as error:
            self.kill()
            raise Died(self._exit_code(), "it sent what is no answer") from error
        if not succeeded:
            raise value
        return value

    def _exit_code(self) -> int | None:
        with self._collecting:  # of two threads that wait for a process, one is told that there is none
            self._process.join(ENDS_S)
            if self._process.exitcode is None:  # it has closed its pipes, but goes on
                self.kill()
                self._process.join(ENDS_S)
            return self._process.exitcode


def _outcome(reply: bytearray) -> tuple[bool, Any]:
    succeeded, value = pickle.loads(reply)  # noqa: S301  # from our own child
    if not succeeded and not isinstance(value, Exception):
        raise TypeError(f"{type(value).__name__} is no error")
    return succeeded, value


class _Pipe:
    """One end of a pipe: whole messages, each within its time."""

    def __init__(self, end: Connection) -> None:
        self._end = end  # owns the descriptor; its own `send` and `recv` know no time limits
        self.held = threading.Lock()  # by the call that uses it: it is not closed meanwhile
        os.set_blocking(end.fileno(), False)

    def send(self, message: bytes, until: float = math.inf) -> None:
        left = memoryview(len(message).to_bytes(HEADER, "big") + message)
        while left:
            self._wait(select.POLLOUT, until)
            with suppress(BlockingIOError):
                left = left[os.write(self._end.fileno(), left) :]

    def receive(self, until: float = math.inf, longest: int | None = None) -> bytearray:
        size = int.from_bytes(self._read(HEADER, until), "big")
        if longest is not None and size > longest:
            raise ValueError(f"a message of {size} bytes; the limit is {longest}")
        return self._read(size, until)

    def close(self) -> None:
        with self.held:
            self._end.close()

    def _read(self, size: int, until: float) -> bytearray:
        message = bytearray()
        while len(message) < size:
            self._wait(select.POLLIN, until)
            part = os.read(self._end.fileno(), min(size - len(message), PART))
            if not part:
                raise EOFError
            message += part
        return message

    def _wait(self, event: int, until: float) -> None:
        ready = select.poll()
        ready.register(self._end.fileno(), event)
        if not ready.poll(None if until == math.inf else max(0.0, until - time.monotonic()) * 1000):
            raise TimeoutError


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """A child inherits the blocked signal, and so does not see a Ctrl-C before it can ignore it."""
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(exit_code: int | None) -> str:
    if exit_code is not None:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


# ---------------------------------------------------------------- in the child


def _live(ends: Sequence[Connection], make: bytes, limits: Limits, parent_pid: int) -> None:
    """A child's whole life: calls in, results out, until the parent is gone."""
    settle(parent_pid, limits)
    service: Service = pickle.loads(make)()  # noqa: S301  # from our own parent
    threads = [threading.Thread(target=_serve, args=(end, service)) for end in ends[1:]]
    for thread in threads:
        thread.start()
    _serve(ends[0], service)
    for thread in threads:
        thread.join()


def _serve(end: Connection, service: Service) -> None:
    pipe = _Pipe(end)
    with suppress(EOFError, OSError):  # the parent has closed its end
        while True:
            announced, args = pickle.loads(pipe.receive())  # noqa: S301  # from our own parent
            if announced:
                pipe.send(b"begun")
            pipe.send(_answer(service, args))


def _answer(service: Service, args: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((True, service(*args)))
    except ExhibitError as error:
        return pickle.dumps((False, type(error)(str(error))))
    except BaseException as error:  # any library, any file; a panic of Rust's is no Exception
        return pickle.dumps((False, service.foreign(error, *args)))
