"""An outage is waited out, told once, and has one line in the log at its beginning and one at its end."""

from __future__ import annotations

import logging

import pytest

from domain.documents import Part
from domain.errors import Unavailable, Unreadable
from system.outages import Outages
from system.patience import Patience, Pauses

QUICK = Pauses(first_s=0.0, longest_s=0.0)


class Broken:
    """A stage that fails as often as it is told."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.told: list[Part | None] = []

    async def stage(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def tell(self, part: Part | None) -> None:
        self.told.append(part)


async def test_each_part_is_told_and_then_that_it_goes_on() -> None:
    gone, full = Unavailable("Gone.", "the vector index"), Unavailable("Full.", "the files")
    broken = Broken(gone, gone, full, gone)
    assert await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage) == "done"
    assert broken.told == ["the vector index", "the files", "the vector index", None]


async def test_without_an_outage_nothing_is_told() -> None:
    broken = Broken()
    await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage)
    assert broken.told == []


async def test_what_names_no_part_is_given_up_and_a_fault_at_once() -> None:
    broken = Broken(*[Unavailable("Locked.") for _ in range(9)])
    with pytest.raises(Unavailable):
        await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage)
    assert len(broken.errors) == 9 - QUICK.tries
    broken = Broken(Unreadable("Damaged."))
    with pytest.raises(Unreadable):
        await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage)


async def test_a_lock_after_a_long_outage_has_all_its_tries() -> None:
    gone, locked = Unavailable("Gone.", "the vector index"), Unavailable("Locked.")
    broken = Broken(*[gone] * 6, locked)
    assert await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage) == "done"
    broken = Broken(*[gone] * 6, *[locked] * 9)
    with pytest.raises(Unavailable):
        await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage)
    assert len(broken.errors) == 9 - QUICK.tries


async def test_telling_may_fail_too_as_the_catalogue_may_be_what_is_gone() -> None:
    class Untold(Broken):
        async def tell(self, part: Part | None) -> None:
            await super().tell(part)
            if len(self.told) == 1:
                raise Unavailable("Gone.", "the catalogue")

    broken = Untold(*[Unavailable("Gone.", "the catalogue") for _ in range(3)])
    assert await Patience(Outages(), QUICK).until_done(broken.tell, broken.stage) == "done"
    assert broken.told == ["the catalogue", "the catalogue", None]


def test_pauses_grow_up_to_the_longest() -> None:
    pauses = iter(Pauses(0.5, 3.0))
    assert [next(pauses) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_an_outage_has_two_lines_however_often_it_is_met(caplog: pytest.LogCaptureFixture) -> None:
    outages, error = Outages(), Unavailable("Gone.", "the vector index")
    error.__cause__ = OSError("no route to 10.0.0.7:8000")
    for _ in range(100):
        assert outages.noticed(error)
    assert "10.0.0.7" in outages.now()["the vector index"].why  # for operators
    assert outages.worked("the vector index")
    assert not outages.worked("the vector index")
    assert not outages.noticed(Unavailable("Locked."))
    assert outages.now() == {}
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert [record.getMessage().split(",")[0].split(":")[0] for record in caplog.records] == [
        "the vector index can't be reached",
        "the vector index is reached again",
    ]
