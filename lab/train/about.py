"""Learns whether evidence answers a question, for `python -m lab.measures.about --learn FILE`.

These are the nets that `answering.about.learned` computes in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from answering.about.alignment import FACTS, MOST_ASKED, Aligned

PROJECTED, HIDDEN, OF_FEATURES, JOINED = 96, 96, 32, 64
DROPPED = 0.3
BATCH = 64
RATE, DECAY, WARMING = 1e-3, 0.05, 0.1
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as arrays; those without tokens have `seen` False."""

    features: Floats  # (n, features), standardised
    asked: NDArray[np.float16]  # (n, MOST_ASKED, dimensions)
    beside: NDArray[np.float16]
    facts: Floats  # (n, MOST_ASKED, FACTS)
    mask: NDArray[np.bool_]
    labels: Floats
    weights: Floats


def table_of(
    features: Floats, tokens: Sequence[Aligned | None], labels: Sequence[bool], weights: Sequence[float]
) -> Table:
    dimensions = next(len(one.asked[0]) for one in tokens if one is not None)
    n = len(tokens)
    asked = np.zeros((n, MOST_ASKED, dimensions), np.float16)
    beside = np.zeros((n, MOST_ASKED, dimensions), np.float16)
    facts, mask = np.zeros((n, MOST_ASKED, FACTS), np.float32), np.zeros((n, MOST_ASKED), np.bool_)
    for at, one in enumerate(tokens):
        if one is None:
            mask[at, 0] = True
            continue
        length = len(one.asked)
        asked[at, :length], beside[at, :length], facts[at, :length] = one.asked, one.beside, one.facts
        mask[at, :length] = True
    return Table(features, asked, beside, facts, mask, np.asarray(labels, np.float32), np.asarray(weights, np.float32))


class WithTokens(nn.Module):
    def __init__(self, features: int, dimensions: int) -> None:
        super().__init__()
        self.norm, self.project = nn.LayerNorm(dimensions), nn.Linear(dimensions, PROJECTED)
        self.compare = nn.ModuleList([nn.Linear(4 * PROJECTED + FACTS, HIDDEN), nn.Linear(HIDDEN, HIDDEN)])
        self.attend, self.hidden = nn.Linear(HIDDEN, 2), nn.Linear(features, OF_FEATURES)
        self.join, self.out = nn.Linear(3 * HIDDEN + OF_FEATURES, JOINED), nn.Linear(JOINED, 1)
        self.drop, self.gelu = nn.Dropout(DROPPED), nn.GELU(approximate="tanh")

    def forward(self, features: Tensor, asked: Tensor, beside: Tensor, facts: Tensor, mask: Tensor) -> Tensor:
        mine, theirs = (self.drop(self.project(self.norm(one))) for one in (asked, beside))  # (n, tokens, projected)
        laid = torch.cat([mine, theirs, mine * theirs, (mine - theirs).abs(), facts], dim=-1)
        compared = self.gelu(self.compare[1](self.drop(self.gelu(self.compare[0](laid)))))
        attention = torch.softmax(self.attend(compared).masked_fill(~mask[..., None], -1e4), dim=1)
        pooled = torch.einsum("ntk,nth->nkh", attention, compared).flatten(1)
        highest = compared.masked_fill(~mask[..., None], -1e4).amax(dim=1)
        of_features = self.drop(self.gelu(self.hidden(features)))
        joined = self.drop(self.gelu(self.join(torch.cat([pooled, highest, of_features], dim=-1))))
        odds: Tensor = self.out(joined).squeeze(-1)
        return odds


class FeaturesAlone(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(features, OF_FEATURES), nn.Linear(OF_FEATURES, 1)
        self.drop, self.gelu = nn.Dropout(DROPPED), nn.GELU(approximate="tanh")

    def forward(self, features: Tensor, *_: Tensor) -> Tensor:
        odds: Tensor = self.out(self.drop(self.gelu(self.hidden(features)))).squeeze(-1)
        return odds


def learned(table: Table, rows: NDArray[np.int64], with_tokens: bool, epochs: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    width = table.features.shape[1]
    net: nn.Module = WithTokens(width, table.asked.shape[2]) if with_tokens else FeaturesAlone(width)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    steps = epochs * -(-len(rows) // BATCH)
    done = 0
    for _ in range(epochs):
        shuffled = order.permutation(rows)
        for at in range(0, len(shuffled), BATCH):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, (done + 1) / (WARMING * steps)) * (1 - done / steps)
            done += 1
            some = np.sort(shuffled[at : at + BATCH])
            odds = net.train()(*_inputs(table, some, with_tokens))
            loss = nn.functional.binary_cross_entropy_with_logits(
                odds, torch.from_numpy(table.labels[some]), weight=torch.from_numpy(table.weights[some])
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return net


def log_odds(net: nn.Module, table: Table, rows: NDArray[np.int64], with_tokens: bool) -> Floats:
    net.eval()
    parts = np.array_split(rows, max(1, len(rows) // 256))
    with torch.inference_mode():
        made = [net(*_inputs(table, part, with_tokens)).numpy() for part in parts if len(part)]
    return np.concatenate(made).astype(np.float32) if made else np.zeros(0, np.float32)


def _inputs(table: Table, rows: NDArray[np.int64], with_tokens: bool) -> tuple[Tensor, ...]:
    features = torch.from_numpy(table.features[rows])
    if not with_tokens:
        return (features,)
    mask = table.mask[rows]
    longest = int(mask.sum(axis=1).max())
    wide = (torch.from_numpy(one[rows, :longest].astype(np.float32)) for one in (table.asked, table.beside))
    return (features, *wide, torch.from_numpy(table.facts[rows, :longest]), torch.from_numpy(mask[:, :longest]))


def arrays_of(net: nn.Module, name: str) -> dict[str, NDArray[Any]]:
    return {f"{name}.{key}": value.numpy().astype(np.float16) for key, value in net.state_dict().items()}


def last_step(rows: Floats, labels: Floats, weights: Floats, ridge: float = 30.0) -> tuple[Floats, float]:
    """Weights and constant of a logistic regression, by Newton's method."""
    table = np.column_stack([rows, np.ones(len(rows))]).astype(np.float64)
    penalty = np.append(np.full(rows.shape[1], ridge), 1e-6)
    found = np.zeros(table.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (weights * (chance - labels)) + penalty * found
        bend = (table * (weights * chance * (1 - chance))[:, None]).T @ table + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        found = found - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return found[:-1].astype(np.float32), float(found[-1])
