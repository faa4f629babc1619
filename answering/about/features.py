"""What a judgement of "is this answered?" looks at beside tokens: the best pieces, the evidence, and what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from answering.about.judge import Looked
from answering.extractive.confidence import held_by, of_best
from answering.extractive.passages import Quotable
from answering.extractive.scoring import Scored
from answering.extractive.sought import Sought
from domain.evidence import Evidence
from domain.question import Asks, Cues

_KINDS = ("number", "time", "person", "reason", "place")
_SHAPES = ("list", "count", "yes_no", "comparison", "explanation")
_FORMS = ("sentence", "row", "label")
NAMES = (
    *(f"{what} {n}" for n in (1, 2) for what in ("covered", "around", "cue", "likeness", "unlike")),
    "margin", "fit", "together", "missing numbers", "tables", "about", "exact missing", "things missing",
    *(f"wants {kind}" for kind in _KINDS), *(f"shape {shape}" for shape in _SHAPES),
    *(f"best is a {form}" for form in _FORMS), "length", "names", "numbers", "pieces",
    "rank of the best", "found by words", "found by text", "figure", "quantity", "extreme", "several",
)  # fmt: skip


def features_of(
    question: Sought,
    asks: Asks,
    cues: Cues,
    ranked: Sequence[Scored],
    together: Looked,
    evidence: Sequence[Evidence],
    pieces: Sequence[Quotable],
) -> tuple[float, ...]:
    """In the order of `NAMES`; each roughly within 0..1."""
    best, second = ranked[0], ranked[min(1, len(ranked) - 1)]
    held = held_by(question.wants, evidence)
    shown = evidence[best.quotable.n - 1]
    wants = question.wants
    return (
        *_scores(best), *_scores(second),
        best.total - second.total, of_best(best), held.together, held.missing / 2, held.tables,
        together.share, min(2, len(together.lacks)) / 2, min(3, len(together.missing) - len(together.lacks)) / 3,
        *(float(wants.kind == kind) for kind in _KINDS), *(float(asks.shape == shape) for shape in _SHAPES),
        *(float(best.quotable.form == form) for form in _FORMS),
        len(question.terms) / 10, min(4, len(wants.names)) / 4, min(3, len(wants.numbers)) / 3,
        min(80, len(pieces)) / 80, 1 / best.quotable.n,
        1 / shown.ranks["words"] if "words" in shown.ranks else 0.0,
        1 / shown.ranks["text"] if "text" in shown.ranks else 0.0,
        float(cues.figure), float(cues.quantity), float(wants.extreme != 0), float(wants.several),
    )  # fmt: skip


def _scores(one: Scored) -> tuple[float, ...]:
    return one.covered, one.around, one.cue, one.likeness or 0.0, float(one.likeness is None)
