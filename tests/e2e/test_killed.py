"""Killed with -9 at any moment and started again, also from changed source, the service finishes what it had accepted,
once."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.bench import kills
from tests.e2e.service import ROOT, SAMPLES, Service
from tests.rooms import rooms
from tests.waiting import wait_until

NAMES = ("annual-report-2025.pdf", "carriers-notes.md", "lost-property-2025.csv", "灯塔守则.pdf")
FILES = [SAMPLES / name for name in NAMES]
PACKAGES = rooms()
COPY_RUNS, CHANGED_RUNS = "this is the copy", "this is the changed copy"


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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """What the others are to end like; the service itself has ended."""
    service = Service(tmp_path_factory.mktemp("undisturbed"))
    try:
        service.start()
        service.finished(*service.upload(*FILES))
        service.terminate()
        yield service
    finally:
        service.stop()


def says(root: Path, words: str, file: str, *functions: str) -> None:
    """Edits functions: other source, the same steps, as an upgrade between two patch releases."""
    begins_with(root, file, f"print({words!r}, flush=True)", *functions)


def begins_with(root: Path, file: str, line: str, *functions: str) -> None:
    source = (root / file).read_text(encoding="utf-8")
    for function in functions:
        source, times = re.subn(rf"( *)async def {function}\(.*:\n", rf"\g<0>\g<1>    {line}\n", source)
        assert times == 1, function
    (root / file).write_text(source, encoding="utf-8")


def wait_until_some_run_and_some_are_queued(service: Service, documents: list[dict[str, Any]]) -> None:
    def in_the_middle() -> bool:
        now = [service.document(document["id"]) for document in documents]
        statuses = Counter(document["status"] for document in now)
        return bool(statuses["running"] and statuses["queued"] and any(each["stage"] == "embed" for each in now))

    wait_until(in_the_middle)


def test_killed_again_and_again_it_loses_and_doubles_nothing(
    service_in: Callable[..., Service], undisturbed: Service
) -> None:
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
    assert "Ines Kaldor" in found[0]["text"]

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


def test_started_again_with_changed_source_it_loses_and_doubles_nothing(
    service_in: Callable[..., Service], undisturbed: Service, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    says(root, COPY_RUNS, "ingest/stages.py", "identify")
    begins_with(root, "ingest/indexing.py", "await asyncio.Event().wait()", "_part")  # of embedding, until it is killed
    service = service_in("killed")
    service.root = root
    service.start()
    documents = service.upload(*FILES)
    wait_until_some_run_and_some_are_queued(service, documents)
    service.kill()
    assert COPY_RUNS in service.log()
    assert CHANGED_RUNS not in service.log()

    for file in ("ingest/stages.py", "ingest/indexing.py"):
        shutil.copy(ROOT / file, root / file)
    says(root, CHANGED_RUNS, "ingest/pipeline.py", "take_in")
    says(root, CHANGED_RUNS, "ingest/stages.py", "index", "publish")
    says(root, CHANGED_RUNS, "app/adapters/dbos_worker.py", "ingest_workflow")  # from which DBOS would make its version
    service.start()
    finished = service.finished(*documents)
    assert CHANGED_RUNS in service.log()
    assert [(document["name"], document["status"], document["problems"]) for document in finished] == [
        (name, "ready", []) for name in NAMES
    ]
    assert content(service) == content(undisturbed)
