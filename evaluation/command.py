"""`exhibit eval` and `python -m evaluation`: measure, compare, check a minimum, make questions."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluation.client import Client, connected
from evaluation.compare import NothingInCommon, compared, comparison_table
from evaluation.kept import ROOT, TakenIn, kept_index
from evaluation.machine import in_words, machine
from evaluation.measure import Searcher, answer_all, rank_all, take_in
from evaluation.minimum import BadMinimum, minimum, shortfalls
from evaluation.plain import PlainBM25, chunks_in
from evaluation.questions import BadFolder, QuestionFolder, first, load_folder
from evaluation.report import (
    answer_row,
    answers_report,
    answers_table,
    beside_plain,
    hits_report,
    hits_table,
    ranking_row,
)
from evaluation.service import DidNotStart, running_service

COLLECTION = "eval"  # of our own service
FAILED, BELOW = 1, 4  # exit codes
WAYS = ("words", "text", "image")

Settings = Mapping[str, str]
Report = dict[str, Any]


class BadChoice(Exception):
    """The options don't go together; the message says why."""


def run(options: argparse.Namespace) -> int:
    try:
        return _run(options)
    except (BadFolder, BadChoice, BadMinimum, DidNotStart, NothingInCommon) as error:
        print(f"eval: {error}", file=sys.stderr)
        return FAILED


def _run(options: argparse.Namespace) -> int:
    if options.generate:
        from evaluation.generate import generate  # reads no model unless one is configured

        return generate(options)
    told = Told()
    about = machine()
    told.say(in_words(about))
    minimums = [minimum(text) for text in options.min]
    measured: Report = {"machine": about, "at": datetime.now(UTC).isoformat(timespec="seconds"), "folders": {}}
    if options.compare and all(is_report(side) for side in options.compare):
        before, after = map(Path, options.compare)
        measured["folders"] = compare_reports(before, after, told)
    else:
        for folder in options.folder + options.data or default_folders():
            questions = first(load_folder(folder, options.cache / "small"), options.limit)
            measured["folders"][questions.name] = measure_folder(questions, options, told)
    if options.claims:
        measured["claims"] = claims(told)
    save(measured, told, options)
    short = shortfalls(minimums, measured["folders"])
    for sentence in short:
        print(f"eval: {sentence}", file=sys.stderr)
    return BELOW if short else 0


def claims(told: Told) -> Report:
    from evaluation.checking import as_table, measured_with_the_encoder, real_text  # loads it: only when asked for

    folders = real_text()
    if not folders:
        told.say("no claims are made: there is no real text to make them of")
        return {}
    report = measured_with_the_encoder(folders)
    told.say(f"## claims\n\n{as_table(report)}")
    return {name: part for name, part in report.items() if name != "each"}


class Told:
    """What was printed, kept for the report's file."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []

    def say(self, paragraph: str) -> None:
        print(f"{paragraph}\n", flush=True)
        self.paragraphs.append(paragraph)


def save(measured: Report, told: Told, options: argparse.Namespace) -> None:
    markdown = options.markdown or options.json.with_suffix(".md")
    for path, text in (
        (options.json, json.dumps(measured, ensure_ascii=False, indent=1)),
        (markdown, "# What Exhibit finds\n\n" + "\n\n".join(told.paragraphs) + "\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"written to {options.json} and {markdown}")


def default_folders() -> list[Path]:
    """The samples, and more real documents where there are some."""
    if chosen := os.environ.get("EXHIBIT_EVAL_DATA"):
        return [Path(chosen)]
    folders = [ROOT / "samples", ROOT.parent / "shared" / "data" / "pdf-qa"]
    found = [folder for folder in folders if folder.is_dir()]
    if not found:
        raise BadChoice("Name a folder with documents and questions.jsonl: exhibit eval FOLDER.")
    return found


# ---------------------------------------------------------------- one folder


def measure_folder(folder: QuestionFolder, options: argparse.Namespace, told: Told) -> Report:
    """Measures the folder once, or once for each setting to compare, over the same index."""
    told.say(f"## {folder.name}\n\n{len(folder.documents)} documents, {len(folder.questions)} questions")
    if options.compare:
        first, second = (measure_side(side, folder, options, told) for side in options.compare)
        report = second
        names = options.compare
        report["compared"] = {"first": first} | compare_folder(names[0], names[1], first, second, told)
        return report
    report = measure(folder, options, told, {})
    for way in options.without:
        told.say(f"### without {way}")
        less = measure(folder, options, told, settings_without(way))
        comparison = compare_folder(f"without {way}", f"with {way}", less, report, told)
        report.setdefault("without", {})[way] = less | {"compared": comparison}
    return report


def settings_without(way: str) -> Settings:
    if way == "rerank":
        return {"EXHIBIT_RERANK": "false"}
    return {"EXHIBIT_SPACES": ",".join(one for one in WAYS if one != way)}


def measure_side(side: str, folder: QuestionFolder, options: argparse.Namespace, told: Told) -> Report:
    """A side of --compare: a saved report's part on this folder, or this folder measured with these settings."""
    told.say(f"### {side}")
    if is_report(side):
        return saved_folders(Path(side)).get(folder.name) or missing_folder(folder.name, side)
    return measure(folder, options, told, settings_of(side))


def missing_folder(name: str, side: str) -> Report:
    raise BadChoice(f"{side} does not tell of {name}.")


def settings_of(side: str) -> Settings:
    if side in ("", "default"):
        return {}
    parts = [part.partition("=") for part in shlex.split(side)]
    wrong = [name for name, equals, _ in parts if not equals or not name.startswith("EXHIBIT_")]
    if wrong:
        raise BadChoice(f"--compare takes saved reports (.json), EXHIBIT_NAME=VALUE or 'default', not {wrong[0]!r}.")
    return {name: value for name, _, value in parts}


def is_report(side: str) -> bool:
    return side.endswith(".json")


def measure(folder: QuestionFolder, options: argparse.Namespace, told: Told, settings: Settings) -> Report:
    with filled(folder, options, told, settings) as (client, taken, chunks):
        report: Report = {"documents": len(folder.documents), "settings": dict(settings), "ingestion": taken_row(taken)}
        plain = PlainBM25(chunks_in(*chunks)) if chunks else None
        asked = {"pooled": False, "document_known": True} if options.filter_document else {"pooled": False}
        for name, known in asked.items():
            report[name] = ask(client, folder, taken, known, told)
            if plain is not None:
                beside = ask(plain, folder, taken, known, None)
                told.say(f"{plain_line(beside)}\n{beside_plain(report[name], beside)}")
                report.setdefault("plain_bm25", {})[name] = beside
        if options.answers:
            report["answers"] = ask_answers(client, folder, taken, told)
    return report


def ask(searcher: Searcher, folder: QuestionFolder, taken: TakenIn, known_document: bool, told: Told | None) -> Report:
    rankings = rank_all(searcher, folder.answerable, taken.ids, known_document)
    report = hits_report(rankings)
    if told is not None:
        title = "each question's document known" if known_document else "all documents in one collection"
        told.say(hits_table(f"{title} (95 % Wilson intervals)", report))
    return report | {"each": [ranking_row(ranking) for ranking in rankings]}


def plain_line(report: Report) -> str:
    hits = ", ".join(f"hit@{k} {report['all'][f'hit@{k}']['share']:.3f}" for k in (1, 5, 10))
    return f"plain BM25 over the same texts: {hits}, nDCG@10 {report['all']['ndcg@10']:.3f}"


def ask_answers(client: Client, folder: QuestionFolder, taken: TakenIn, told: Told) -> Report:
    answers = answer_all(client, folder.questions, taken.ids)
    report = answers_report(answers)
    told.say(answers_table(report))
    return report | {"each": [answer_row(answer) for answer in answers]}


# ---------------------------------------------------------------- comparing


def compare_folder(first: str, second: str, before: Report, after: Report, told: Told) -> Report:
    comparisons: Report = {}
    for name in ("pooled", "document_known"):
        if name in before and name in after:
            comparisons[name] = compared(before[name]["each"], after[name]["each"])
            told.say(f"{name.replace('_', ' ')}, {comparison_table(first, second, comparisons[name])}")
    return comparisons


def compare_reports(first: Path, second: Path, told: Told) -> Report:
    before, after = saved_folders(first), saved_folders(second)
    common = [name for name in before if name in after]
    if not common:
        raise BadChoice(f"{first} and {second} tell of no folder in common.")
    folders: Report = {}
    for name in common:
        told.say(f"## {name}")
        folders[name] = after[name] | {
            "compared": compare_folder(str(first), str(second), before[name], after[name], told)
        }
    return folders


def saved_folders(path: Path) -> Report:
    try:
        folders: Report = json.loads(path.read_text(encoding="utf-8"))["folders"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadChoice(f"{path} is no report of `exhibit eval`: {error}") from error
    return folders


# ---------------------------------------------------------------- getting the documents in


@contextmanager
def filled(
    folder: QuestionFolder, options: argparse.Namespace, told: Told, settings: Settings
) -> Iterator[tuple[Client, TakenIn, tuple[Path, str] | None]]:
    """A client of an Exhibit that holds the documents, and where the texts it indexed can be read (data folder and
    collection; None for a service elsewhere): the one at --url, or one of our own with its kept index."""
    if options.url:
        if settings:
            raise BadChoice("Settings are compared on a service of our own: leave --url out.")
        with connected(options.url, options.collection, os.environ.get("EXHIBIT_API_KEYS", "").split(",")[0]) as client:
            yield client, take_in(client, folder.documents, say), None
        return
    kept = kept_index(options.cache, folder.documents)
    if (options.fresh and not settings) or kept.taken_in() is None:
        kept.clear()
    with running_service(kept.data, settings) as service, connected(service.url, COLLECTION) as client:
        print(f"ready after {service.ready_after_s:.1f} s; log: {service.log}", flush=True)
        taken = kept.taken_in()
        if taken is None:
            taken = take_in(client, folder.documents, say)
            kept.finish(taken)
        told.say(how_it_got_in(taken))
        yield client, taken, (kept.data, COLLECTION)


def say(line: str) -> None:
    print(f"  {line}", flush=True)


def how_it_got_in(taken: TakenIn) -> str:
    chunks = ", ".join(f"{count} {kind}" for kind, count in sorted(taken.chunks.items()))
    if taken.known:
        how = f"{taken.known} of {len(taken.ids)} documents were there before"
    else:
        how = f"in {taken.seconds:.0f} s ({taken.pages / max(taken.seconds, 0.1):.1f} pages/s) when they were taken in"
    lines = [f"{taken.pages} pages, {how}; {chunks}"]
    lines += [f"- {name} is {status}" for name, status in taken.status.items() if status != "ready"]
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
