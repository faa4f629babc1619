"""The measure of growth tells what is in step with its input from what is not, however slow the machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.growth import assert_linear, shortened


class Machine:
    def __init__(self, steps_a_second: float) -> None:
        self.steps, self.steps_a_second = 0, steps_a_second

    def clock(self) -> float:
        return self.steps / self.steps_a_second

    def doing(self, steps: Callable[[int], int]) -> Callable[[str], None]:
        def work(text: str) -> None:
            self.steps += steps(len(text))

        return work


@pytest.mark.parametrize("speed", [1.0, 1e3, 1e6])
def test_work_in_step_with_its_input_passes_on_any_machine(speed: float) -> None:
    machine = Machine(speed)
    assert_linear(machine.doing(lambda length: 50 + length), "x" * 1_000, machine.clock)


@pytest.mark.parametrize("speed", [1.0, 1e3, 1e6])
def test_the_square_of_it_does_not(speed: float) -> None:
    machine = Machine(speed)
    with pytest.raises(AssertionError, match="for a fourth of 'xxx"):
        assert_linear(machine.doing(lambda length: length**2), "x" * 1_000, machine.clock)


def test_what_is_shortened_keeps_its_beginning_and_its_end() -> None:
    assert shortened("<" + "a" * 80 + ">") == "<" + "a" * 18 + ">"
