"""What of the evidence goes into a prompt, in ever smaller packings: fewer images, then fewer words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.types import Evidence, ImagePart, Notice


@dataclass(frozen=True, slots=True)
class Packing:
    evidence: tuple[Evidence, ...]
    images: Mapping[str, ImagePart]  # by evidence id
    notices: tuple[Notice, ...] = ()


def packings(evidence: Sequence[Evidence], images: Mapping[str, ImagePart], most_images: int) -> Iterator[Packing]:
    """The fullest first. Evidence is only ever dropped from the end, so that markers keep their numbers."""
    count = min(most_images, len(images))
    while True:
        yield _packing(evidence, images, len(evidence), count)
        if count == 0:
            break
        count //= 2
    kept = len(evidence) // 2
    while kept >= 1:
        yield _packing(evidence, images, kept, 0)
        kept //= 2


def _packing(evidence: Sequence[Evidence], images: Mapping[str, ImagePart], kept: int, count: int) -> Packing:
    shown = tuple(evidence[:kept])
    pictured = [one.id for one in shown if one.id in images]
    chosen = {one: images[one] for one in pictured[:count]}
    notices = []
    if without := len(pictured) - len(chosen):
        notices.append(Notice("images_left_out", f"{without} pictures were given to the model by their words alone."))
    if dropped := len(evidence) - kept:
        notices.append(Notice("evidence_left_out", f"{dropped} passages did not fit into the model's context."))
    return Packing(shown, chosen, tuple(notices))
