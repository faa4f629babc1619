"""The options of `exhibit eval` and `python -m evaluation`; light, since `exhibit --help` reads them too."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

ABOUT = (
    "Measures search and answers over the public API: how often the right page, and the right piece of evidence, is "
    "among the first. A folder holds documents and questions.jsonl, one JSON object per line: `question`, `document` "
    "(file name), `pages`, and optionally `answer`, `answerable`, `kinds`."
)
SPACES = ("words", "text", "image")


def add_options(parser: argparse.ArgumentParser) -> None:
    """In groups: what to measure, what to compare with, making questions, output."""
    parser.description = ABOUT
    _what(parser)
    _against(parser)
    _generate(parser)
    _where(parser)


def _what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is measured").add_argument
    add("folder", nargs="*", type=Path, help="folder with documents and questions.jsonl")
    add("--data", type=Path, action="append", default=[], help="the same, as an option")
    add("--url", help="measure the Exhibit at this address, instead of starting one (key: EXHIBIT_API_KEYS)")
    add("--collection", default="eval", help="with --url: the collection to fill and to ask")
    add("--filter-document", action="store_true", help="also search only the document that a question belongs to")
    add("--answers", action="store_true", help="also ask /v1/chat, and measure abstentions and citations")
    add(
        "--claims",
        action="store_true",
        help="also measure whether true claims are told from false ones (python -m evaluation.checking)",
    )
    add("--limit", type=int, metavar="N", help="only the first N questions")
    add("--fresh", action="store_true", help="take the documents in again, even if their index is kept")


def _against(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("compared with what").add_argument
    add(
        "--without",
        action="append",
        choices=(*SPACES, "rerank"),
        default=[],
        help="also measure without this way of finding, and compare the two question by question",
    )
    add(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="two saved reports (.json), or two settings such as 'EXHIBIT_SPACES=words,text' (several: separated by "
        "spaces; 'default' is none), compared question by question",
    )
    add(
        "--min",
        action="append",
        default=[],
        metavar="hit@5=0.5",
        help="exit code 4 if less is found; also evidence_hit@1, ndcg@10, known.hit@5 (document known); repeatable",
    )


def _generate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("making questions").add_argument
    add(
        "--generate",
        type=Path,
        metavar="OUT",
        help="make a folder OUT with questions, from the documents of a folder or of --from-collection; by the "
        "language model where one is configured (EXHIBIT_LLM__URL), else from sentences, tables and captions",
    )
    add("--from-collection", metavar="NAME", help="with --generate: a collection of the data folder EXHIBIT_DATA_DIR")
    add("--count", type=int, default=60, metavar="N", help="with --generate: how many questions (60)")
    add("--seed", type=int, default=0, metavar="N", help="with --generate: another seed gives other questions")


def _where(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("--json", type=Path, default=Path("reports/eval.json"), help="file for the numbers (reports/eval.json)")
    add("--markdown", type=Path, help="file for the report (default: beside the JSON, .md)")
    add("--cache", type=Path, default=default_cache(), help="folder where indexes are kept")


def default_cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(os.environ.get("EXHIBIT_CACHE_DIR") or home / "exhibit") / "eval"
