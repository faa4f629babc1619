"""Killed with -9 at any moment and started again, the service finishes what it had accepted, once."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import kills
from tests.e2e.service import SAMPLES, Service

NAMES = ("annual-report-2025.pdf", "carriers-notes.md", "lost-property-2025.csv", "灯塔守则.pdf")
FILES = [SAMPLES / name for name in NAMES]


def rows(service: Service, query: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(service.folder / "data" / "catalogue.db") as connection:
        return connection.execute(query).fetchall()


def content(service: Service) -> dict[str, Counter[str]]:
    """Per document name, what its chunks hold."""
    found: dict[str, Counter[str]] = {}
    for name, kind, text in rows(
        service, "select d.name, c.kind, c.text from chunks c join documents d on d.id = c.document_id"
    ):
        found.setdefault(name, Counter())[f"{kind}: {text}"] += 1
    return found


@pytest.mark.timeout(300)
def test_killed_again_and_again_it_loses_and_doubles_nothing(service_in: Callable[..., Service]) -> None:
    undisturbed = service_in("undisturbed")
    undisturbed.start()
    undisturbed.finished(*undisturbed.upload(*FILES))

    killed = service_in("killed")
    killed.start()
    documents = killed.upload(*FILES)
    for pause in (0.0, 0.7, 1.6, 2.7):
        time.sleep(pause)
        killed.kill()
        killed.start()
    finished = killed.finished(*documents)

    assert [(document["name"], document["status"], document["problems"]) for document in finished] == [
        (name, "ready", []) for name in NAMES
    ]
    assert content(killed) == content(undisturbed)
    found = killed.search("Ines Kaldor tide tables", top_k=50)
    assert len({evidence["id"] for evidence in found}) == len(found)
    assert found[0]["text"] == undisturbed.search("Ines Kaldor tide tables")[0]["text"]

    undisturbed.terminate()
    killed.terminate()
    made = [kills.content(service.folder / "data") for service in (undisturbed, killed)]
    assert made[0]["vectors"]
    assert kills.compared(*made) == []  # chunks with their regions, words, blobs, and vectors as kept and as indexed


def test_a_document_that_was_recorded_but_not_enqueued_is_taken_in(service_in: Callable[..., Service]) -> None:
    """A crash between the two databases: the row is there, the queue has never heard of it."""
    service = service_in()
    service.start()
    [document] = service.upload(("note.md", b"# Lantern\n\nThe lantern of Skerry burns whale oil."))
    service.kill()
    for leftover in Path(service.folder / "data").glob("queue.db*"):
        leftover.unlink()
    with sqlite3.connect(service.folder / "data" / "catalogue.db") as connection:
        connection.execute("update documents set status = 'queued', stage = null")
    service.start()
    [finished] = service.finished(document)
    assert finished["status"] == "ready"
    assert "whale oil" in service.search("lantern of Skerry")[0]["text"]


def test_stopped_politely_in_the_middle_it_goes_on(service_in: Callable[..., Service]) -> None:
    service = service_in()
    service.start()
    documents = service.upload(*FILES)
    time.sleep(0.6)
    service.terminate()
    service.start()
    finished = service.finished(*documents)
    assert {document["status"] for document in finished} == {"ready"}
    assert all(document["problems"] == [] for document in finished)
