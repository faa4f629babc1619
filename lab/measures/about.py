"""`python -m lab.measures.about --data FOLDER`: whether an answer is about what was asked, without a service.

Each question of `about_examples` is read by the built-in reader from its own evidence. What is printed is out of fold:
an article or a document is judged by weights that were learned without it. `--learn` writes what was learned on all.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from answering.about.alignment import Aligned
from answering.about.learned import ANSWERED, CLIP, SURE, last_inputs, last_row
from answering.extractive.quoting import quotes_of
from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.text import load_text_encoder
from app.settings import load_settings
from domain.answers import Prompt
from domain.evidence import Evidence
from domain.ports import TokenEncoder, Tokens, Vectors
from evaluation.kept import ROOT
from evaluation.measure import bare
from evaluation.tables import table
from lab.measures.about_examples import Example, from_folder, pages_of, reports_of
from lab.train.about import Table, arrays_of, last_step, learned, log_odds, table_of

FOLDS = 4
EPOCHS = {True: 3, False: 12}  # with tokens, and by features alone
MEMBERS = 2  # of the ensemble that is shipped
WEIGHTS = {"answerable": 1.0, "pdf-qa": 6.0}  # in the last step; there are few questions about reports
OTHERS = 0.7
UNANSWERABLE, WRONG_PAGE = 2.0, 0.5  # factors: a wrong page may be a right answer that stands twice
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """An example as the reader saw it."""

    source: str
    sort: str
    group: str
    question: str
    answerable: bool
    right: bool  # what it would quote holds the answer, or stands on a right page
    exact_missing: bool
    features: tuple[float, ...]
    tokens: Aligned | None
    fit: float  # by rules alone
    confidence: float  # as shipped


class KeptEncoder:
    """Encodes each text once: many questions share their sentences."""

    def __init__(self, encoder: TokenEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, tuple[NDArray[np.float32], Tokens]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def know(self, text: str, vector: NDArray[np.float32], tokens: Tokens) -> None:
        self._known[text] = vector, tokens

    def encode_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            for text, vector, tokens in zip(new, *self._encoder.encode_tokens(new), strict=True):
                self._known[text] = vector, Tokens(tokens.ids, tokens.vectors)
        found = [self._known[text] for text in texts]
        return np.stack([vector for vector, _ in found]), [tokens for _, tokens in found]


def seen_by(reader: ExtractiveReader, examples: Iterable[Example]) -> list[Seen]:
    return [one for example in examples if (one := _seen(reader, example)) is not None]


def _seen(reader: ExtractiveReader, example: Example) -> Seen | None:
    prompt = Prompt(read(example.question), (), example.evidence)
    considered = reader.considered(prompt)
    if considered is None:
        return None
    said = " ".join(quotes_of(considered.question, considered.chosen))
    tokens = considered.tokens
    if tokens is not None:
        halved = (tokens.asked.astype(np.float16), tokens.beside.astype(np.float16))
        tokens = Aligned(*halved, tokens.facts)  # type: ignore[arg-type]
    quoted = [example.evidence[one.n - 1] for one in considered.chosen]
    return Seen(
        example.source, example.sort, example.group, example.question, example.answerable,
        _right(example, said, quoted), bool(considered.together.lacks), considered.features, tokens, considered.fit,
        reader.confidence_of(considered),
    )  # fmt: skip


def _right(example: Example, said: str, quoted: Sequence[Evidence]) -> bool:
    if not example.answerable:
        return False
    if example.source == "pdf-qa":
        pages = {int(page) for page in example.answers}
        return any(pages & pages_of(one) for one in quoted)
    return any(bare(answer) in bare(said) for answer in example.answers if bare(answer))


# ---------------------------------------------------------------- learning, out of fold


@dataclass(frozen=True, slots=True)
class Standard:
    centre: NDArray[np.float32]
    scale: NDArray[np.float32]

    def of(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        made: NDArray[np.float32] = np.clip((features - self.centre) / self.scale, -CLIP, CLIP).astype(np.float32)
        return made


def arranged(seen: Sequence[Seen]) -> tuple[Table, Standard]:
    features = np.array([one.features for one in seen], np.float32)
    standard = Standard(features.mean(axis=0), np.maximum(features.std(axis=0), 0.05))
    return table_of(
        standard.of(features), [one.tokens for one in seen], labels_of(seen).tolist(), [1.0] * len(seen)
    ), standard


def tokens_of(seen: Sequence[Seen]) -> NDArray[np.bool_]:
    return np.array([one.tokens is not None for one in seen])


def weights_of(seen: Sequence[Seen]) -> NDArray[np.float32]:
    return np.array([WEIGHTS.get(one.source, OTHERS) * _factor(one) for one in seen], np.float32)


def _factor(one: Seen) -> float:
    if one.source != "pdf-qa" or one.right:
        return 1.0
    return WRONG_PAGE if one.answerable else UNANSWERABLE


def folds_of(seen: Sequence[Seen]) -> NDArray[np.int64]:
    groups = {group: at % FOLDS for at, group in enumerate(sorted({f"{one.source} {one.group}" for one in seen}))}
    return np.array([groups[f"{one.source} {one.group}"] for one in seen])


def labels_of(seen: Sequence[Seen]) -> NDArray[np.float32]:
    """On reports, where the evidence was searched for, only a quote from a right page counts as an answer."""
    return np.array([one.right if one.source == "pdf-qa" else one.answerable for one in seen], np.float32)


def out_of_fold(seen: Sequence[Seen], arranged_: Table) -> NDArray[np.float32]:
    """Each example's log-odds by nets that were learned without its group."""
    folds, odds = folds_of(seen), np.zeros(len(seen), np.float32)
    has_tokens = tokens_of(seen)
    for fold in range(FOLDS):
        for with_tokens in (True, False):
            usable = has_tokens if with_tokens else np.ones(len(seen), np.bool_)
            learn = np.flatnonzero((folds != fold) & usable)
            judge = np.flatnonzero((folds == fold) & (has_tokens if with_tokens else ~has_tokens))
            if len(judge):
                net = learned(arranged_, learn, with_tokens, EPOCHS[with_tokens], seed=0)
                odds[judge] = log_odds(net, arranged_, judge, with_tokens)
    return odds


def last_rows(seen: Sequence[Seen], odds: NDArray[np.float32], arrays: Mapping[str, Any]) -> NDArray[np.float32]:
    features = np.array([one.features for one in seen], np.float32)
    return last_row(features, odds, np.array([one.fit for one in seen], np.float32), tokens_of(seen), arrays)


def chances_of(seen: Sequence[Seen], rows: NDArray[np.float32]) -> Floats:
    """Out of fold too: the last step for a group is learned on the others."""
    folds, labels, weights = folds_of(seen), labels_of(seen), weights_of(seen)
    chances = np.zeros(len(seen))
    for fold in range(FOLDS):
        there, here = folds != fold, folds == fold
        found, addend = last_step(rows[there], labels[there], weights[there])
        chances[here] = 1 / (1 + np.exp(-(rows[here] @ found + addend)))
    return chances


def learned_on_all(
    seen: Sequence[Seen], table_: Table, standard: Standard, odds: NDArray[np.float32]
) -> dict[str, Any]:
    """The arrays that are shipped. The last step is learned on the out-of-fold log-odds: those of nets that knew the
    examples would be too sure."""
    arrays: dict[str, Any] = {"encoder": np.array(bundled_minilm().stamp)}
    arrays |= {"centre": standard.centre, "scale": standard.scale}
    has_tokens, everything = np.flatnonzero(tokens_of(seen)), np.arange(len(seen))
    for seed in range(MEMBERS):
        arrays |= arrays_of(learned(table_, has_tokens, True, EPOCHS[True], seed), f"tokens.{seed}")
    arrays |= arrays_of(learned(table_, everything, False, EPOCHS[False], 0), "features.0")
    arrays |= standard_of_last(seen, odds)
    found, addend = last_step(last_rows(seen, odds, arrays), labels_of(seen), weights_of(seen))
    return arrays | {"last.weight": found, "last.bias": np.array([addend], np.float32)}


def standard_of_last(seen: Sequence[Seen], odds: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    features = np.array([one.features for one in seen], np.float32)
    inputs = last_inputs(features, odds, np.array([one.fit for one in seen], np.float32))
    return {"last.centre": inputs.mean(axis=0), "last.scale": np.maximum(inputs.std(axis=0), 0.05)}


# ---------------------------------------------------------------- for people


def report(seen: Sequence[Seen], chances: Floats) -> str:
    rows: list[tuple[str, ...]] = [
        ("", "questions", "AUROC", "by rules", "answered: can be", "can't", "grounded: can be", "can't", "ECE")
    ]
    sources = dict.fromkeys(one.source for one in seen)
    for name in sources:
        here = np.array([one.source == name for one in seen])
        rows.append(_row(name, [one for one in seen if one.source == name], chances[here]))
    lines = [table(rows)]
    reports = np.array([one.source == "pdf-qa" and one.sort == "pooled" for one in seen])
    if reports.any():
        right = np.array([one.right for one in seen])
        sure = reports & (chances >= SURE)
        told = area(chances[reports], right[reports])
        lines.append(
            f"reports: of {int(sure.sum())} grounded {right[sure].mean():.2f} quote a right page; AUROC {told:.3f}"
        )
    return "\n".join(lines)


def _row(name: str, seen: Sequence[Seen], chances: Floats) -> tuple[str, ...]:
    can = np.array([one.answerable for one in seen])
    before = np.array([one.fit for one in seen])
    shares = [float((chances[group] >= line).mean()) for line in (ANSWERED, SURE) for group in (can, ~can)]
    areas = [area(scores, can) for scores in (chances, before)]
    return (
        name,
        str(len(seen)),
        *(f"{area:.3f}" for area in areas),
        *(f"{share:.3f}" for share in shares),
        f"{expected_error(chances, labels_of(seen)):.3f}",
    )


def area(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """AUROC, by ranks: how often a positive's score is above another's, ties counting half."""
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    n, others = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * others)) if n and others else float("nan")


def expected_error(chances: Floats, labels: NDArray[np.float32], bins: int = 10) -> float:
    """Of calibration: the mean gap between chance and outcome, over bins of equal width."""
    which = np.minimum((chances * bins).astype(int), bins - 1)
    gaps = [
        abs(chances[which == at].mean() - labels[which == at].mean()) * (which == at).mean()
        for at in range(bins)
        if (which == at).any()
    ]
    return float(sum(gaps))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.about", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--most", type=int, help="so many questions of each source, chosen at random")
    parser.add_argument("--index", type=Path, help="a kept index of pdf-qa, as `python -m evaluation` leaves it")
    parser.add_argument("--shipped", action="store_true", help="by the shipped weights, which know these questions")
    parser.add_argument("--learn", type=Path, help="write the weights that were learned on all")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"about: {options.data} is not there, so nothing is measured")
        return 0
    settings = load_settings()
    reader = ExtractiveReader(cast(TokenEncoder, KeptEncoder(load_text_encoder(settings.models, settings.cache_dir))))
    examples = list(from_folder(options.data, options.most))
    if options.index:
        examples += reports_of(options.data / "pdf-qa", options.index)
    seen = seen_by(reader, examples)
    if options.shipped:
        print(report(seen, np.array([one.confidence for one in seen])))
        return 0
    table_, standard = arranged(seen)
    odds = out_of_fold(seen, table_)
    print(report(seen, chances_of(seen, last_rows(seen, odds, standard_of_last(seen, odds)))))
    if options.learn:
        np.savez_compressed(options.learn, **learned_on_all(seen, table_, standard, odds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
