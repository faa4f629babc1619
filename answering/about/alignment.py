"""Lays a question's tokens beside those of the sentences that answer it best: late interaction, on vectors that the
encoder has made anyway.

For each token of the question: its vector, the mean of the sentences' token vectors weighted by likeness (softmax of
the cosine), and what can be told without weights: the closest cosine, whether the same token stands there, how rare it
is, the closest in the best sentence, and how sure the alignment is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.ports import Tokens

MOST_ASKED = 28  # tokens of a question
MOST_BESIDE = 120  # tokens of the sentences
SENTENCES = 3
FACTS = 5
_SHARPNESS = 12.0  # of the softmax over cosines
_FIRST_WORD = 1995  # BERT's vocabulary: from here on words, the most frequent first

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Aligned:
    asked: Floats  # (tokens, dimensions)
    beside: Floats  # (tokens, dimensions): what the sentences have there
    facts: Floats  # (tokens, FACTS)


def aligned(question: Tokens, sentences: Sequence[Tokens]) -> Aligned | None:
    """None where the sentences have no token."""
    asked, ids = question.vectors[:MOST_ASKED].astype(np.float32), question.ids[:MOST_ASKED]
    inner = [one.vectors[1:-1].astype(np.float32) for one in sentences[:SENTENCES]]
    theirs = np.concatenate([one.ids[1:-1] for one in sentences[:SENTENCES]])[:MOST_BESIDE] if inner else ids[:0]
    if len(theirs) == 0:
        return None
    beside = np.concatenate(inner)[:MOST_BESIDE]
    cosines = _unit(asked) @ _unit(beside).T  # (tokens of the question, tokens of the sentences)
    weights = np.exp(_SHARPNESS * (cosines - cosines.max(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    first = cosines[:, : len(inner[0])]
    closest_in_best = first.max(axis=1) if first.shape[1] else np.zeros(len(asked), np.float32)
    rarity = np.log1p(np.maximum(ids - _FIRST_WORD, 1)) / 10
    facts = np.stack([cosines.max(axis=1), np.isin(ids, theirs), rarity, closest_in_best, weights.max(axis=1)], axis=1)
    return Aligned(asked, (weights @ beside).astype(np.float32), facts.astype(np.float32))


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: Floats = vectors / np.maximum(lengths, 1e-6)
    return rows
