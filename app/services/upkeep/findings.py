"""The findings of a verification, counted by fault, part, collection and space, each with a message and examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.evidence import Space
from domain.upkeep import Fault, Finding, Part

EXAMPLES = 5

MESSAGES: dict[tuple[Fault, Part], str] = {
    ("loss", "chunks"): "The catalogue has lost chunks of documents: delete these documents and upload them again.",
    ("loss", "originals"): "Original files are lost or damaged: delete these documents and upload them again.",
    ("loss", "crops"): "Pictures cut out of documents are lost: delete these documents and upload them again.",
    ("loss", "kept"): "Kept vectors are lost or damaged.",
    ("loss", "vectors"): "Vectors are missing in the index, or aren't the kept ones.",
    ("loss", "words"): "Chunks are missing in the words index.",
    ("orphan", "blobs"): "Files belong to no document.",
    ("orphan", "vectors"): "Vectors in the index belong to no chunk.",
    ("orphan", "words"): "Words in the index belong to no chunk.",
}


@dataclass(slots=True)
class _Count:
    count: int = 0
    mended: int = 0
    examples: list[str] = field(default_factory=list)


class Findings:
    """`collection`: the name of the collection that is being compared now."""

    def __init__(self) -> None:
        self.collection: str | None = None
        self.checked = dict.fromkeys(("collections", "documents", "chunks", "vectors", "words", "blobs"), 0)
        self._counts: dict[tuple[Fault, Part, str | None, Space | None], _Count] = {}

    def add(self, fault: Fault, part: Part, ids: Sequence[str], mended: int = 0, space: Space | None = None) -> None:
        if ids:
            count = self._counts.setdefault((fault, part, self.collection, space), _Count())
            count.count += len(ids)
            count.mended += mended
            count.examples.extend(ids[: EXAMPLES - len(count.examples)])

    def all(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(fault, part, n.count, n.mended, MESSAGES[fault, part], tuple(n.examples), collection, space)
            for (fault, part, collection, space), n in self._counts.items()
        )
