"""The learned chance that evidence answers: computed in numpy as it was learned, and shipped with its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from answering.about.alignment import aligned
from answering.about.features import NAMES
from answering.about.learned import LAST, last_inputs, loaded, shipped
from app.adapters.encoders.model_files import bundled_minilm
from domain.ports import Tokens
from lab.train.about import FeaturesAlone, WithTokens, arrays_of, log_odds, table_of

WIDTH = 16
RANDOM = np.random.default_rng(5)


def tokens(*ids: int) -> Tokens:
    """One vector for each id, the same each time; start and end around them."""
    numbers = np.array([1, *ids, 2])
    return Tokens(
        numbers, np.stack([np.random.default_rng(one).normal(size=WIDTH).astype(np.float32) for one in numbers])
    )


def test_each_token_of_the_question_lies_beside_the_closest_of_the_sentences() -> None:
    found = aligned(tokens(10, 11), [tokens(20, 10), tokens(30)])
    assert found is not None
    closest, same = found.facts[:, 0], found.facts[:, 1]
    assert same.tolist() == [0.0, 1.0, 0.0, 0.0]  # start and end of the sentences are left out
    assert closest[1] > 0.999 > closest[2]
    assert aligned(tokens(10), [tokens()]) is None


def test_numpy_computes_what_was_learned() -> None:
    torch.manual_seed(1)
    features = RANDOM.normal(size=(1, len(NAMES))).astype(np.float32)
    laid = aligned(tokens(*range(10, 22)), [tokens(*range(16, 40))])
    assert laid is not None
    with_tokens, alone = WithTokens(len(NAMES), WIDTH), FeaturesAlone(len(NAMES))
    table = table_of(features, [laid], [True], [1.0])
    last = np.zeros(3 * (2 + len(LAST)) + 2, np.float32)  # inputs three times, and two marks
    last[0] = 1.0  # the log-odds pass through
    arrays: dict[str, NDArray[Any]] = {
        "encoder": np.array("e"), "centre": np.zeros(len(NAMES)), "scale": np.ones(len(NAMES)),
        "last.centre": np.zeros(2 + len(LAST)), "last.scale": np.ones(2 + len(LAST)),
        "last.weight": last, "last.bias": np.zeros(1),
    }  # fmt: skip
    made = loaded(arrays | arrays_of(with_tokens, "tokens.0") | arrays_of(alone, "features.0"))
    rows = np.array([0])
    for seen, net in ((laid, with_tokens), (None, alone)):
        wanted = 1 / (1 + np.exp(-log_odds(net, table, rows, seen is not None)[0]))
        assert abs(made.chance(features[0].tolist(), seen, 0.5) - wanted) < 0.01  # weights are kept in 16 bits


def test_the_shipped_weights_are_for_the_features_and_the_encoder_that_there_are() -> None:
    weights = shipped()
    assert weights.encoder == bundled_minilm().stamp
    assert weights.arrays["centre"].shape == (len(NAMES),)
    inputs = last_inputs(np.zeros((1, len(NAMES)), np.float32), np.zeros(1, np.float32), np.full(1, 0.5, np.float32))
    assert weights.arrays["last.centre"].shape == inputs[0].shape


def test_a_better_fit_is_a_better_chance() -> None:
    names = dict.fromkeys(NAMES, 0.3)
    low = shipped().chance([*names.values()], None, 0.1)
    high = shipped().chance([*(names | {"covered 1": 1.0, "around 1": 1.0, "fit": 0.95}).values()], None, 0.95)
    assert 0 <= low < high <= 1
