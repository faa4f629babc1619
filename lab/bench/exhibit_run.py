"""Runs Exhibit as its users do: a service in a scratch folder, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluation.client import Client, connected
from evaluation.kept import TakenIn
from evaluation.measure import rank_all, take_in
from evaluation.service import ScratchService, running_service
from lab.bench.documents import BenchFiles, Pdf, pages_of
from lab.bench.environment import ROOT
from lab.bench.measured import LongPdf, Measured, Rate
from lab.bench.memory import PeakMemory

READ = ("ready", "partial")


@dataclass(frozen=True, slots=True)
class Exhibit:
    name: str = "Exhibit"

    def measure(self, files: BenchFiles, scratch: Path, long_pdf: Pdf | None) -> Measured:
        data = scratch / "data"
        with started(data) as (service, client), PeakMemory(service.pid) as memory:
            load_models(service)
            with_text = take_in(client, [pdf.path for pdf in files.with_text], say)
            without = take_in(client, [pdf.path for pdf in files.without], say)
            ids = with_text.ids | without.ids
            found = rank_all(client, files.questions, ids)
        return Measured(
            name=self.name,
            with_text=rate(with_text, files.with_text),
            without=rate(without, files.without),
            chunks=sum(with_text.chunks.values()) + sum(without.chunks.values()),
            peak_mb=memory.peak_mb,
            rankings=found,
            lost=lost(with_text) | lost(without),
            first_answer_s=first_answer_s(data),
            first_answer_empty_s=first_answer_s(
                scratch / "empty", min(files.with_text or files.pdfs, key=lambda pdf: pdf.pages)
            ),
            long_pdf=measure_long(long_pdf, scratch / "long") if long_pdf else None,
            found=rate(with_text, files.with_text, with_text.found_seconds),
        )


@contextmanager
def started(data: Path) -> Iterator[tuple[ScratchService, Client]]:
    with running_service(data) as service, connected(service.url, "bench") as client:
        yield service, client


def load_models(service: ScratchService) -> None:
    """Ingests the samples' PDFs into another collection first, so that no rate counts the loading of models."""
    with connected(service.url, "before-the-clock-starts") as client:
        take_in(client, sorted((ROOT / "samples" / "documents").glob("*.pdf")), lambda line: None)


def first_answer_s(data: Path, pdf: Pdf | None = None) -> float:
    """From the start of the process to the first search answered, with a PDF taken in between where one is given."""
    with started(data) as (service, client):
        if pdf is not None:
            take_in(client, [pdf.path], say)
        client.search("anything", top_k=8)
        return time.monotonic() - service.started


def measure_long(pdf: Pdf, data: Path) -> LongPdf:
    with started(data) as (service, client), PeakMemory(service.pid) as memory:
        load_models(service)
        taken = take_in(client, [pdf.path], say)
    found = rate(taken, [pdf], taken.found_seconds)
    return LongPdf(rate(taken, [pdf]), memory.peak_mb, lost(taken).get(pdf.path.name), found)


def rate(taken: TakenIn, pdfs: Sequence[Pdf], seconds: float | None = None) -> Rate:
    """Pages a second until everything was read, or until the given seconds."""
    got_in = [pdf for pdf in pdfs if taken.status.get(pdf.path.name) in READ]
    return Rate(pages_of(got_in), (taken.seconds if seconds is None else seconds) if got_in else 0.0)


def lost(taken: TakenIn) -> dict[str, str]:
    """The files that were not ingested, each with its first problem."""
    reasons: dict[str, str] = {}
    for name, status in taken.status.items():
        if status not in READ:
            said = [problem for problem in taken.problems if problem.startswith(name)]
            reasons[name] = f"{status}: {said[0] if said else 'no reason given'}"
    return reasons


def say(line: str) -> None:
    print(f"    {line}", flush=True)
