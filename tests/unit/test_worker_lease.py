"""A worker renews its lease, takes over what dead ones did, and ends when it was itself taken for dead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.adapters.catalogue.leases import SqlLeases
from app.services.upkeep.lease import WorkerLease
from domain.errors import Unavailable
from system.outages import Outages
from tests.catalogues import fresh_catalogue


class House:
    """Leases of 20 s, looked after every 5, with a clock of their own."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)
        self.leases = SqlLeases(fresh_catalogue().database, lambda: self.at)
        self.recovered: list[str] = []
        self.ended: list[str] = []

    def worker(self, name: str, leases: SqlLeases | None = None) -> WorkerLease:
        async def recover(workers: Sequence[str]) -> None:
            self.recovered += workers

        return WorkerLease(leases or self.leases, name, recover, lambda: self.ended.append(name), Outages(), 20.0, 5.0)

    async def rounds(self, times: int, *workers: WorkerLease) -> None:
        for _ in range(times):
            self.at += timedelta(seconds=5)
            for worker in workers:
                await worker.once()


class Gone(SqlLeases):
    def renew(self, worker_id: str, seconds: float) -> bool:
        raise Unavailable("It is gone.", "the catalogue")


async def test_the_work_of_a_dead_worker_is_taken_over_once_and_within_thirty_seconds() -> None:
    house = House()
    a, b, dead = house.worker("a"), house.worker("b"), house.worker("dead")
    for worker in (a, b, dead):
        await worker.take()
    await house.rounds(6, a, b, dead)
    assert house.recovered == []
    rounds = 0
    while not house.recovered:
        await house.rounds(1, a, b)
        rounds += 1
    assert rounds * 5 <= 30
    await house.rounds(6, a, b)
    assert house.recovered == ["dead"]
    assert house.ended == []


async def test_a_worker_that_was_taken_for_dead_ends() -> None:
    house = House()
    living, slow = house.worker("living"), house.worker("slow")
    await living.take()
    await slow.take()
    await house.rounds(9, living)
    assert house.recovered == ["slow"]
    await slow.once()
    assert house.ended == ["slow"]


async def test_after_an_outage_of_the_catalogue_nobody_is_taken_over() -> None:
    house = House()
    a, b = house.worker("a"), house.worker("b")
    await a.take()
    await b.take()
    await house.rounds(6, a, b)
    house.at += timedelta(minutes=5)  # without the catalogue
    for worker in (a, b):
        worker._leases, kept = Gone(house.leases._database, lambda: house.at), worker._leases
        try:
            await worker.once()
        except Unavailable:
            worker._leases = kept
    await a.once()
    await house.rounds(8, a, b)
    assert (house.recovered, house.ended) == ([], [])


async def test_a_worker_that_ends_hands_over_at_once() -> None:
    house = House()
    a, ending = house.worker("a"), house.worker("ending")
    await a.take()
    await ending.take()
    await house.rounds(6, a, ending)
    ending.hand_over()
    await house.rounds(1, a)
    assert house.recovered == ["ending"]
