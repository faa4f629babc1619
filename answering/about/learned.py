"""The chance that evidence answers a question, by learned weights (`python -m lab.measures.about --learn FILE`).

Two models: one sees the tokens of question and sentences laid side by side beside the features; the other, for
languages and encoders without tokens, sees the features alone. `weights.npz` has both; on what they were learned
stands in docs/decisions/0031-about-what-was-asked.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answering.about.alignment import Aligned
from answering.about.features import NAMES

CLIP = 4.0  # standard deviations of a feature
_EPSILON = 1e-5  # of the layer norm

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]


ANSWERED = 0.49  # chance from which an answer is given
SURE = 0.75  # from which it may be called grounded

# What the last step sees of the features beside both log-odds: how far it may trust them
LAST = (
    "fit", "together", "missing numbers", "tables", "about", "exact missing", "things missing", "rank of the best",
    "found by words", "found by text", "figure", "quantity", "best is a row", "pieces", "margin", "likeness 1",
    "covered 1",
)  # fmt: skip
_LAST = tuple(NAMES.index(name) for name in LAST)
_BY_WORDS, _BY_TEXT = NAMES.index("found by words"), NAMES.index("found by text")
_BOUND = 0.02  # of a chance whose log-odds are taken


@dataclass(frozen=True, slots=True)
class Learned:
    encoder: str  # the stamp of the encoder whose tokens it knows
    arrays: Weights  # `centre` and `scale` of the features; `last.…`: of the last step
    with_tokens: tuple[Weights, ...]  # an ensemble: the mean of their log-odds counts
    features_alone: tuple[Weights, ...]

    def chance(self, features: Sequence[float], tokens: Aligned | None, fit: float) -> float:
        """0..1. `tokens`: None where the encoder can't read the question or the sentences; `fit`: by rules alone."""
        seen = np.asarray(features, np.float32)
        near = np.clip((seen - self.arrays["centre"]) / self.arrays["scale"], -CLIP, CLIP)
        if tokens is None:
            odds = np.mean([_features_alone(one, near) for one in self.features_alone])
        else:
            odds = np.mean([_with_tokens(one, near, tokens) for one in self.with_tokens])
        row = last_row(seen[None], np.array([odds]), np.array([fit]), np.array([tokens is not None]), self.arrays)
        return float(1 / (1 + np.exp(-(row @ self.arrays["last.weight"] + self.arrays["last.bias"])[0])))


def last_inputs(features: Floats, odds: Floats, fits: Floats) -> Floats:
    """(n, 2 + len(LAST))"""
    bounded = np.clip(fits, _BOUND, 1 - _BOUND)
    made: Floats = np.column_stack([odds, np.log(bounded / (1 - bounded)), features[:, _LAST]]).astype(np.float32)
    return made


def last_row(features: Floats, odds: Floats, fits: Floats, has_tokens: NDArray[np.bool_], arrays: Weights) -> Floats:
    """What the last step, a logistic regression, adds up: its inputs, again where the evidence was searched for, and
    again where there were no tokens, as these differ in how far each input can be trusted."""
    inputs = (last_inputs(features, odds, fits) - arrays["last.centre"]) / arrays["last.scale"]
    searched = ((features[:, _BY_WORDS] + features[:, _BY_TEXT]) > 0).astype(np.float32)[:, None]
    blind = (~has_tokens).astype(np.float32)[:, None]
    row: Floats = np.concatenate([inputs, inputs * searched, searched, inputs * blind, blind], axis=1)
    return row


@lru_cache(maxsize=1)
def shipped() -> Learned:
    with files(__package__).joinpath("weights.npz").open("rb") as file:
        return loaded(dict(np.load(file)))


def loaded(arrays: Mapping[str, NDArray[Any]]) -> Learned:
    """From `tokens.0.project.weight`, `features.0.…`, and what belongs to all."""
    common = {
        name: value.astype(np.float32)
        for name, value in arrays.items()
        if name.startswith(("last.", "centre", "scale"))
    }
    return Learned(str(arrays["encoder"]), common, _ensemble(arrays, "tokens"), _ensemble(arrays, "features"))


def _ensemble(arrays: Mapping[str, NDArray[Any]], model: str) -> tuple[Weights, ...]:
    members = sorted({name.split(".")[1] for name in arrays if name.startswith(f"{model}.")})
    return tuple(
        {
            name.removeprefix(f"{model}.{member}."): value.astype(np.float32)
            for name, value in arrays.items()
            if name.startswith(f"{model}.{member}.")
        }
        for member in members
    )


def _features_alone(weights: Weights, features: Floats) -> float:
    hidden = _gelu(_linear(weights, "hidden", features))
    return float(_linear(weights, "out", hidden)[0])


def _with_tokens(weights: Weights, features: Floats, tokens: Aligned) -> float:
    """Each token of the question is compared with what the sentences have beside it; two attentions and a maximum make
    one vector of these comparisons."""
    asked, beside = (_linear(weights, "project", _normed(weights, one)) for one in (tokens.asked, tokens.beside))
    laid = np.concatenate([asked, beside, asked * beside, np.abs(asked - beside), tokens.facts], axis=1)
    compared = _gelu(_linear(weights, "compare.1", _gelu(_linear(weights, "compare.0", laid))))  # (tokens, hidden)
    attention = _softmax(_linear(weights, "attend", compared))  # (tokens, 2)
    pooled = [*(attention.T @ compared), compared.max(axis=0), _gelu(_linear(weights, "hidden", features))]
    return float(_linear(weights, "out", _gelu(_linear(weights, "join", np.concatenate(pooled))))[0])


def _linear(weights: Weights, name: str, rows: Floats) -> Floats:
    made: Floats = rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return made


def _normed(weights: Weights, rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + _EPSILON)
    normed: Floats = centred / spread * weights["norm.weight"] + weights["norm.bias"]
    return normed


def _softmax(rows: Floats) -> Floats:
    powers = np.exp(rows - rows.max(axis=0, keepdims=True))
    shares: Floats = powers / powers.sum(axis=0, keepdims=True)
    return shares


def _gelu(values: Floats) -> Floats:
    made: Floats = 0.5 * values * (1 + np.tanh(0.7978845608 * (values + 0.044715 * values**3)))
    return made
