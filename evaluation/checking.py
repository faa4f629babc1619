"""`python -m evaluation.checking --data FOLDER`: whether the checking tells true claims from false ones."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answering.grounding.check import THRESHOLD, Checker, Statement
from app.compose.encoders import text_encoder
from app.settings import load_settings
from evaluation.claims import ClaimItem, half_of, items
from evaluation.kept import ROOT
from evaluation.tables import table

KINDS = ("number", "unit", "name", "date", "negation", "other page")
FOLDERS = ("passages", "tables", "pdf-qa")


@dataclass(frozen=True, slots=True)
class Checked:
    item: ClaimItem
    support: float

    @property
    def right(self) -> bool:
        return (self.support >= THRESHOLD) == self.item.true


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation.checking", description=__doc__)
    parser.add_argument("--data", type=Path, action="append", help="passages, tables with text, or PDFs")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1, help="0: the documents tuned on; 1: the others")
    parser.add_argument("--words-alone", action="store_true", help="without the encoder")
    parser.add_argument("--wrong", type=int, default=0, help="print so many of the items that are judged wrong")
    options = parser.parse_args()
    folders = options.data or real_text()
    if options.words_alone:
        report = measure(folders, Checker(), options.half)
    else:
        report = measured_with_the_encoder(folders, options.half)
    print(as_table(report))
    for one in [one for one in report["each"] if not one.right][: options.wrong]:
        print(f"\n{one.item.kind} ({one.item.true}), {one.support:.2f}: {one.item.claim}\n  {one.item.cited[:600]}")
    return 0


def real_text() -> list[Path]:
    data = ROOT.parent / "shared" / "data"
    return [data / name for name in FOLDERS if (data / name).is_dir()]


def measured_with_the_encoder(folders: Sequence[Path], half: int = 1) -> dict[str, Any]:
    settings = load_settings()
    return measure(folders, Checker(text_encoder(settings)()), half)


def measure(folders: Sequence[Path], checker: Checker, half: int = 1) -> dict[str, Any]:
    """Balanced accuracy over the documents of one half; the checking was tuned on the other."""
    chosen = [item for folder in folders for item in items(folder) if half_of(item.document) == half]
    started = time.perf_counter()
    judged = [Checked(item, support) for item, support in zip(chosen, _supports(chosen, checker), strict=True)]
    seconds = time.perf_counter() - started
    return {
        "languages": {
            language: _rows([one for one in judged if one.item.language == language]) for language in ("en", "zh")
        },
        "all": _rows(judged),
        "true": {
            kind: _share([one.right for one in judged if one.item.true and one.item.kind == kind])
            for kind in dict.fromkeys(one.item.kind for one in judged if one.item.true)
        },
        "ms a claim": round(1000 * seconds / max(1, len(judged)), 2),
        "each": judged,
    }


def _supports(chosen: Sequence[ClaimItem], checker: Checker) -> list[float]:
    """Five claims at a time, as an answer has them."""
    found: list[float] = []
    for at in range(0, len(chosen), 5):
        claims = checker.check([Statement(one.claim, (1,), (one.cited,)) for one in chosen[at : at + 5]])
        found += [claim.support for claim in claims]
    return found


def _rows(judged: Sequence[Checked]) -> dict[str, Any]:
    """For each kind of change: the false claims against the true ones that have such a thing."""
    rows = {kind: _balanced(judged, _changed(kind), _having(kind)) for kind in KINDS}
    return rows | {"all": _balanced(judged, lambda item: not item.true, lambda item: item.true)}


def _changed(kind: str) -> Callable[[ClaimItem], bool]:
    return lambda item: not item.true and item.kind == kind


def _having(kind: str) -> Callable[[ClaimItem], bool]:
    has = kind in ("number", "name", "date", "unit")
    return lambda item: item.true and (not has or kind in item.has)


def _balanced(
    judged: Sequence[Checked], false: Callable[[ClaimItem], bool], true: Callable[[ClaimItem], bool]
) -> dict[str, Any]:
    kept = [one.right for one in judged if true(one.item)]
    caught = [one.right for one in judged if false(one.item)]
    return {
        "true": len(kept),
        "false": len(caught),
        "kept": _share(kept),
        "caught": _share(caught),
        "balanced": round((_share(kept) + _share(caught)) / 2, 4),
    }


def _share(outcomes: Sequence[bool]) -> float:
    return round(sum(outcomes) / len(outcomes), 4) if outcomes else float("nan")


def as_table(report: dict[str, Any]) -> str:
    rows = [("changed", "language", "true", "kept", "false", "caught", "balanced")]
    groups = {**report["languages"], "all": report["all"]}
    for kind in (*KINDS, "all"):
        for language, found in groups.items():
            one = found[kind]
            rows.append(
                (kind, language, str(one["true"]), f"{one['kept']:.3f}", str(one["false"]), f"{one['caught']:.3f}",
                 f"{one['balanced']:.3f}")
            )  # fmt: skip
    kept = ", ".join(f"{kind} {share:.3f}" for kind, share in report["true"].items())
    return (
        "checking: true claims kept, false ones caught (documents that nothing was tuned on)\n"
        f"{table(rows)}\ntrue claims kept, by how they were made: {kept}\n{report['ms a claim']} ms a claim"
    )


if __name__ == "__main__":
    raise SystemExit(main())
