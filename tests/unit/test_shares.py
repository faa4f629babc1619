"""The order in which waiting runs leave a queue: every flow gets its share, and nothing waits for ever."""

from __future__ import annotations

from app.adapters.shares import BEGAN, MOST, Shares


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN + 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_comes_first_goes_first() -> None:
    clock = Clock()
    shares = Shares(clock)
    first = shares.priority("a")
    clock.now += 2
    assert first < shares.priority("b")


def test_the_next_upload_does_not_wait_for_the_attachments_of_the_one_before() -> None:
    shares = Shares(Clock())
    files = [shares.priority("a", place) for place in range(1000)]
    assert files == sorted(files)
    assert shares.priority("a") < files[2]


def test_a_flow_that_sends_much_comes_after_one_that_sends_little() -> None:
    shares = Shares(Clock())
    much = [shares.priority("much") for _ in range(100)]
    assert shares.priority("little") < much[1]


def test_nothing_waits_for_ever() -> None:
    clock = Clock()
    shares = Shares(clock)
    last = [shares.priority("much") for _ in range(100)][-1]
    clock.now += 101
    assert last < shares.priority("little")


def test_flows_that_are_over_are_forgotten_and_priorities_fit() -> None:
    clock = Clock()
    shares = Shares(clock)
    for number in range(5000):
        clock.now += 2
        shares.priority(str(number))
    assert len(shares._due) < 1100
    clock.now = BEGAN * 10.0
    assert shares.priority("late") == MOST
