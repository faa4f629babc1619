"""`--min hit@5=0.5`: fails when a figure is too low, for continuous integration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_MINIMUM = re.compile(r"(known\.)?((?:evidence_)?hit@(?:1|5|10)|ndcg@10)=(0?\.\d+|0|1(?:\.0*)?)")


class BadMinimum(Exception):
    """The value of --min is not understood; the message says what is."""


@dataclass(frozen=True, slots=True)
class Minimum:
    figure: str
    least: float
    known_document: bool = False

    def of(self, folder: dict[str, Any]) -> float | None:
        """The figure in a folder's report; None where it was not measured."""
        report = folder.get("document_known" if self.known_document else "pooled")
        if report is None:
            return None
        found = report["all"][self.figure]
        return float(found["share"] if isinstance(found, dict) else found)

    def __str__(self) -> str:
        return f"{'known.' if self.known_document else ''}{self.figure}"


def minimum(text: str) -> Minimum:
    read = _MINIMUM.fullmatch(text.replace(" ", ""))
    if read is None:
        raise BadMinimum(f"--min takes hit@1, hit@5, hit@10, evidence_hit@5 or ndcg@10 and a share, not {text!r}.")
    known, figure, least = read.groups()
    return Minimum(figure, float(least), bool(known))


def shortfalls(minimums: Sequence[Minimum], folders: dict[str, Any]) -> list[str]:
    """A sentence for each figure that is too low, or was not measured."""
    return [
        sentence
        for name, folder in folders.items()
        for one in minimums
        if (sentence := _shortfall(one, name, one.of(folder))) is not None
    ]


def _shortfall(one: Minimum, folder: str, found: float | None) -> str | None:
    if found is None:
        return f"{folder}: {one} was not measured (known.… needs --filter-document)."
    return None if found >= one.least else f"{folder}: {one} is {found:.3f}, less than {one.least:g}."
