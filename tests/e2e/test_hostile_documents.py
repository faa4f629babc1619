"""Documents far over the limits end with their sentence, and hold up nobody: small ones are found before they end."""

from __future__ import annotations

from typing import Any

import pytest

from lab.bench.hostile_files import MADE
from tests.e2e.service import Service
from tests.e2e.test_cancelled import slow_to_parse
from tests.waiting import wait_until

SENTENCES = {
    "pages.pdf": "only the first 200 of its 100,000 pages were read; EXHIBIT_MAX_PAGES is the limit",
    "columns.csv": "only the first 30 of its 200,000 columns were read; EXHIBIT_MAX_COLUMNS is the limit",
    "attachments.eml": "only the first 40 of its 5,000 attachments were taken in; EXHIBIT_MAX_ATTACHMENTS is the limit",
    "deep.json": "values more than 60 deep inside each other were left out; EXHIBIT_MAX_NESTING is the limit",
}
LOWERED = {"EXHIBIT_MAX_PAGES": "200", "EXHIBIT_MAX_COLUMNS": "30", "EXHIBIT_MAX_ATTACHMENTS": "40"}
STUCK = 3  # documents that take minutes for each page, more than are taken in at once


@pytest.fixture
def hostile(service_in: Any) -> Service:
    service: Service = service_in(**LOWERED)
    service.start()
    return service


def test_hostile_documents_end_with_their_sentence_and_hold_up_nobody(hostile: Service) -> None:
    stuck = [hostile.upload((f"stuck{n}.pdf", slow_to_parse() + b"%%%d" % n))[0] for n in range(STUCK)]
    wait_until(lambda: sum(hostile.document(one["id"])["stage"] == "parse" for one in stuck) >= 2)
    sent = {name: hostile.upload((name, MADE[name]()))[0] for name in SENTENCES}
    archive = hostile.http.post(
        "/v1/collections/default/documents", files=[("file", ("files.zip", MADE["files.zip"]()))]
    ).json()
    [note] = hostile.upload(("note.md", b"# Lantern\n\nThe lantern of Skerry burns whale oil."))
    hostile.finished(note)
    assert hostile.search("whale oil lantern", top_k=1)[0]["document"] == "note.md"
    assert {hostile.document(one["id"])["status"] for one in stuck} <= {"queued", "running"}

    for one in stuck:  # which leaves their places to the others
        assert hostile.http.post(f"/v1/documents/{one['id']}/cancel").status_code == 202
    for name, document in sent.items():
        [ended] = hostile.finished(document)
        told = [problem["message"] for problem in ended["problems"]]
        assert (ended["status"], told[:1]) == ("partial", [SENTENCES[name]]), name
        assert ended["findable"], name
    assert len(archive["documents"]) == 40
    assert archive["rejected"] == [
        {
            "name": "files.zip",
            "status": 413,
            "detail": "only 40 of its 5,000 files were taken in; EXHIBIT_MAX_ATTACHMENTS is the limit for one upload",
        }
    ]
    assert hostile.http.get("/v1/limits").json()["pages"] == 200

    hostile.http.delete(f"/v1/documents/{sent['attachments.eml']['id']}")
    blobs = hostile.folder / "data" / "blobs" / "documents"
    wait_until(lambda: not (blobs / sent["attachments.eml"]["id"]).exists())
