"""A child answers, or its parent is told within the limit how it ended; whatever it sends."""

from __future__ import annotations

import os
import pickle
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.errors import Unavailable
from system.child import Child, Died, Hung
from system.limits import Limits
from tests.waiting import HANG_S, for_ever


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class Runs:
    """Runs what it is told; foreign errors are told by their words."""

    def __call__(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def foreign(self, error: BaseException, *_: Any) -> Exception:
        return Unavailable(f"{type(error).__name__}: {error}")


class Unmakeable(Runs):
    def __init__(self) -> None:
        raise Unpicklable


def stumble() -> None:
    raise Unpicklable


def lock() -> object:
    return threading.Lock()


def send_raw(data: bytes) -> None:
    """Past the child's own code, as a library that was taken over could."""
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, data)
        except OSError:
            continue
    for_ever()


def message(content: bytes) -> bytes:
    return len(content).to_bytes(8, "big") + content


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child("exhibit-test", Runs, Limits(memory_mb=500))
    yield child
    child.bury()
    child.bury()


def test_errors_and_results_that_cannot_be_pickled_are_told_and_the_child_goes_on(child: Child) -> None:
    with pytest.raises(Unavailable, match="Unpicklable: holds a lock"):
        child.call(stumble, limit_s=HANG_S)
    with pytest.raises(Unavailable, match="cannot pickle"):
        child.call(lock, limit_s=HANG_S)
    assert child.call(os.getpid, limit_s=HANG_S) == child.pid


@pytest.mark.parametrize(
    "sent",
    [
        message(b"no pickle"),
        message(pickle.dumps("neither a result nor an error")),
        message(pickle.dumps((False, "no error"))),
        message(b"cno_such_module\nthing\n."),
        (2**60).to_bytes(8, "big"),
    ],
)
def test_what_is_no_answer_ends_the_child(child: Child, sent: bytes) -> None:
    with pytest.raises(Died, match="it sent what is no answer"):
        child.call(send_raw, sent, limit_s=HANG_S)
    assert not child.alive


def test_half_an_answer_is_waited_for_no_longer_than_a_whole_one(child: Child) -> None:
    child.call(os.getpid, limit_s=HANG_S)
    with pytest.raises(Hung, match=r"did not answer within 0\.5 s"):
        child.call(send_raw, (1000).to_bytes(8, "big") + b"half", limit_s=0.5)
    assert not child.alive


def test_a_call_under_way_learns_that_the_child_was_killed(child: Child) -> None:
    child.call(os.getpid, limit_s=HANG_S)
    threading.Timer(0.2, child.kill).start()
    with pytest.raises(Died, match="killed by SIGKILL"):
        child.call(for_ever, limit_s=HANG_S)


def test_calls_share_the_pipes_and_all_learn_of_a_death() -> None:
    child = Child("exhibit-test", Runs, pipes=2)
    told: list[str] = []

    def ask() -> None:
        try:
            child.call(for_ever, limit_s=HANG_S)
        except Died as death:
            told.append(str(death))

    child.call(os.getpid, limit_s=HANG_S)
    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    child.kill()
    for thread in threads:
        thread.join(HANG_S)
    assert told == ["killed by SIGKILL"] * 5
    assert child.bury() == -signal.SIGKILL


def test_a_service_that_cannot_be_made_is_a_death() -> None:
    child = Child("exhibit-test", Unmakeable)
    with pytest.raises(Died, match="exit code 1"):
        child.call(limit_s=HANG_S)
    child.bury()
