"""`python -m lab.bench`: Exhibit, LangChain's default and LlamaIndex's default on the same PDFs, in one go."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluation.machine import in_words, machine
from evaluation.questions import BadFolder, load_folder
from evaluation.service import DidNotStart
from lab.bench.documents import BenchFiles, Pdf, choose, make_long, pages_of
from lab.bench.encoder import encoder_rates
from lab.bench.environment import ROOT, peers_python, versions
from lab.bench.exhibit_run import Exhibit
from lab.bench.measured import Measured
from lab.bench.peer_run import PeerFailed, PeerSystem
from lab.bench.report import as_json, bench_table, encoder_in_words, notes, ratios, ratios_in_words
from lab.bench.search_speed import TARGETS_MS, search_speed

SCRIPTS = {"langchain": ("LangChain", "langchain_default.py"), "llamaindex": ("LlamaIndex", "llamaindex_default.py")}
BUSY = 0.25  # load per core, before anything is measured
SYSTEMS = ("exhibit", *SCRIPTS)


def main() -> int:
    options = parsed_options()
    scratch = Path(tempfile.mkdtemp(prefix="exhibit-bench-"))
    try:
        report = compare(options, scratch)
    except (BadFolder, DidNotStart, PeerFailed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"\nwritten to {options.json}")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.bench", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_folder(), help="folder with PDFs and questions.jsonl")
    parser.add_argument("--documents", type=int, help="only the N PDFs with the fewest pages")
    parser.add_argument("--text-only", action="store_true", help="only PDFs whose every page has text")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--long", type=int, default=300, help="pages of the long PDF; 0 for none")
    parser.add_argument("--no-encoder", action="store_true", help="do not measure the encoder alone")
    parser.add_argument(
        "--search-chunks", type=int, nargs="*", default=sorted(TARGETS_MS), help="sizes a search is timed at; none: not"
    )
    parser.add_argument("--json", type=Path, default=Path("reports/bench.json"), help="file for all the numbers")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder: stores, logs, journals")
    return parser.parse_args()


def default_folder() -> Path:
    if chosen := os.environ.get("EXHIBIT_BENCH_DATA"):
        return Path(chosen)
    more = ROOT.parent / "shared" / "data" / "pdf-qa"
    return more if more.is_dir() else ROOT / "samples"


def compare(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    files = choose(load_folder(options.data), options.documents, options.text_only)
    if not files.pdfs:
        raise BadFolder(f"{options.data} has no PDF to measure")
    peers = versions("langchain-community", "langchain-chroma", "llama-index-core", "pypdf")
    about = machine() | {"load_before": os.getloadavg()[0], "peers": peers}
    print(f"{in_words(about)}; " + ", ".join(f"{name} {number}" for name, number in peers.items()))
    if (load := os.getloadavg()[0]) > BUSY * about["cores"]:
        print(f"Something else is at work here (load {load:.1f}): these numbers will be worse than the machine allows.")
    print(f"{len(files.pdfs)} PDFs, {pages_of(files.pdfs)} pages, {len(files.questions)} questions", flush=True)
    long_pdf = make_long(files.with_text or files.pdfs, options.long, scratch / "long.pdf") if options.long else None
    measured = [measure(system, files, scratch / system, long_pdf) for system in options.systems]
    print("\n" + bench_table(measured, files) + "\n\n" + notes(measured, files))
    report: dict[str, Any] = {
        "machine": about,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"pdfs": len(files.pdfs), "pages": pages_of(files.pdfs), "questions": len(files.questions)},
        "systems": {one.name: as_json(one) for one in measured},
    }
    report |= compared(measured)
    if not options.no_encoder:
        report["encoder"] = encoder_rates(files.with_text or files.pdfs, scratch / "encoder")
        print(encoder_in_words(report["encoder"]))
    if options.search_chunks:
        report["search"] = search_speed(options.search_chunks, scratch / "search")
    return report


def measure(system: str, files: BenchFiles, scratch: Path, long_pdf: Pdf | None) -> Measured:
    print(f"\n{system} …", flush=True)
    scratch.mkdir(parents=True)
    if system == "exhibit":
        return Exhibit().measure(files, scratch, long_pdf)
    name, script = SCRIPTS[system]
    return PeerSystem(name, script, peers_python()).measure(files, scratch, long_pdf)


def compared(measured: list[Measured]) -> dict[str, Any]:
    ours = next((one for one in measured if one.name == "Exhibit"), None)
    if ours is None or len(measured) == 1:
        return {}
    compared = ratios(ours, [one for one in measured if one is not ours])
    print("\n" + ratios_in_words(compared))
    return {"ratios": compared}


if __name__ == "__main__":
    sys.exit(main())
