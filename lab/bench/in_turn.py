"""`python -m lab.bench.in_turn OTHER DATA FOLDER`: searches of this checkout and of another, question by question.

Both serve a copy of the same data folder, and each question is sent to one and then to the other, so that a machine
whose speed drifts is as fast for both. OTHER is a checkout, DATA a data folder of `exhibit eval` (kept in its cache),
FOLDER holds questions.jsonl.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from evaluation.client import Client, connected
from evaluation.command import COLLECTION
from evaluation.metrics import percentile
from evaluation.service import ROOT, running_service
from lab.bench.exhibit_run import load_models

TOP_K = 50


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.in_turn", description=__doc__)
    parser.add_argument("other", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    lines = (options.folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    for name, times in measured({"this": ROOT, "other": options.other.resolve()}, options.data, questions).items():
        p50, p95 = statistics.median(times), percentile(times, 95)
        print(f"{name:5}  p50 {p50:.1f} ms, p95 {p95:.1f} ms, {len(times)} searches")


def measured(checkouts: dict[str, Path], data: Path, questions: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each search."""
    times: dict[str, list[float]] = {name: [] for name in checkouts}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clients = {name: _client(stack, root, scratch / name, data) for name, root in checkouts.items()}
        for n, question in enumerate(questions):
            for name in sorted(clients, reverse=n % 2 == 0):
                began = time.perf_counter()
                clients[name].search(question, TOP_K)
                times[name].append((time.perf_counter() - began) * 1000)
    return times


def _client(stack: ExitStack, root: Path, scratch: Path, data: Path) -> Client:
    shutil.copytree(data, scratch / "data")
    service = stack.enter_context(running_service(scratch / "data", {"PYTHONPATH": str(root)}))
    load_models(service)
    return stack.enter_context(connected(service.url, COLLECTION))


if __name__ == "__main__":
    main()
