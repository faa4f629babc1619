"""The bench's own mechanics: which PDFs, whose memory, what a crash costs, what is compared with what."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.measure import PageRanking
from evaluation.questions import LabelledQuestion, load_folder
from lab.bench.documents import BenchFiles, Pdf, choose, looked_at, make_long
from lab.bench.measured import Measured, Rate
from lab.bench.memory import PeakMemory, pss_mb, tree
from lab.bench.peer_run import PEERS, PeerFailed, PeerSystem, rankings
from lab.bench.report import bench_table, notes, ratios

SAMPLES = Path(__file__).parents[2] / "samples"

# a peer without models: one chunk a file, and trouble where the file's name says so
TWIN = f"""
import os, sys
sys.path.insert(0, {str(PEERS)!r})
from loop import Lost, main

class Twin:
    def __init__(self, store, model):
        self.store = store / "taken.txt"
    def take_in(self, path):
        if "crash" in path.name: os._exit(9)
        if "error" in path.name: raise ValueError("cannot")
        if "skip" in path.name: raise Lost("skipped")
        with self.store.open("a") as taken: taken.write(path.name + chr(10))
        return 1
    def search(self, question, k):
        if question == "die": os._exit(9)
        return [(name, 1) for name in self.store.read_text().split()][:k]

main(Twin)
"""


@pytest.fixture
def twin(tmp_path: Path) -> PeerSystem:
    script = tmp_path / "twin.py"
    script.write_text(TWIN)
    return PeerSystem("Twin", str(script), Path(sys.executable))


def test_a_crash_costs_the_pdf_it_happened_on_and_no_other(twin: PeerSystem, tmp_path: Path) -> None:
    names = ["a.pdf", "error.pdf", "crash.pdf", "skip.pdf", "b.pdf"]
    run = twin.run(tmp_path / "store", [tmp_path / name for name in names], ["first", "second"])
    assert [one["document"] for one in run.of("taken")] == ["a.pdf", "b.pdf"]
    assert set(run.lost) == {"error.pdf", "crash.pdf", "skip.pdf"}
    assert "ValueError: cannot" in run.lost["error.pdf"]
    assert [one["places"] for one in run.of("found")] == [[["a.pdf", 1], ["b.pdf", 1]]] * 2
    assert run.peak_mb > 1


def test_a_peer_that_dies_between_documents_is_told_not_retried(twin: PeerSystem, tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="Twin ended with 9"):
        twin.run(tmp_path / "store", [tmp_path / "a.pdf"], ["die"])


def test_a_peers_hits_are_counted_as_exhibits_are() -> None:
    event = {"places": [["a.pdf", 1], ["a.pdf", 1], ["b.pdf", 2]], "ms": 1.0}
    assert rankings([event], [LabelledQuestion("Q?", "b.pdf", frozenset({2}))])[0].rank == 2


def test_pdfs_with_a_page_that_has_no_text_stand_apart() -> None:
    files = choose(load_folder(SAMPLES), documents=None, text_only=False)
    assert {pdf.path.name for pdf in files.with_text} == {"annual-report-2025.pdf", "灯塔守则.pdf"}
    assert [(pdf.path.name, pdf.textless) for pdf in files.without] == [("letter-1931-scanned.pdf", 1)]
    assert {question.document for question in files.questions} == {pdf.path.name for pdf in files.pdfs}
    assert all(question.answerable for question in files.questions)


def test_the_smallest_pdfs_are_chosen_first() -> None:
    files = choose(load_folder(SAMPLES), documents=1, text_only=True)
    assert [pdf.path.name for pdf in files.pdfs] == ["灯塔守则.pdf"]


def test_the_long_pdf_has_exactly_the_pages_asked_for(tmp_path: Path) -> None:
    report = looked_at(SAMPLES / "documents" / "annual-report-2025.pdf")
    assert report == Pdf(report.path, pages=8, textless=0)
    assert make_long([report], 19, tmp_path / "long.pdf").pages == 19


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="PSS is read from Linux's /proc")
def test_the_memory_of_children_counts_also_when_they_left_the_session() -> None:
    grown = "import signal; kept = bytearray(80_000_000); print('grown', flush=True); signal.pause()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grown!r}], start_new_session=True)"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with PeakMemory(process.pid) as memory:
            members = tree(process.pid)
        assert len(members) == 2
        assert memory.peak_mb > 80
    finally:
        for pid in tree(process.pid):
            os.kill(pid, 9)
        process.communicate()
    assert pss_mb([process.pid]) == 0


def measured(name: str, seconds: float, ranks: list[int | None]) -> Measured:
    found = [PageRanking(LabelledQuestion("Q?", "a.pdf", frozenset({1})), (), rank, 0.0, 10.0) for rank in ranks]
    return Measured(name, Rate(100, seconds), Rate(), 7, 512.0, found, lost={"x.pdf": "cannot"} if seconds > 9 else {})


def test_the_ratios_are_over_each_peer_and_the_better_ones_hits() -> None:
    ours = measured("Exhibit", 5, [1, 2, 3, None])
    compared = ratios(ours, [measured("A", 20, [1, None, None, None]), measured("B", 10, [1, 2, None, None])])
    assert compared["A"]["pages/s, text layer, until everything is read"] == 4
    assert compared["A"]["pages/s, text layer, until found by text"] == 4
    assert compared["A"]["hit@5"] == 3
    assert compared["hit@5 over the better peer"] == 1.5
    assert compared["A"]["pages/s, all"] == 4


def test_found_by_text_and_all_read_are_two_rates_of_exhibit_and_one_of_the_others() -> None:
    ours = replace(measured("Exhibit", 10, [1]), found=Rate(100, 4))
    compared = ratios(ours, [measured("A", 20, [1])])["A"]
    assert compared["pages/s, text layer, until found by text"] == 5
    assert compared["pages/s, text layer, until everything is read"] == 2
    table = bench_table([ours], BenchFiles((Pdf(Path("a.pdf"), 100, 0),), (), ()))
    assert "25.00" in table
    assert "10.00" in table


def test_a_lost_pdf_is_said_in_the_report() -> None:
    files = BenchFiles((Pdf(Path("a.pdf"), 100, 0),), (), ())
    systems = [measured("Exhibit", 5, [1]), measured("A", 20, [None])]
    assert "A lost x.pdf: cannot" in notes(systems, files)
    assert "20.00" in bench_table(systems, files)


def test_the_long_pdf_has_as_many_pages_as_were_asked_for(tmp_path: Path) -> None:
    report = looked_at(SAMPLES / "documents" / "annual-report-2025.pdf")  # 8 pages
    assert [make_long([report, report], pages, tmp_path / f"{pages}.pdf").pages for pages in (3, 8, 20)] == [3, 8, 20]
