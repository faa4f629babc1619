"""Measures the image encoder on figures that it was never trained on, beside random weights.

python -m lab.measures.figures [--data FOLDER] [--model FOLDER] [--json FILE]

(a) drawings of the training's kinds, from seeds it never used: texts find drawings, drawings find texts;
(b) which kind of chart, told from its name alone, on charts by libraries that no training drawing came from;
(c) figures of real documents found by their captions: by the picture, by the words in it, by both;
(d) a cropped, rescaled, recompressed or recoloured figure finds its original;
(e) a chart finds the sentence that describes it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from app.adapters.encoders import clip
from app.adapters.encoders.clip import BUNDLED, ClipEncoder
from app.adapters.encoders.decoding import small_picture
from evaluation.machine import in_words, machine
from lab.measures.other_charts import charts
from lab.train.cache import Sample
from lab.train.draw import draw, tables
from lab.train.facts import KINDS, LOOSE, caption
from lab.train.measure import Recall, captions_of, recall
from lab.train.textbook import TEXTBOOK
from language.analyser import query_terms, tokens
from retrievers.fused import WEIGHTS

Floats = NDArray[np.float32]
SIDE = 512  # pixels that a figure of a document is cropped at
TOLD = 60  # drawings of each kind whose subjects are looked at


@dataclass(frozen=True, slots=True)
class Row:
    part: str
    what: str
    value: float
    of_random_weights: float | None = None
    of: int = 0  # how many were tried


def main() -> int:
    options = parsed_options()
    about = machine()
    print(in_words(about))
    trained = clip.bundled(options.model)
    untrained = clip.untrained(options.model)
    print(f"{trained.name}, threshold {trained.threshold}\n")
    rows = [
        *speed(trained),
        *generated(trained, untrained, options.generated),
        *kinds(trained, untrained, options.per_kind),
    ]
    folder = options.data or Path("../shared/data")
    if (folder / "figures" / "captions.jsonl").exists():
        rows += real_figures(trained, untrained, folder / "figures")
    else:
        print(f"(no {folder / 'figures'}: parts c and d on real figures are left out)")
    print_table(rows)
    if options.json:
        stated = {
            "machine": about,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": trained.name,
            "rows": [asdict(row) for row in rows],
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(stated, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"\nwritten to {options.json}")
    return 0


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lab.measures.figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder that holds figures/captions.jsonl and figures/images")
    parser.add_argument("--model", type=Path, default=BUNDLED, help="folder of the model")
    parser.add_argument("--json", type=Path, default=Path("reports/figures.json"))
    parser.add_argument("--generated", type=int, default=1_000, help="drawings for (a)")
    parser.add_argument("--per-kind", type=int, default=8, help="charts of each kind and library for (b)")
    return parser.parse_args()


def print_table(rows: Sequence[Row]) -> None:
    for row in rows:
        beside = "" if row.of_random_weights is None else f"   random weights {row.of_random_weights:.3f}"
        print(f"({row.part}) {row.what:<66} {row.value:8.3f}{beside}{f'   of {row.of}' if row.of else ''}")


def pictures_of(encoder: ClipEncoder, pictures: Sequence[Image.Image]) -> Floats:
    vectors: Floats = np.concatenate(
        [encoder.encode_pictures(pictures[i : i + 32]) for i in range(0, len(pictures), 32)]
    )
    return vectors


def texts_of(encoder: ClipEncoder, texts: Sequence[str]) -> Floats:
    return np.concatenate([encoder.encode_texts(texts[at : at + 64]) for at in range(0, len(texts), 64)])


def _both(part: str, what: str, of: int, trained: Recall, untrained: Recall) -> list[Row]:
    return [
        Row(part, f"{what}, R@1", trained.at_1, untrained.at_1, of),
        Row(part, f"{what}, R@5", trained.at_5, untrained.at_5, of),
    ]


# ---------------------------------------------------------------- speed


def speed(encoder: ClipEncoder) -> list[Row]:
    picture = draw("speed", tables())[0].resize((400, 300))
    raw = io.BytesIO()
    picture.save(raw, "PNG")
    small = small_picture(raw.getvalue(), encoder.side)
    return [
        Row(
            "speed",
            "pictures a second, from decoded pixels, resize included",
            32 / _seconds(lambda: encoder.encode_pictures([picture] * 32), 3),
        ),
        Row(
            "speed",
            "milliseconds to decode a PNG of 400 by 300",
            _seconds(lambda: small_picture(raw.getvalue(), encoder.side), 10) * 1000,
        ),
        Row(
            "speed",
            "milliseconds a text query",
            _seconds(lambda: encoder.encode_texts(["stacked bar chart of energy by region"]), 30) * 1000,
        ),
        Row("speed", "milliseconds a picture alone", _seconds(lambda: encoder.encode_pictures([small]), 10) * 1000),
    ]


def _seconds(work: Callable[[], Any], times: int) -> float:
    """The median of several tries, after one that warms up."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


# ---------------------------------------------------------------- (a), and parts of (d) and (e)


def generated(trained: ClipEncoder, untrained: ClipEncoder, count: int) -> list[Row]:
    samples = drawn_samples(count)
    pictures = [sample.picture() for sample in samples]
    rows: list[Row] = []
    vectors = {encoder: pictures_of(encoder, pictures) for encoder in (trained, untrained)}
    for language, name in enumerate(("English", "Chinese")):
        texts = captions_of(samples, language)
        similarity = {encoder: texts_of(encoder, texts) @ vectors[encoder].T for encoder in (trained, untrained)}
        rows += _both("a", f"generated: {name} finds drawing", count, *(recall(s) for s in similarity.values()))
        rows += _both("a", f"generated: drawing finds {name}", count, *(recall(s.T) for s in similarity.values()))
    for name in ("recoloured", "cropped, rescaled and recompressed"):  # the others are tried on real figures
        changed = [CHANGES[name](picture) for picture in pictures]
        found = [recall(pictures_of(e, changed) @ vectors[e].T) for e in (trained, untrained)]
        rows.append(Row("d", f"generated: {name} finds its original, R@1", found[0].at_1, found[1].at_1, count))
    return rows + _sentences(trained, untrained, samples, vectors)


def drawn_samples(count: int) -> list[Sample]:
    """From seeds that the training never used."""
    choice = tables()
    return [_sample(f"evaluation/{number}", choice) for number in range(count)]


def _sample(seed: str, choice: Any) -> Sample:
    picture, facts = draw(seed, choice)
    raw = io.BytesIO()
    picture.save(raw, "PNG")
    return Sample(raw.getvalue(), facts)


def _sentences(
    trained: ClipEncoder, untrained: ClipEncoder, samples: Sequence[Sample], vectors: dict[ClipEncoder, Floats]
) -> list[Row]:
    """Charts among paragraphs that say what is known of each, inside a sentence of a report."""
    frames = (
        "As the figure shows, {0}. More on this in the next section.",
        "The following picture is {0}; the text below explains it.",
        "See {0}, which sums up the findings.",
    )
    texts = [
        random.Random(i)
        .choice(frames)
        .format(caption(sample.facts, random.Random(f"sentence {i}"), 0, 1.0).rstrip(".").lower())
        for i, sample in enumerate(samples)
    ]
    found = [recall(vectors[e] @ texts_of(e, texts).T) for e in (trained, untrained)]
    return _both("e", "generated: drawing finds the paragraph about it", len(samples), *found)


# ---------------------------------------------------------------- (b)


def kinds(trained: ClipEncoder, untrained: ClipEncoder, per_kind: int) -> list[Row]:
    drawn = charts(per_kind)
    names = sorted({chart.kind for chart in drawn})
    truth = np.array([names.index(chart.kind) for chart in drawn])
    rows: list[Row] = []
    guessed = truth
    for language, said in enumerate(("English", "Chinese")):
        right = []
        for encoder in (trained, untrained):
            classes = np.stack([texts_of(encoder, KINDS[name][language].split("|")).mean(0) for name in names])
            guesses = (pictures_of(encoder, [chart.picture for chart in drawn]) @ classes.T).argmax(1)
            right.append(float(np.mean([(guesses[truth == k] == k).mean() for k in range(len(names))])))
            guessed = guesses if encoder is trained and language == 0 else guessed
        rows.append(
            Row("b", f"kind of chart among {len(names)}, {said} names, mean over kinds", right[0], right[1], len(drawn))
        )
    for library in ("vega", "pygal"):
        of = np.array([chart.library == library for chart in drawn])
        rows.append(
            Row("b", f"of those, {library}, English", float((guessed == truth)[of].mean()), None, int(of.sum()))
        )
    mistaken = Counter((names[t], names[g]) for t, g in zip(truth, guessed, strict=True) if t != g).most_common(8)
    print("most frequent confusions:", "; ".join(f"{a} taken for {b} {n}×" for (a, b), n in mistaken))
    return rows


# ---------------------------------------------------------------- (c) and (d) on real figures


def real_figures(trained: ClipEncoder, untrained: ClipEncoder, folder: Path) -> list[Row]:
    stated = [json.loads(line) for line in (folder / "captions.jsonl").read_text("utf-8").splitlines()]
    pictures = [rendered(folder / "images" / entry["image"]) for entry in stated]
    words = recognised(pictures)
    vectors = {encoder: pictures_of(encoder, pictures) for encoder in (trained, untrained)}
    rows: list[Row] = []
    for language in ("en", "zh"):
        captions = [entry[f"caption_{language}"] for entry in stated]
        seen = [texts_of(encoder, captions) @ vectors[encoder].T for encoder in (trained, untrained)]
        read = by_words(captions, words)
        ways: dict[str, tuple[Floats, Floats | None]] = {
            "caption finds figure by its picture": (seen[0], seen[1]),
            "… by the words in it": (read, None),
            "… by both": (fused(read, seen[0]), fused(read, seen[1])),
        }
        own = ~told_in_training(captions, language)
        for of, meant in ((language, np.ones_like(own)), (f"{language}, captions of their own words", own)):
            for what, (by_trained, by_untrained) in ways.items():
                beside = None if by_untrained is None else recall(by_untrained, meant).at_5
                rows.append(
                    Row("c", f"figures, {of}: {what}, R@5", recall(by_trained, meant).at_5, beside, int(meant.sum()))
                )
        back = [recall(s.T).at_5 for s in seen]
        rows.append(Row("e", f"figures, {language}: figure finds its caption, R@5", back[0], back[1], len(stated)))
    for name, change in CHANGES.items():
        found = [recall(pictures_of(e, [change(p) for p in pictures]) @ vectors[e].T) for e in (trained, untrained)]
        rows.append(Row("d", f"figures: {name} finds its original, R@1", found[0].at_1, found[1].at_1, len(stated)))
    return rows


def told_in_training(captions: Sequence[str], language: str) -> NDArray[np.bool_]:
    """Which share three words, or six Chinese characters, in a row with what the training's captions mean or call
    things; a shorter caption, all of it. The training was planned by somebody who had seen figures of this kind."""
    number = ("en", "zh").index(language)
    phrases = [pair[number] for pair in (*KINDS.values(), *LOOSE.values())]
    for drawing in TEXTBOOK.values():
        facts = (drawing(random.Random(f"told {i}"))[1] for i in range(TOLD))
        phrases += [one.subject[number] for one in facts if one.subject]
    told = {run for each in set(phrases) for phrase in each.split("|") for run in _runs(phrase, number)}
    return np.array([bool(told & _runs(caption, number)) for caption in captions])


def _runs(text: str, language: int) -> set[str]:
    parts = re.findall((r"[^\W_]+", r"[^\W_]")[language], text.lower())
    length = min((3, 6)[language], len(parts))
    return {" ".join(parts[at : at + length]) for at in range(len(parts) - length + 1)} if parts else set()


def rendered(path: Path) -> Image.Image:
    data = path.read_bytes()
    if path.suffix == ".svg":
        data = bytes(resvg_py.svg_to_bytes(svg_string=data.decode("utf-8"), background="white", width=2 * SIDE, dpi=96))
    return small_picture(data, SIDE)


def recognised(pictures: Sequence[Image.Image], kept: Path = Path(".cache/eval/figures-words.json")) -> list[str]:
    """The words in each picture; kept, because reading takes seconds a picture and no model of ours changes them."""
    known: dict[str, str] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    keys = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures]
    unread = [(key, picture) for key, picture in zip(keys, pictures, strict=True) if key not in known]
    if unread:
        from rapidocr import RapidOCR  # seconds to import, and not always needed

        reader: Any = RapidOCR(params={"Global.log_level": "error"})
        for key, picture in unread:
            known[key] = " ".join(reader(np.asarray(picture)[..., ::-1]).txts or ())
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    return [known[key] for key in keys]


def by_words(queries: Sequence[str], documents: Sequence[str]) -> Floats:
    """BM25 over the words as the service reads them; what has none of them scores 0."""
    split = [tokens(document) for document in documents]
    often = Counter(term for document in split for term in set(document))
    mean = sum(map(len, split)) / len(split) or 1
    scores = np.zeros((len(queries), len(documents)), dtype=np.float32)
    for i, query in enumerate(queries):
        for j, document in enumerate(split):
            counts = Counter(document)
            for term in counts.keys() & query_terms(query):
                idf = math.log(1 + (len(split) - often[term] + 0.5) / (often[term] + 0.5))
                scores[i, j] += idf * counts[term] * 2.2 / (counts[term] + 1.2 * (0.25 + 0.75 * len(document) / mean))
    return scores


def fused(words: Floats, vectors: Floats) -> Floats:
    """Min–max per query, with the weights of words and pictures that the service fuses by."""

    def scaled(scores: Floats) -> Floats:
        low, high = scores.min(1, keepdims=True), scores.max(1, keepdims=True)
        spread: Floats = (scores - low) / np.where(high > low, high - low, 1)
        return spread

    both: Floats = WEIGHTS["words"] * scaled(words) + WEIGHTS["image"] * scaled(vectors)
    return both


def _cropped(picture: Image.Image) -> Image.Image:
    w, h = picture.size
    return picture.crop((round(0.08 * w), round(0.06 * h), round(0.95 * w), round(0.93 * h)))


def _recompressed(picture: Image.Image) -> Image.Image:
    raw = io.BytesIO()
    picture.save(raw, "JPEG", quality=25)
    return Image.open(raw).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "cropped": _cropped,
    "rescaled": lambda p: p.resize((max(8, p.width * 2 // 5), max(8, p.height * 2 // 5)), Image.Resampling.BILINEAR),
    "recompressed": _recompressed,
    "recoloured": lambda p: ImageEnhance.Contrast(ImageEnhance.Color(p).enhance(0.35)).enhance(0.8),
    "turned to gray": lambda p: p.convert("L").convert("RGB"),
    "cropped, rescaled and recompressed": lambda p: _recompressed(CHANGES["rescaled"](_cropped(p))),
}


if __name__ == "__main__":
    sys.exit(main())
