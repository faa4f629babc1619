"""Two API processes and two workers on one Postgres and one Chroma: run by `make test-servers`."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.e2e.servers import House, house
from tests.e2e.service import SAMPLES, Service
from tests.postgres import binaries
from tests.waiting import HANG_S, wait_until

REPORT = (SAMPLES / "annual-report-2025.pdf").read_bytes()


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    bin = binaries()
    assert bin is not None, "Postgres is not installed"
    with house(tmp_path_factory.mktemp("servers"), bin) as one:
        yield one


@pytest.fixture(scope="module")
def apis(rooms: House) -> tuple[Service, Service]:
    both = rooms.api("api-1"), rooms.api("api-2")
    for one in both:
        one.start()
    return both


def some(api: Service, kind: str, count: int) -> list[dict[str, Any]]:
    return api.upload(*[(f"{kind}-{n}.pdf", REPORT + f"\n%{kind} {n}".encode()) for n in range(count)])


def both_work(api: Service, documents: list[dict[str, Any]]) -> None:
    wait_until(lambda: sum(api.document(one["id"])["status"] == "running" for one in documents) >= 3)


def test_a_worker_that_was_cut_off_is_replaced_and_then_changes_nothing(
    rooms: House, apis: tuple[Service, Service]
) -> None:
    api = apis[0]
    living, cut_off = rooms.worker("living"), rooms.worker("cut-off")
    for one in (living, cut_off):
        one.start()
    documents = some(api, "cut-off", 4)
    both_work(api, documents)
    assert cut_off.process is not None
    cut_off.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: "the work of workers that ended is taken over" in living.log())
        finished = api.finished(*documents)
        assert [document["status"] for document in finished] == ["ready"] * 4
    finally:
        cut_off.process.send_signal(signal.SIGCONT)
    assert cut_off.process.wait(HANG_S) == 0
    assert "another worker has taken over what this one did" in cut_off.log()
    assert api.finished(*documents) == finished
    living.terminate()


def test_a_rolling_restart_under_load_loses_nothing_and_answers_every_request(
    rooms: House, apis: tuple[Service, Service]
) -> None:
    workers = rooms.worker("worker-1"), rooms.worker("worker-2")
    for one in workers:
        one.start()
    documents = some(apis[0], "rolling", 6)
    both_work(apis[0], documents)
    stop, answered = threading.Event(), Counter[int]()

    def ask() -> None:
        while not stop.is_set():
            answered[_asked(apis)] += 1

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for one in (*apis, *workers):
        one.terminate()
        assert one.process is not None
        assert one.process.returncode == 0
        one.start()
    stop.set()
    for client in clients:
        client.join(HANG_S)
    assert set(answered) == {200}
    assert {document["status"] for document in apis[1].finished(*documents)} == {"ready"}


def _asked(apis: tuple[Service, Service]) -> int:
    """As a balancer does it: one that is not ready is passed over; every request has to be answered."""
    while True:
        for api in apis:
            if _is_ready(api):
                address = f"http://127.0.0.1:{api.port}/v1/search"
                return httpx.post(address, json={"query": "lost property"}, timeout=HANG_S).status_code


def _is_ready(api: Service) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{api.port}/readyz", timeout=HANG_S).is_success
    return False
