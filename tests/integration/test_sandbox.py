"""Children that hang, crash, swell or are orphaned cost one call, never the pool."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from domain.errors import NeedsPassword, Unavailable, Unreadable
from system.sandbox import Sandbox
from tests.waiting import HANG_S, for_ever, until, wait_until


def add(a: int, b: int) -> int:
    return a + b


def pid() -> int:
    return os.getpid()


def niceness() -> int:
    return os.nice(0)


def nap() -> None:
    for_ever()


def burn() -> None:
    while True:
        pass


def leave_pid_and_nap(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    for_ever()


def wait_for(path: str) -> None:
    wait_until(Path(path).exists)


def crash() -> None:
    ctypes.string_at(0)


def swell() -> None:
    held = []
    while True:
        held.append(bytearray(16 * 2**20))


def swell_at_a_stroke() -> int:
    return len(b"x" * (100 * 2**30))  # one C call that never lets the watchdog run


def want_password() -> None:
    raise NeedsPassword("needs a password")


def stumble() -> None:
    raise ZeroDivisionError("it was\nzero")


def big() -> bytes:
    return b"x" * 30_000_000


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(workers=1, memory_mb=300)
    yield sandbox
    sandbox.close()


def written(note: Path) -> bool:
    return note.exists() and note.read_text() != ""


def lives(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


async def test_a_child_is_warm_and_reused(sandbox: Sandbox) -> None:
    assert await sandbox.run(add, 2, 3, timeout_s=HANG_S) == 5
    assert await sandbox.run(pid, timeout_s=HANG_S) == await sandbox.run(pid, timeout_s=HANG_S) != os.getpid()


async def test_a_child_gives_way_to_the_service(sandbox: Sandbox) -> None:
    assert await sandbox.run(niceness, timeout_s=HANG_S) == min(19, os.nice(0) + 5)


async def test_large_results_come_through(sandbox: Sandbox) -> None:
    assert len(await sandbox.run(big, timeout_s=HANG_S)) == 30_000_000


async def test_a_hang_ends_in_a_sentence_and_the_next_call_works(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match=r"took longer than 0\.5 s"):
        await sandbox.run(nap, timeout_s=0.5)
    assert await sandbox.run(add, 1, 1, timeout_s=HANG_S) == 2


async def test_what_burns_the_processor_is_ended_and_the_next_call_works(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match=r"more than 0\.5 s of processor time"):
        await sandbox.run(burn, timeout_s=HANG_S, processor_s=0.5)
    assert await sandbox.run(add, 1, 2, timeout_s=HANG_S) == 3


async def test_a_segfault_ends_in_a_sentence_and_the_next_call_works(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match="crashed the parser"):
        await sandbox.run(crash, timeout_s=HANG_S)
    assert await sandbox.run(add, 1, 1, timeout_s=HANG_S) == 2


@pytest.mark.parametrize("swelling", [swell, swell_at_a_stroke])
async def test_too_much_memory_ends_in_a_sentence(sandbox: Sandbox, swelling: Callable[[], object]) -> None:
    with pytest.raises(Unreadable, match="needs more than 300 MB"):
        await sandbox.run(swelling, timeout_s=HANG_S)


async def test_domain_errors_come_through_as_they_are(sandbox: Sandbox) -> None:
    with pytest.raises(NeedsPassword, match=r"^needs a password$"):
        await sandbox.run(want_password, timeout_s=HANG_S)


async def test_any_other_exception_is_named_in_one_line(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match=r"ZeroDivisionError: it was zero"):
        await sandbox.run(stumble, timeout_s=HANG_S)


async def test_cancelling_kills_the_child(sandbox: Sandbox, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    task = asyncio.create_task(sandbox.run(leave_pid_and_nap, str(note), timeout_s=HANG_S))
    await until(lambda: written(note))
    task.cancel()
    await until(lambda: not lives(int(note.read_text())))
    assert await sandbox.run(add, 1, 1, timeout_s=HANG_S) == 2


async def test_a_cancelled_call_in_the_queue_never_starts(sandbox: Sandbox, tmp_path: Path) -> None:
    go = tmp_path / "go"
    first = asyncio.create_task(sandbox.run(wait_for, str(go), timeout_s=HANG_S))
    waiting = asyncio.create_task(sandbox.run(leave_pid_and_nap, str(tmp_path / "pid"), timeout_s=HANG_S))
    await asyncio.sleep(0.1)
    waiting.cancel()
    go.touch()
    await first
    assert await sandbox.run(add, 1, 1, timeout_s=HANG_S) == 2
    assert not (tmp_path / "pid").exists()


async def test_a_child_killed_while_idle_is_replaced(sandbox: Sandbox) -> None:
    idle = await sandbox.run(pid, timeout_s=HANG_S)
    os.kill(idle, signal.SIGKILL)
    await until(lambda: not lives(idle))
    assert await sandbox.run(pid, timeout_s=HANG_S) != idle


async def test_ctrl_c_is_the_parents_to_handle(sandbox: Sandbox) -> None:
    child = await sandbox.run(pid, timeout_s=HANG_S)
    os.kill(child, signal.SIGINT)
    assert await sandbox.run(pid, timeout_s=HANG_S) == child


async def test_another_event_loop_may_use_it(sandbox: Sandbox) -> None:
    def elsewhere() -> int:
        return asyncio.run(sandbox.run(add, 2, 2, timeout_s=HANG_S))

    both = await asyncio.gather(asyncio.to_thread(elsewhere), asyncio.to_thread(elsewhere))
    assert list(both) == [4, 4]


async def test_closing_stops_what_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    running = asyncio.create_task(sandbox.run(leave_pid_and_nap, str(note), timeout_s=HANG_S))
    await until(lambda: written(note))
    await asyncio.to_thread(sandbox.close)
    with pytest.raises(Unavailable, match="stopping"):
        await running


ORPHAN_MAKER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_sandbox import leave_pid_and_nap
from system.sandbox import Sandbox
if __name__ == "__main__":
    asyncio.run(Sandbox(workers=1).run(leave_pid_and_nap, {note!r}, timeout_s={hang_s}))
"""


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script, note = tmp_path / "parent.py", tmp_path / "pid"
    script.write_text(ORPHAN_MAKER.format(tests=str(Path(__file__).parent), note=str(note), hang_s=HANG_S))
    root = str(Path(__file__).parents[2])
    with subprocess.Popen([sys.executable, str(script)], cwd=root, env={**os.environ, "PYTHONPATH": root}) as parent:
        await until(lambda: written(note))
        parent.kill()
    await until(lambda: not lives(int(note.read_text())))


SERVED: list[int] = []  # in the child
KEPT: list[bytes] = []


def work_only_once() -> int:
    SERVED.append(1)
    if len(SERVED) > 1:
        raise IndexError("left over from the file before")
    return len(SERVED)


def crash_when_used() -> int:
    SERVED.append(1)
    if len(SERVED) > 1:
        ctypes.string_at(0)
    return len(SERVED)


def keep(megabytes: int) -> int:
    KEPT.append(b"x" * megabytes * 2**20)
    return os.getpid()


@pytest.mark.parametrize("work", [work_only_once, crash_when_used])
async def test_what_breaks_in_a_used_child_is_tried_in_a_fresh_one(sandbox: Sandbox, work: Callable[[], int]) -> None:
    assert [await sandbox.run(work, timeout_s=HANG_S) for _ in range(3)] == [1, 1, 1]


async def test_a_child_that_keeps_much_is_replaced_between_two_calls(sandbox: Sandbox) -> None:
    assert await sandbox.run(keep, 170, timeout_s=HANG_S) != await sandbox.run(pid, timeout_s=HANG_S)


async def test_an_idle_child_that_holds_much_gives_it_back() -> None:
    sandbox = Sandbox(1, memory_mb=1024, idle_s=0.3)
    child = await sandbox.run(keep, 260, timeout_s=HANG_S)
    await until(lambda: not lives(child))
    assert await sandbox.run(add, 1, 2, timeout_s=HANG_S) == 3
    sandbox.close()
