"""An API process and a worker on a Postgres and a Chroma server: outages are waited out, told once, and mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import House, house
from tests.e2e.service import Service
from tests.postgres import binaries
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(binaries() is None, reason="Postgres is not installed")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("servers"), binaries() or Path()) as one:
        yield one


@pytest.fixture(scope="module")
def api(rooms: House) -> Service:
    one = rooms.api()
    one.start()
    return one


@pytest.fixture(scope="module")
def worker(rooms: House, api: Service) -> Service:
    one = rooms.worker()
    one.start()
    return one


def note(name: str) -> tuple[str, bytes]:
    return f"{name}.md", f"# {name}\n\nThe lantern of {name} burns whale oil.".encode()


def notices(api: Service, query: str) -> list[str]:
    answer = api.http.post("/v1/search", json={"query": query})
    assert answer.status_code == 200, answer.text
    return [notice["code"] for notice in answer.json()["notices"]]


def outages_told(one: Service) -> list[str]:
    return [line for line in one.log().splitlines() if "can't be reached:" in line or "is reached again" in line]


def test_an_outage_of_the_vector_index_is_waited_out_told_and_mended(
    rooms: House, api: Service, worker: Service
) -> None:
    [before] = api.finished(*api.upload(note("Skerry")))
    assert before["status"] == "ready"
    rooms.chroma.stop()
    [document] = api.upload(note("Petrel"))
    wait_until(lambda: api.document(document["id"])["waiting_for"] == "the vector index", lambda: worker.log()[-3000:])
    assert api.document(document["id"])["status"] == "running"
    assert notices(api, "lantern of Skerry") == ["vector_index_missing"]
    ready = api.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": ["the vector index"]})
    assert 'exhibit_part_unreachable{part="vector_index"} 1.0' in api.http.get("/metrics").text

    rooms.chroma.lose()
    rooms.chroma.start()
    [finished] = api.finished(document)
    assert (finished["status"], finished["problems"], finished["waiting_for"]) == ("ready", [], None)
    wait_until(
        lambda: any("text" in found["ranks"] for found in api.search("lantern of Skerry") if "Skerry" in found["text"]),
        lambda: worker.log()[-3000:],
    )  # what Chroma had lost
    wait_until(lambda: api.http.get("/readyz").json() == {"status": "ready"})
    for one in (api, worker):
        wait_until(lambda one=one: len(outages_told(one)) == 2, lambda one=one: one.log())  # type: ignore[misc]
        assert "Traceback" not in one.log()


def test_an_outage_of_the_catalogue_loses_no_document(rooms: House, api: Service, worker: Service) -> None:
    said = {one.folder: len(one.log().splitlines()) for one in (api, worker)}
    documents = api.upload(*[note(f"Isle {n}") for n in range(6)])
    wait_until(lambda: any(api.document(one["id"])["status"] == "running" for one in documents))
    rooms.postgres.stop()
    refused = api.http.post("/v1/search", json={"query": "lantern"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "127.0.0.1" not in refused.text
    assert str(rooms.postgres.port) not in refused.text
    assert api.http.get("/readyz").status_code == 503
    wait_until(lambda: "the catalogue can't be reached" in worker.log())
    rooms.postgres.start()
    wait_until(lambda: api.http.get("/readyz").status_code == 200)
    assert {document["status"] for document in api.finished(*documents)} == {"ready"}
    for one in (api, worker):
        wait_until(lambda one=one: "the catalogue is reached again" in one.log())  # type: ignore[misc]
        more = one.log().splitlines()[said[one.folder] :]
        assert len(more) <= 6, "\n".join(more)
