"""Runs one peer in its own process and environment, and reads its journal; a crash loses one PDF."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.measure import PageRanking, Place
from evaluation.metrics import distinct, first_hit, ndcg
from evaluation.questions import LabelledQuestion
from lab.bench.documents import BenchFiles, Pdf, pages_of
from lab.bench.measured import K, LongPdf, Measured, Rate
from lab.bench.memory import PeakMemory

PEERS = Path(__file__).parent / "peers"
SILENCE_S = 1800.0  # seconds without a journal entry after which a peer counts as stuck
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PeerRun:
    """Everything in a peer's journal, over all its processes."""

    events: tuple[Event, ...]
    started: float  # wall clock, at the start of the first process
    peak_mb: float
    crashes: dict[str, str] = field(default_factory=dict)

    def of(self, event: str) -> list[Event]:
        return [one for one in self.events if one["event"] == event]

    @property
    def lost(self) -> dict[str, str]:
        return {one["document"]: one["error"] for one in self.of("lost")} | self.crashes


class PeerFailed(Exception):
    """The peer ended outside of any document; the message has its last output."""


@dataclass(frozen=True, slots=True)
class PeerSystem:
    name: str
    script: str
    python: Path

    def measure(self, files: BenchFiles, scratch: Path, long_pdf: Pdf | None) -> Measured:
        store = scratch / "store"
        filled = self.run(store, [pdf.path for pdf in files.pdfs], ["a first search", *texts(files.questions)])
        again = self.run(store, [], texts(files.questions)[:1] or ["anything"])
        smallest = min(files.with_text or files.pdfs, key=lambda pdf: pdf.pages)
        empty = self.run(scratch / "empty", [smallest.path], ["anything"])
        return Measured(
            name=self.name,
            with_text=rate(filled, files.with_text),
            without=rate(filled, files.without),
            chunks=sum(one["chunks"] for one in filled.of("taken")),
            peak_mb=filled.peak_mb,
            rankings=rankings(filled.of("found")[1:], files.questions),
            lost=filled.lost,
            first_answer_s=first_answer_s(again),
            first_answer_empty_s=first_answer_s(empty),
            long_pdf=self.measure_long(long_pdf, scratch / "long") if long_pdf else None,
        )

    def measure_long(self, pdf: Pdf, store: Path) -> LongPdf:
        run = self.run(store, [pdf.path], [])
        return LongPdf(rate(run, [pdf]), run.peak_mb, run.lost.get(pdf.path.name))

    def run(self, store: Path, documents: Sequence[Path], questions: Sequence[str]) -> PeerRun:
        """Starts the peer, and after a crash again with the documents that come after the one it crashed on."""
        store.mkdir(parents=True, exist_ok=True)
        started, peak_mb = time.time(), 0.0
        crashes: dict[str, str] = {}
        events: list[Event] = []
        remaining = list(documents)
        while True:
            new, code, output, mb = self.one_process(store, remaining, questions)
            events += new
            peak_mb = max(peak_mb, mb)
            if code == 0:
                return PeerRun(tuple(events), started, peak_mb, crashes)
            culprit = open_document(new)
            if culprit is None:
                raise PeerFailed(f"{self.name} ended with {code}:\n{output[-2000:]}")
            crashes[culprit] = f"the process ended with {code}"
            remaining = remaining[[path.name for path in remaining].index(culprit) + 1 :]

    def one_process(
        self, store: Path, documents: Sequence[Path], questions: Sequence[str]
    ) -> tuple[list[Event], int, str, float]:
        journal, job, log = (store.parent / f"{store.name}.{kind}" for kind in ("journal", "job", "log"))
        journal.unlink(missing_ok=True)
        body = {
            "store": str(store.absolute()),
            "journal": str(journal.absolute()),
            "documents": [str(path.absolute()) for path in documents],
            "questions": list(questions),
            "k": K,
        }
        job.write_text(json.dumps(body), encoding="utf-8")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(self.python), str(PEERS / self.script), str(job)],
                env=os.environ | {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            with PeakMemory(process.pid) as memory:
                code = wait_while_it_writes(process, journal)
        return read_journal(journal), code, log.read_text(errors="replace"), memory.peak_mb


def wait_while_it_writes(process: subprocess.Popen[bytes], journal: Path) -> int:
    last = time.monotonic()
    size = -1
    while process.poll() is None:
        now = journal.stat().st_size if journal.exists() else 0
        if now != size:
            size, last = now, time.monotonic()
        elif time.monotonic() - last > SILENCE_S:
            process.kill()
        time.sleep(0.1)
    return process.returncode


def read_journal(journal: Path) -> list[Event]:
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def open_document(events: Sequence[Event]) -> str | None:
    """The document that was begun last, if it was neither taken nor lost."""
    if not events or events[-1]["event"] != "begin":
        return None
    document: str = events[-1]["document"]
    return document


def rate(run: PeerRun, pdfs: Sequence[Pdf]) -> Rate:
    """Over the PDFs that were ingested; the time of those that were lost is left out."""
    seconds = {one["document"]: one["seconds"] for one in run.of("taken")}
    taken = [pdf for pdf in pdfs if pdf.path.name in seconds]
    return Rate(pages_of(taken), sum(seconds[pdf.path.name] for pdf in taken))


def rankings(found: Sequence[Event], questions: Sequence[LabelledQuestion]) -> list[PageRanking]:
    return [ranking(event, question) for event, question in zip(found, questions, strict=True)]


def ranking(event: Event, question: LabelledQuestion) -> PageRanking:
    places: tuple[Place, ...] = distinct((name, page) for name, page in event["places"])
    right = frozenset((question.document, page) for page in question.pages)
    return PageRanking(question, places, first_hit(places, right), ndcg(places, right), event["ms"])


def first_answer_s(run: PeerRun) -> float | None:
    found = run.of("found")
    return found[0]["at"] - run.started if found else None


def texts(questions: Sequence[LabelledQuestion]) -> list[str]:
    return [question.text for question in questions]
