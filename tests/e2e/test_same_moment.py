"""Two uploads of one file at the same moment make one document."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.e2e.service import SAMPLES, Service

RIVALS = 6


def test_uploads_of_one_file_at_the_same_moment_make_one_document(service_in: Callable[..., Service]) -> None:
    service = service_in()
    service.start()
    together = Barrier(RIVALS)

    def upload(_: int) -> dict[str, Any]:
        together.wait()
        return service.upload(SAMPLES / "carriers-notes.md")[0]

    with ThreadPoolExecutor(RIVALS) as rivals:
        answers = list(rivals.map(upload, range(RIVALS)))
    assert len({answer["id"] for answer in answers}) == 1
    assert sorted(bool(answer.get("duplicate")) for answer in answers) == [False] + [True] * (RIVALS - 1)
    [finished] = service.finished(answers[0])
    assert (finished["status"], finished["problems"]) == ("ready", [])
    found = service.search("Who wrote the carriers' notes?", top_k=50)
    assert len({evidence["text"] for evidence in found}) == len(found)
    assert len(service.http.get("/v1/collections/default/documents").json()["documents"]) == 1
