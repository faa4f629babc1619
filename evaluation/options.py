"""The options of `exhibit eval` and `python -m evaluation`; light, since `exhibit --help` reads them too."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

ABOUT = (
    "Measures what is found and answered, over the public API: how often the right page, and the right piece of "
    "evidence, is among the first. A folder holds documents and questions.jsonl: one JSON object a line with "
    "`question`, `document` (file name), `pages`, and where you have them `answer`, `answerable`, `kinds`."
)
SPACES = ("words", "text", "image")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Grouped as they are thought of: what to measure, against what, and where the numbers go."""
    parser.description = ABOUT
    _what(parser)
    _against(parser)
    _generate(parser)
    _where(parser)


def _what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is measured").add_argument
    add("folder", nargs="*", type=Path, help="folder with documents and questions.jsonl")
    add("--data", type=Path, action="append", default=[], help="the same, as an option")
    add("--url", help="measure this running Exhibit, rather than one of our own (key: EXHIBIT_API_KEYS)")
    add("--collection", default="eval", help="with --url: the collection to fill and to ask")
    add("--filter-document", action="store_true", help="also search each question's own document alone")
    add("--answers", action="store_true", help="also ask /v1/chat: abstention, citations")
    add(
        "--claims",
        action="store_true",
        help="also whether true claims are told from false ones (python -m evaluation.checking)",
    )
    add("--limit", type=int, metavar="N", help="only the first N questions")
    add("--fresh", action="store_true", help="take the documents in again, whatever is kept")


def _against(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("against what").add_argument
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
        help="exit with 4 where less is found; also evidence_hit@1, ndcg@10, known.hit@5 (document known); repeatable",
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
    add("--count", type=int, default=60, metavar="N", help="with --generate: so many questions (60)")
    add("--seed", type=int, default=0, metavar="N", help="with --generate: another seed, other questions")


def _where(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("where it goes").add_argument
    add("--json", type=Path, default=Path("reports/eval.json"), help="file for all the numbers (reports/eval.json)")
    add("--markdown", type=Path, help="file for the report (beside the JSON, .md)")
    add("--cache", type=Path, default=default_cache(), help="folder of kept indexes")


def default_cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(os.environ.get("EXHIBIT_CACHE_DIR") or home / "exhibit") / "eval"
