"""`python -m lab.measures.abstaining --data FOLDER`: whether `confidence` tells answerable questions from others.

Each question is searched in its own document alone: what is unanswerable there may be answerable elsewhere. Beside
the confidence that is shipped, a logistic regression over what the reader sees is learned leaving one document out
at a time; only its out-of-fold figures are printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answering.extractive.confidence import held_by, log_odds
from answering.extractive.reader import ExtractiveReader
from answering.question.read import read
from app.adapters.encoders.text import load_text_encoder
from app.settings import load_settings
from domain.answers import Prompt
from domain.documents import Chunk, Document, Place
from domain.evidence import Evidence
from evaluation.client import connected
from evaluation.kept import ROOT, kept_index
from evaluation.measure import take_in
from evaluation.metrics import separation
from evaluation.questions import LabelledQuestion, QuestionFolder, load_folder
from evaluation.service import running_service
from evaluation.tables import table

TOP_K = 8
RIDGE = 30.0  # of standardised features: there are few questions
STEPS = 60  # of Newton's method; it needs about five
COLLECTION = "eval"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    question: LabelledQuestion
    confidence: float  # as shipped
    features: tuple[float, ...]
    page_found: bool  # a labelled page is in the evidence, or there is none


@dataclass(frozen=True, slots=True)
class Curve:
    """Of the answers given when only the most confident share of all questions is answered."""

    coverage: float
    wrongly_answered: float  # share of them that the document doesn't answer


@dataclass(frozen=True, slots=True)
class Report:
    questions: int
    unanswerable: int
    shipped: Mapping[str, float]  # over all questions, and over those whose page is in the evidence
    learned: Mapping[str, float]
    curve: Sequence[Curve] = field(default=())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.measures.abstaining", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "pdf-qa")
    parser.add_argument("--cache", type=Path, default=Path(".cache/eval"), help="folder of kept indexes")
    parser.add_argument("--index", type=Path, help="use this kept index as it is, whatever code made it")
    options = parser.parse_args()
    folder = load_folder(options.data)
    found = searched(folder, options.cache, options.index)
    settings = load_settings()
    reader = ExtractiveReader(load_text_encoder(settings.models, settings.cache_dir))
    print(as_table(report_of([judged(reader, question, evidence) for question, evidence in found])))
    return 0


def searched(
    folder: QuestionFolder, cache: Path, index: Path | None
) -> list[tuple[LabelledQuestion, list[dict[str, Any]]]]:
    """Each question with what a search of its own document finds."""
    kept = kept_index(cache, folder.documents) if index is None else type(kept_index(cache, []))(index)
    with running_service(kept.data) as service, connected(service.url, COLLECTION) as client:
        taken = kept.taken_in()
        if taken is None:
            taken = take_in(client, folder.documents, lambda line: print(f"  {line}", flush=True))
            kept.finish(taken)
        return [
            (question, client.search(question.text, TOP_K, [taken.ids[question.document]]))
            for question in folder.questions
            if question.document in taken.ids
        ]


def judged(reader: ExtractiveReader, question: LabelledQuestion, found: Sequence[Mapping[str, Any]]) -> Judged:
    evidence = tuple(evidence_of(one) for one in found)
    prompt = Prompt(read(question.text), (), evidence)
    confidence = reader.read(prompt).confidence
    pages = {region.page for one in evidence for region in one.chunk.regions} | {one.chunk.page for one in evidence}
    found_page = not question.answerable or not question.pages or bool(pages & question.pages)
    return Judged(question, confidence, features_of(reader, prompt), found_page)


def evidence_of(one: Mapping[str, Any]) -> Evidence:
    """What the search answered, as the reader takes it."""
    document = Document(
        one["document_id"], "c", "default", one["document"], "application/pdf", 1, "0" * 64, "ready",
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    place = Place(heading=tuple((one["place"] or {}).get("heading") or ())) if one["place"] else None
    chunk = Chunk(one["id"], one["document_id"], 0, one["kind"], one["text"], one["text"], one["page"], place=place)
    return Evidence(chunk, document, one["score"], one["ranks"])


def features_of(reader: ExtractiveReader, prompt: Prompt) -> tuple[float, ...]:
    """What the shipped confidence is made of."""
    held = held_by(prompt.question.standalone.wants, prompt.evidence)
    return log_odds(reader.fit(prompt)), held.together, held.missing, held.tables


# ---------------------------------------------------------------- learning and measuring


def report_of(found: Sequence[Judged]) -> Report:
    learned = out_of_fold(found)
    shipped = [one.confidence for one in found]
    return Report(
        len(found),
        sum(not one.question.answerable for one in found),
        areas(found, shipped),
        areas(found, learned),
        risk_coverage(found, learned),
    )


def areas(found: Sequence[Judged], scores: Sequence[float]) -> dict[str, float]:
    """AUROC: how often an answerable question's score is above an unanswerable one's."""
    pairs = list(zip(found, scores, strict=True))
    unanswerable = [score for one, score in pairs if not one.question.answerable]
    return {
        "all": separation([score for one, score in pairs if one.question.answerable], unanswerable),
        "page in evidence": separation(
            [score for one, score in pairs if one.question.answerable and one.page_found], unanswerable
        ),
    }


def out_of_fold(found: Sequence[Judged]) -> list[float]:
    """Each question's score by weights that were learned without its document."""
    features = np.array([one.features for one in found], dtype=np.float64)
    answerable = np.array([one.question.answerable for one in found], dtype=np.float64)
    documents = np.array([one.question.document for one in found])
    scores = np.zeros(len(found))
    for document in dict.fromkeys(documents):
        others = documents != document
        centre, scale = features[others].mean(axis=0), features[others].std(axis=0) + 1e-9
        weights = logistic((features[others] - centre) / scale, answerable[others])
        held_out = (features[~others] - centre) / scale
        scores[~others] = 1 / (1 + np.exp(-(held_out @ weights[:-1] + weights[-1])))
    return [float(score) for score in scores]


def logistic(features: Floats, answerable: Floats) -> Floats:
    """Ridge logistic regression by Newton's method, both classes weighing the same; the last weight is the constant."""
    rows = np.column_stack([features, np.ones(len(features))])
    balance = np.where(answerable == 1, 0.5 / answerable.mean(), 0.5 / (1 - answerable.mean()))
    ridge = np.append(np.full(features.shape[1], RIDGE), 1e-6)
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (balance * (chance - answerable)) + ridge * weights
        bend = (rows * (balance * chance * (1 - chance))[:, None]).T @ rows + np.diag(ridge)
        step: Floats = np.linalg.solve(bend, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def risk_coverage(found: Sequence[Judged], scores: Sequence[float]) -> list[Curve]:
    order = sorted(zip(scores, found, strict=True), key=lambda pair: -pair[0])
    curve = []
    for tenth in range(1, 11):
        answered = order[: round(len(order) * tenth / 10)]
        wrong = sum(not one.question.answerable for _, one in answered)
        curve.append(Curve(tenth / 10, wrong / max(1, len(answered))))
    return curve


def as_table(report: Report) -> str:
    rows = [("AUROC of confidence", "all questions", "page in the evidence")]
    for name, areas_ in (("as shipped", report.shipped), ("learned, out of fold", report.learned)):
        rows.append((name, f"{areas_['all']:.3f}", f"{areas_['page in evidence']:.3f}"))
    curve = "  ".join(f"{one.coverage:.0%}: {one.wrongly_answered:.2f}" for one in report.curve)
    return (
        f"abstaining: {report.questions} questions, {report.unanswerable} of them not answered by their document\n"
        f"{table(rows)}\nrisk at coverage (learned, out of fold; share of the answered that can't be): {curve}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
