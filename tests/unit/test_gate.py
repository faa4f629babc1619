from __future__ import annotations

import threading

from system.rwlock import Gate


def test_many_pass_side_by_side_and_one_shuts_it_behind_them() -> None:
    gate, order = Gate(), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def reader() -> None:
        with gate.shared():
            inside.set()
            leave.wait()
            order.append("read")

    def owner() -> None:
        with gate.alone():
            order.append("alone")

    first = threading.Thread(target=reader)
    first.start()
    inside.wait()
    second = threading.Thread(target=owner)
    second.start()
    leave.set()
    first.join(10)
    second.join(10)
    assert order == ["read", "alone"]
    with gate.shared():
        order.append("open again")
    assert order[-1] == "open again"
