"""How well texts find held-out drawings, and drawings their texts; and where to put the similarity threshold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from lab.train.cache import Sample
from lab.train.facts import caption

Floats = NDArray[np.float32]
LOUD = 0.99  # of the texts about other drawings, the share that stays under the threshold


@dataclass(frozen=True, slots=True)
class Recall:
    at_1: float
    at_5: float

    def __str__(self) -> str:
        return f"R@1 {self.at_1:.3f} R@5 {self.at_5:.3f}"


def recall(similarity: Floats, of: NDArray[np.bool_] | None = None) -> Recall:
    """`similarity[i, j]` of query i to candidate j; the right one is j = i. Ties count against the model. `of`: the
    queries that count, where not all do; every candidate stays."""
    right = similarity.diagonal()[:, None]
    rank = (similarity >= right).sum(1)  # from 1
    if of is not None:
        rank = rank[of]
    return Recall(float((rank <= 1).mean()), float((rank <= 5).mean()))


def captions_of(samples: Sequence[Sample], language: int) -> list[str]:
    return [caption(sample.facts, random.Random(f"held-out caption {i}"), language) for i, sample in enumerate(samples)]


def unit(vectors: torch.Tensor) -> Floats:
    found: Floats = torch.nn.functional.normalize(vectors.float(), dim=-1).numpy()
    return found


@torch.inference_mode()
def image_vectors(model: Any, preprocess: Any, pictures: Sequence[Image.Image]) -> Floats:
    batches = [torch.stack([preprocess(p) for p in pictures[i : i + 64]]) for i in range(0, len(pictures), 64)]
    return np.concatenate([unit(model.encode_image(batch)) for batch in batches])


@torch.inference_mode()
def text_vectors(model: Any, tokenize: Any, texts: Sequence[str]) -> Floats:
    return np.concatenate(
        [unit(model.encode_text(tokenize(list(texts[i : i + 128])))) for i in range(0, len(texts), 128)]
    )


@dataclass(frozen=True, slots=True)
class HeldOut:
    recalls: dict[str, Recall]
    threshold: float


def held_out(model: Any, preprocess: Any, tokenize: Any, samples: Sequence[Sample]) -> HeldOut:
    images = image_vectors(model, preprocess, [sample.picture() for sample in samples])
    found, others = {}, []
    for language, name in enumerate(("English", "Chinese")):
        similarity = text_vectors(model, tokenize, captions_of(samples, language)) @ images.T
        found[f"{name} to image"], found[f"image to {name}"] = recall(similarity), recall(similarity.T)
        others.append(similarity[~np.eye(len(samples), dtype=bool)])
    return HeldOut(found, float(np.quantile(np.concatenate(others), LOUD)))
