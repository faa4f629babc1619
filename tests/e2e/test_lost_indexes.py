"""A service whose index folders are lost or cut off starts, and finds everything again without being asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.e2e.service import SAMPLES, Service
from tests.waiting import wait_until

SAID = "the indexes had lost something, and it was put back"


def ways(service: Service) -> set[str]:
    """The spaces that find something; an index that can't be used finds nothing."""
    answer = service.http.post("/v1/search", json={"query": "Who wrote the carriers' notes?", "top_k": 50})
    found = answer.json().get("evidence", [])
    return {space for evidence in found for space in evidence["ranks"]}


def test_lost_indexes_are_filled_again_at_start(service_in: Callable[..., Service]) -> None:
    service = service_in()
    service.start()
    service.finished(*service.upload(SAMPLES / "carriers-notes.md"))
    before = ways(service)
    assert {"words", "text"} <= before
    service.kill()
    shutil.rmtree(service.folder / "data" / "chroma")
    for meta in (service.folder / "data" / "words").glob("*/meta.json"):
        meta.write_text("{")
    service.start()
    wait_until(lambda: ways(service) == before and SAID in service.log())
    assert service.log().count(SAID) == 1
