"""`python -m eval [--data FOLDER …]`: page hits, answers and latency, over the public API."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.client import Client, connected
from eval.kept import ROOT, TakenIn, kept_index
from eval.machine import in_words, machine
from eval.measure import answer_all, rank_all, take_in
from eval.questions import BadFolder, QuestionFolder, first, load_folder
from eval.report import answer_row, answers_report, answers_table, hits_report, hits_table, ranking_row
from eval.service import DidNotStart, running_service

COLLECTION = "eval"


def main() -> int:
    options = parsed_options()
    about = machine()
    print(in_words(about))
    folders: dict[str, Any] = {}
    measured = {"machine": about, "at": datetime.now(UTC).isoformat(timespec="seconds"), "folders": folders}
    try:
        for folder in options.data or default_folders():
            questions = first(load_folder(folder), options.limit)
            folders[questions.name] = measure(questions, options)
    except (BadFolder, DidNotStart) as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(measured, ensure_ascii=False, indent=1), encoding="utf-8")
        print(f"\nwritten to {options.json}")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="folder with documents and questions.jsonl")
    parser.add_argument("--url", help="measure this running Exhibit, rather than one of our own")
    parser.add_argument("--collection", default=COLLECTION, help="with --url: the collection to fill and to ask")
    parser.add_argument("--json", type=Path, default=Path("reports/eval.json"), help="file for all the numbers")
    parser.add_argument("--filter-document", action="store_true", help="also search each question's document alone")
    parser.add_argument("--answers", action="store_true", help="also ask /v1/chat: abstention, citations")
    parser.add_argument("--limit", type=int, help="only the first N questions")
    parser.add_argument("--fresh", action="store_true", help="take the documents in again, whatever is kept")
    parser.add_argument("--cache", type=Path, default=Path(".cache/eval"), help="folder of kept indexes")
    return parser.parse_args()


def default_folders() -> list[Path]:
    """The samples, and more real documents where there are some."""
    if chosen := os.environ.get("EXHIBIT_EVAL_DATA"):
        return [Path(chosen)]
    more = ROOT.parent / "shared" / "data" / "pdf-qa"
    return [ROOT / "samples", *([more] if more.is_dir() else [])]


def measure(folder: QuestionFolder, options: argparse.Namespace) -> dict[str, Any]:
    print(f"\n{folder.name}: {len(folder.documents)} documents, {len(folder.questions)} questions", flush=True)
    with filled(folder, options) as (client, taken):
        print(how_it_got_in(taken), flush=True)
        report: dict[str, Any] = {"documents": len(folder.documents), "ingestion": taken_row(taken)}
        report["pooled"] = ask(client, folder, taken, known_document=False)
        if options.filter_document:
            report["document_known"] = ask(client, folder, taken, known_document=True)
        if options.answers:
            answers = answer_all(client, folder.questions, taken.ids)
            report["answers"] = answers_report(answers)
            print("\n" + answers_table(report["answers"]), flush=True)
            report["answers"]["each"] = [answer_row(answer) for answer in answers]
    return report


def ask(client: Client, folder: QuestionFolder, taken: TakenIn, known_document: bool) -> dict[str, Any]:
    rankings = rank_all(client, folder.answerable, taken.ids, known_document)
    report = hits_report(rankings)
    title = "each question's document known" if known_document else "all documents in one collection"
    print("\n" + hits_table(f"{title} (95 % Wilson intervals)", report), flush=True)
    return report | {"each": [ranking_row(ranking) for ranking in rankings]}


@contextmanager
def filled(folder: QuestionFolder, options: argparse.Namespace) -> Iterator[tuple[Client, TakenIn]]:
    """A client of an Exhibit that holds the documents: the one at --url, or one of our own with its kept index."""
    if options.url:
        with connected(options.url, options.collection, os.environ.get("EXHIBIT_API_KEYS", "").split(",")[0]) as client:
            yield client, take_in(client, folder.documents, say)
        return
    kept = kept_index(options.cache, folder.documents)
    if options.fresh or kept.taken_in() is None:
        kept.clear()
    with running_service(kept.data) as service, connected(service.url, COLLECTION) as client:
        print(f"ready after {service.ready_after_s:.1f} s; log: {service.log}", flush=True)
        taken = kept.taken_in()
        if taken is None:
            taken = take_in(client, folder.documents, say)
            kept.finish(taken)
        yield client, taken


def say(line: str) -> None:
    print(f"  {line}", flush=True)


def how_it_got_in(taken: TakenIn) -> str:
    chunks = ", ".join(f"{count} {kind}" for kind, count in sorted(taken.chunks.items()))
    if taken.known:
        how = f"{taken.known} of {len(taken.ids)} documents were there before"
    else:
        how = f"in {taken.seconds:.0f} s ({taken.pages / max(taken.seconds, 0.1):.1f} pages/s) when they were taken in"
    lines = [f"{taken.pages} pages, {how}; {chunks}"]
    lines += [f"  {name} is {status}" for name, status in taken.status.items() if status != "ready"]
    return "\n".join(lines)


def taken_row(taken: TakenIn) -> dict[str, Any]:
    return {
        "pages": taken.pages,
        "seconds": taken.seconds,
        "known_before": taken.known,
        "chunks": taken.chunks,
        "status": taken.status,
        "problems": taken.problems,
    }


if __name__ == "__main__":
    sys.exit(main())
