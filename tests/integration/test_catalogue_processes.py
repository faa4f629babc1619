"""The catalogue among processes: many that open and write at once, and one that is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from app.adapters.catalogue.catalogue import SqlCatalogue

STARTED = """
import sys
from datetime import UTC, datetime
from app.adapters.catalogue.catalogue import SqlCatalogue
from domain.documents import Chunk, Document
url, name = sys.argv[1:]
def document(id, sha256):
    return Document(id, home, "default", "a", "text/plain", 1, sha256, "queued", datetime.now(UTC))
def chunks(id, letter):
    return [Chunk(f"{id}.{letter}{n}", id, n, "text", "words " * 50, "words") for n in range(200)]
print("ready", flush=True)
sys.stdin.readline()
catalogue = SqlCatalogue(url)
home = catalogue.collections.find("default").id
"""

RIVAL = (
    STARTED
    + """
print(catalogue.documents.record(document(f"{name}-shared", "shared"))[0].id)
for n in range(20):
    catalogue.documents.record(document(f"{name}-{n}", f"{name}-{n}"))
    catalogue.chunks.replace(f"{name}-{n}", 1, chunks(f"{name}-{n}", "a"))
    catalogue.runs.publish(f"{name}-{n}", 1, "ready")
catalogue.close()
"""
)

RESTLESS = (
    STARTED
    + """
catalogue.documents.record(document("d", "d"))
print("begun", flush=True)
while True:
    for letter in "ab":
        catalogue.chunks.replace("d", 1, chunks("d", letter))
        print("replaced", flush=True)
"""
)


def process(code: str, url: str, name: str) -> subprocess.Popen[str]:
    """It waits for a line, once it is ready."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code, url, name], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def says(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{line}\n"


def test_processes_that_open_and_write_at_the_same_moment_all_get_through(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    rivals = [process(RIVAL, url, f"p{n}") for n in range(4)]
    for rival in rivals:
        says(rival, "ready")
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write("go\n")
        rival.stdin.flush()
    ended = [rival.communicate() for rival in rivals]
    assert [errors for _, errors in ended] == [""] * 4
    assert len({out for out, _ in ended}) == 1  # one document for the bytes that they all brought
    catalogue = SqlCatalogue(url)
    assert [collection.name for collection in catalogue.collections.page(10).items] == ["default"]
    kept = catalogue.documents.findable([catalogue.collections.find("default").id])
    assert len(kept) == 80
    assert all(document.chunks == {"text": 200} for document in kept)
    catalogue.close()


def test_a_process_killed_while_it_writes_leaves_all_or_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    seen = set()
    for replaced, more_s in ((0, 0.0), (1, 0.0), (2, 0.01), (3, 0.02)):
        with process(RESTLESS, url, "p") as victim:
            assert victim.stdin is not None
            victim.stdin.write("go\n")
            victim.stdin.flush()
            for line in ("ready", "begun", *["replaced"] * replaced):
                says(victim, line)
            time.sleep(more_s)  # into the next
            victim.kill()
        catalogue = SqlCatalogue(url)
        letters = [chunk.id[2] for chunk in catalogue.chunks.of_document("d")]
        assert letters in ([], ["a"] * 200, ["b"] * 200)
        assert catalogue.documents.find("d").chunks == ({"text": 200} if letters else {})
        seen.update(letters)
        catalogue.close()
    assert seen
