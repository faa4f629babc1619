"""For which ordinary questions the image space votes, and what it finds among the figures of ingested documents.

python -m lab.measures.pictures [--data FOLDER] [--model FOLDER] [--taken-in DATA_DIR]

The first table: the share of texts that find a picture above each threshold, among the sixty figures of FOLDER/figures
and 200 drawings. With `--taken-in`, the data folder of a service: captions "Figure 3: …" that stand in its figures' own
chunks are looked for by the picture alone, among all its figures. Nobody looked at those when drawings were planned.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from contextlib import closing
from pathlib import Path

from app.adapters.blobs import LocalBlobs
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.encoders import clip
from app.adapters.encoders.clip import BUNDLED, ClipEncoder
from app.adapters.encoders.decoding import small_picture
from domain.documents import Chunk
from evaluation.machine import in_words, machine
from evaluation.tables import table
from lab.measures.figures import SIDE, Floats, drawn_samples, pictures_of, rendered, texts_of
from lab.train.measure import captions_of, recall

THRESHOLDS = (0.40, 0.45, 0.49, 0.53, 0.55, 0.60)
DRAWINGS = 200
PASSAGES = 300  # questions
MOST_COLLECTIONS = 200
FIGURES = frozenset({"figure", "chart"})
PLAIN = frozenset({"text", "table"})
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|chart|exhibit|图)\s*[\dA-Z][\d.\-]*\s*[:.\-–—)]?\s*(.{12,300})", re.IGNORECASE
)


def main() -> int:
    options = parsed_options()
    encoder = clip.bundled(options.model)
    print(f"{in_words(machine())}\n{encoder.name}, threshold {encoder.threshold}\n")
    print(table(woken(encoder, options.data)))
    if options.taken_in:
        print()
        captioned(encoder, options.taken_in)
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lab.measures.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="with figures, pdf-qa and passages")
    parser.add_argument("--model", type=Path, default=BUNDLED, help="folder of the model")
    parser.add_argument("--taken-in", type=Path, help="data folder of a service that is not running")
    return parser.parse_args()


# ---------------------------------------------------------------- who wakes the image space


def woken(encoder: ClipEncoder, data: Path) -> list[tuple[str, ...]]:
    figures = _lines(data / "figures" / "captions.jsonl")
    drawings = drawn_samples(DRAWINGS)
    pictures = [rendered(data / "figures" / "images" / each["image"]) for each in figures]
    vectors = pictures_of(encoder, [*pictures, *(sample.picture() for sample in drawings)])
    asked = _lines(data / "pdf-qa" / "questions.jsonl")
    passages = _lines(data / "passages" / "questions.jsonl")
    texts = {
        "questions about text and tables": [q["question"] for q in asked if q.get("kinds") and {*q["kinds"]} <= PLAIN],
        "questions about figures and charts": [q["question"] for q in asked if FIGURES & {*(q.get("kinds") or ())}],
        "questions about passages": [q["question"] for q in random.Random(1).sample(passages, PASSAGES)],
        "captions of the drawings": [*captions_of(drawings, 0), *captions_of(drawings, 1)],
        "captions of the figures": [each[f"caption_{language}"] for each in figures for language in ("en", "zh")],
    }
    rows: list[tuple[str, ...]] = [("texts", "of", *(f"{each:.2f}" for each in THRESHOLDS))]
    for name, each in texts.items():
        nearest = (texts_of(encoder, each) @ vectors.T).max(1)
        rows.append((name, str(len(each)), *(f"{(nearest > least).mean():.2f}" for least in THRESHOLDS)))
    return rows


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


# ---------------------------------------------------------------- figures by their own captions


def captioned(encoder: ClipEncoder, data: Path) -> None:
    blobs = LocalBlobs(data / "blobs")
    with closing(SqlCatalogue(f"sqlite:///{data.absolute() / 'catalogue.db'}")) as catalogue:
        documents = catalogue.documents.findable([one.id for one in catalogue.collections.page(MOST_COLLECTIONS).items])
        chunks = [chunk for one in documents for chunk in catalogue.chunks.of_document(one.id)]
    figures = [chunk for chunk in chunks if chunk.kind in ("figure", "image") and chunk.image]
    told = [(at, caption) for at, chunk in enumerate(figures) if (caption := _caption(chunk))]
    if not told:
        print(f"None of the {len(figures)} figures in {data} has a caption.")
        return
    vectors = pictures_of(encoder, [small_picture(blobs.read(str(one.image)), SIDE) for one in figures])
    order = [at for at, _ in told]
    order += sorted(set(range(len(figures))) - set(order))  # the right ones first, as recall() wants them
    similarity: Floats = texts_of(encoder, [caption for _, caption in told]) @ vectors[order].T
    print(f"{len(told)} captions, {len(figures)} figures: {recall(similarity)}, by chance R@5 {5 / len(figures):.3f}")


def _caption(chunk: Chunk) -> str | None:
    found = (_CAPTION.match(line.strip()) for line in chunk.text.splitlines())
    return next((match[1] for match in found if match), None)


if __name__ == "__main__":
    sys.exit(main())
