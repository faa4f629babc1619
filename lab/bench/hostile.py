"""Uploads a folder of odd and hostile files at once to a running service that answers searches meanwhile.

    python -m lab.bench.hostile [FOLDER] [--json FILE] [--minutes 60]

Without a folder, it makes files that are far over the limits of documents (`hostile_files.py`). Prints what became of
the files by folder and by type, why files failed or were refused, the searches' latencies before and meanwhile, what
small uploads took meanwhile, and deleting an e-mail with its attachments, and the memory before, at its peak and after.
Exits with 1 where a promise was broken: a file that never finished, one that failed without a sentence, a search that
was refused, a service that died.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from evaluation.service import ROOT, ScratchService, running_service
from lab.bench.hostile_files import made
from lab.bench.memory import PeakMemory, pss_mb, tree

SAMPLES = ROOT / "samples" / "documents"
QUESTIONS = ROOT / "samples" / "questions.jsonl"
BEFORE = 40  # searches
EVERY_S = 0.2
SMALL_EVERY_S = 5.0  # a small upload, meanwhile
SETTLES_S = 90.0  # after the last file, before memory is read again: idle processes are ended after 60
OVER = ("ready", "partial", "failed", "cancelled")


@dataclass(slots=True)
class Searches:
    took_ms: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def line(self) -> str:
        if len(self.took_ms) < 2:
            return f"{len(self.took_ms)} searches"
        cuts = statistics.quantiles(self.took_ms, n=100)
        return (
            f"{len(self.took_ms)} searches, p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, "
            f"max {max(self.took_ms):.0f} ms, {len(self.refused)} refused"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str  # folder/name
    became: str  # ready, partial, failed, refused, or the stage in which it hangs
    why: str


@dataclass(slots=True)
class Report:
    before: Searches
    meanwhile: Searches
    outcomes: list[Outcome] = field(default_factory=list)
    took_s: float = 0.0
    upload_s: float = 0.0
    small_s: list[float] = field(default_factory=list)  # until each small upload was searchable
    deleted_s: float = 0.0  # until an e-mail and its attachments were erased
    memory_mb: dict[str, float] = field(default_factory=dict)

    def broken(self) -> list[str]:
        unended = [f"{o.name} ended as {o.became}" for o in self.outcomes if o.became not in (*OVER, "refused")]
        silent = [f"{o.name} is {o.became} without a word" for o in self.outcomes if _silent(o)]
        return unended + silent + [f"a search was refused: {why}" for why in self.meanwhile.refused[:5]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0, help="after which what has not ended counts as hanging")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch, running_service(Path(scratch) / "data") as service:
        folder = options.folder or _made(Path(scratch) / "made")
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        report = _measured(service, folder, files, options.minutes * 60, Path(scratch) / "data" / "blobs" / "documents")
        log = service.log.read_text(errors="replace")
    _print(report)
    if options.json:
        options.json.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1))
        options.json.with_suffix(".service.log").write_text(log)
    for broken in report.broken():
        print("BROKEN:", broken)
    return 1 if report.broken() else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    for name, data in made():
        (folder / name).write_bytes(data)
    return folder


def _deleted(http: httpx.Client, documents: Sequence[dict[str, Any]], blobs: Path) -> float:
    """Seconds until an e-mail and all its attachments are erased."""
    mails = {document["metadata"].get("parent_id") for document in documents} - {None}
    parts = [document["id"] for document in documents if document["metadata"].get("parent_id") in mails]
    began = time.monotonic()
    for mail in mails:
        http.delete(f"/v1/documents/{mail}")
    while any((blobs / part).exists() for part in parts) and time.monotonic() < began + 600:
        time.sleep(0.2)
    return time.monotonic() - began


def _measured(service: ScratchService, folder: Path, files: Sequence[Path], limit_s: float, blobs: Path) -> Report:
    with httpx.Client(base_url=service.url, timeout=600) as http:
        _ended(
            http, [document["id"] for document in _upload(http, SAMPLES, sorted(SAMPLES.iterdir()))["documents"]], 600
        )
        report = Report(Searches(), Searches())
        for query in _queries()[:BEFORE]:
            _search(http, query, report.before)
        report.memory_mb["before"] = pss_mb(tree(service.pid))
        began = time.monotonic()
        with (
            PeakMemory(service.pid) as memory,
            _beside(lambda client: _query(client, report.meanwhile), service.url, EVERY_S),
            _beside(lambda client: report.small_s.append(_small_upload(client)), service.url, SMALL_EVERY_S),
        ):
            answer = _upload(http, folder, files)
            report.upload_s = time.monotonic() - began
            documents = _ended(http, [document["id"] for document in answer["documents"]], limit_s)
        report.took_s = time.monotonic() - began
        report.deleted_s = _deleted(http, answer["documents"], blobs)
        time.sleep(SETTLES_S)
        report.memory_mb |= {"peak": memory.peak_mb, "after": pss_mb(tree(service.pid))}
    report.outcomes = [Outcome(name["name"], "refused", name["detail"]) for name in answer.get("rejected", [])]
    report.outcomes += [
        Outcome(d["name"], d["status"], "; ".join(p["message"] for p in d["problems"])) for d in documents
    ]
    return report


def _upload(http: httpx.Client, folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    with ExitStack() as opened:
        parts = [
            ("file", (str(file.relative_to(folder)).replace("/", "·"), opened.enter_context(file.open("rb"))))
            for file in files
        ]
        answer = http.post("/v1/collections/default/documents", files=parts)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _ended(http: httpx.Client, ids: Sequence[str], limit_s: float) -> list[dict[str, Any]]:
    """These documents, once all are finished, or as they are when the time is up."""
    until = time.monotonic() + limit_s
    found: dict[str, dict[str, Any]] = {}
    waiting = list(dict.fromkeys(ids))
    while waiting and time.monotonic() < until:
        for document_id in waiting[:20]:
            found[document_id] = http.get(f"/v1/documents/{document_id}").json()
        waiting = [id for id in waiting if found.get(id, {}).get("status") not in OVER]
        time.sleep(1.0)
    for document_id in waiting:
        found[document_id] = http.get(f"/v1/documents/{document_id}").json()
    return [found[id] for id in dict.fromkeys(ids)]


@contextmanager
def _beside(act: Callable[[httpx.Client], None], url: str, every_s: float) -> Iterator[None]:
    """Does it again and again in a thread."""
    stop = threading.Event()

    def again() -> None:
        with httpx.Client(base_url=url, timeout=60) as http:
            while not stop.wait(every_s):
                act(http)

    thread = threading.Thread(target=again, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _query(http: httpx.Client, searches: Searches) -> None:
    queries = _queries()
    _search(http, queries[len(searches.took_ms) % len(queries)], searches)


def _small_upload(http: httpx.Client) -> float:
    """Seconds until a note of a line is searchable."""
    began = time.monotonic()
    note = f"# Lantern\n\nThe lantern {uuid.uuid4().hex} of Skerry burns whale oil."
    files = [("file", ("note.md", note.encode()))]
    [document] = http.post("/v1/collections/default/documents", files=files).json()["documents"]
    while not http.get(f"/v1/documents/{document['id']}").json()["findable"]:
        time.sleep(0.1)
    return time.monotonic() - began


def _search(http: httpx.Client, query: str, searches: Searches) -> None:
    began = time.perf_counter()
    try:
        answer = http.post("/v1/search", json={"query": query})
    except httpx.HTTPError as error:
        searches.refused.append(type(error).__name__)
        return
    searches.took_ms.append((time.perf_counter() - began) * 1000)
    if answer.status_code != 200:
        searches.refused.append(answer.text[:200])


def _queries() -> list[str]:
    return [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def _silent(outcome: Outcome) -> bool:
    return outcome.became in ("partial", "failed", "refused") and not outcome.why.strip()


def _print(report: Report) -> None:
    for title, part in (("folder", _folder), ("type", _type)):
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for outcome in report.outcomes:
            counts[part(outcome.name)][outcome.became] += 1
        print(f"\n| {title} | ready | partial | failed | refused | other |\n|---|---|---|---|---|---|")
        for name, count in sorted(counts.items(), key=lambda item: -item[1].total()):
            known = [count.pop(state, 0) for state in ("ready", "partial", "failed", "refused")]
            print(f"| {name} | {' | '.join(map(str, known))} | {count.total()} |")
    reasons = Counter((outcome.became, outcome.why[:150]) for outcome in report.outcomes if outcome.why)
    print()
    for (became, why), times in reasons.most_common(60):
        print(f"{times:4} {became}: {why}")
    memory = ", ".join(f"{name} {mb:.0f}" for name, mb in report.memory_mb.items())
    print(f"\n{report.took_s:.0f} s for {len(report.outcomes)} files; memory (PSS, MB): {memory}")
    small = sorted(report.small_s) or [0.0]
    print(f"{len(small)} small uploads, searchable after {small[len(small) // 2]:.1f} s (p50), {small[-1]:.1f} s (max)")
    print(f"the upload took {report.upload_s:.0f} s, deleting the e-mail {report.deleted_s:.0f} s")
    print(f"before:    {report.before.line()}\nmeanwhile: {report.meanwhile.line()}")


def _folder(name: str) -> str:
    return name.rpartition("·")[0] or "."


def _type(name: str) -> str:
    return Path(name).suffix.lower() or "none"


if __name__ == "__main__":
    sys.exit(main())
