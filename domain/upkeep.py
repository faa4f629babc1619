"""What comparing all that is kept has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.evidence import Space

Fault = Literal["loss", "orphan"]  # something is missing; something belongs to no document
Part = Literal["chunks", "originals", "crops", "kept", "vectors", "words", "blobs"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Faults of one kind in one place; `mended` of `count` were repaired."""

    fault: Fault
    part: Part
    count: int
    mended: int
    message: str
    examples: tuple[str, ...]  # ids of documents or chunks, or names of blobs
    collection: str | None = None
    space: Space | None = None


@dataclass(frozen=True, slots=True)
class Compaction:
    before: Mapping[str, int]  # bytes, by part of the data folder
    after: Mapping[str, int]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    checked: Mapping[str, int]
    findings: tuple[Finding, ...]
    erasing: int  # deleted documents that were still to be erased
    took_s: float
    compaction: Compaction | None = None

    @property
    def whole(self) -> bool:
        return all(finding.mended == finding.count for finding in self.findings)
