from __future__ import annotations

import threading

from system.rwlock import RWLock


def test_a_writer_waits_for_the_readers_and_lets_others_in_afterwards() -> None:
    lock, order = RWLock(), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def reader() -> None:
        with lock.shared():
            inside.set()
            leave.wait()
            order.append("read")

    def writer() -> None:
        with lock.exclusive():
            order.append("written")

    first = threading.Thread(target=reader)
    first.start()
    inside.wait()
    second = threading.Thread(target=writer)
    second.start()
    leave.set()
    first.join(10)
    second.join(10)
    assert order == ["read", "written"]
    with lock.shared():
        order.append("read again")
    assert order[-1] == "read again"
