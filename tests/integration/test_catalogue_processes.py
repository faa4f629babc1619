"""The catalogue among processes: many that open and write at once, and one that is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from app.adapters.catalogue.catalogue import SqlCatalogue

STARTED = """
import sys, time
from datetime import UTC, datetime
from app.adapters.catalogue.catalogue import SqlCatalogue
from domain.types import Chunk, Document
url, name, start_at = sys.argv[1:]
def document(id, sha256):
    return Document(id, home, "default", "a", "text/plain", 1, sha256, "queued", datetime.now(UTC))
def chunks(id, letter):
    return [Chunk(f"{id}.{letter}{n}", id, n, "text", "words " * 50, "words") for n in range(200)]
time.sleep(max(0, float(start_at) - time.time()))
catalogue = SqlCatalogue(url)
home = catalogue.collection("default").id
"""

RIVAL = (
    STARTED
    + """
print(catalogue.record(document(f"{name}-shared", "shared"))[0].id)
for n in range(20):
    catalogue.record(document(f"{name}-{n}", f"{name}-{n}"))
    catalogue.replace_chunks(f"{name}-{n}", 1, chunks(f"{name}-{n}", "a"))
    catalogue.publish(f"{name}-{n}", 1, "ready")
catalogue.close()
"""
)

RESTLESS = (
    STARTED
    + """
catalogue.record(document("d", "d"))
print("begun", flush=True)
while True:
    catalogue.replace_chunks("d", 1, chunks("d", "a"))
    catalogue.replace_chunks("d", 1, chunks("d", "b"))
"""
)


def process(code: str, url: str, name: str, start_at: float = 0.0) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", code, url, name, str(start_at)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_open_and_write_at_the_same_moment_all_get_through(tmp_path: Path) -> None:
    url, start_at = f"sqlite:///{tmp_path}/catalogue.db", time.time() + 2.5
    rivals = [process(RIVAL, url, f"p{n}", start_at) for n in range(4)]
    ended = [rival.communicate(timeout=60) for rival in rivals]
    assert [errors for _, errors in ended] == [""] * 4
    assert len({out for out, _ in ended}) == 1  # one document for the bytes that they all brought
    catalogue = SqlCatalogue(url)
    assert [collection.name for collection in catalogue.collections(10).items] == ["default"]
    kept = catalogue.documents_in([catalogue.collection("default").id])
    assert len(kept) == 80
    assert all(document.chunks == {"text": 200} for document in kept)
    catalogue.close()


def test_a_process_killed_while_it_writes_leaves_all_or_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    seen = set()
    for delay_s in (0.0, 0.05, 0.11, 0.18):
        with process(RESTLESS, url, "p") as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "begun\n"
            time.sleep(delay_s)
            victim.kill()
        catalogue = SqlCatalogue(url)
        letters = [chunk.id[2] for chunk in catalogue.chunks("d")]
        assert letters in ([], ["a"] * 200, ["b"] * 200)
        assert catalogue.document("d").chunks == ({"text": 200} if letters else {})
        seen.update(letters)
        catalogue.close()
    assert seen
