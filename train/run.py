"""Trains the CLIP that Exhibit ships, from nothing but drawings.

python -m train.run --minutes 110            draws, trains, prints held-out figures, writes the model's folder
python -m train.run --minutes 50 --on FOLDER --rate 7e-4      the same, beginning with the weights in that folder

Seeds are fixed, so the drawings and their order are the same on every run; how many steps fit into the minutes
depends on the machine.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from app.adapters.torchvision_shim import declare_operators
from train import measure
from train.cache import Sample, read, shards, write
from train.damage import damaged, squared
from train.facts import KINDS, caption
from train.model import config, write_config, write_tokenizer, write_weights

declare_operators()
import open_clip  # noqa: E402

log = logging.getLogger("train")

ITEMS = 96  # drawings in a batch
TWINS = 32  # of which so many are seen twice: damaged otherwise, captioned in the other language
ALIKE = 48  # of which so many are of a few kinds only, so that details must tell them apart
HELD_OUT = 1_000
RARE = 25  # details drawn less often than this are no hint


@dataclass(slots=True)
class Drawings:
    """All drawings that are on disk so far; more are taken up as they come."""

    folder: Path
    samples: list[Sample]
    by_kind: dict[str, list[int]]
    taken: set[Path]

    def take_up(self) -> None:
        for shard in shards(self.folder, "train"):
            if shard in self.taken:
                continue
            self.taken.add(shard)
            for sample in read(shard):
                self.by_kind.setdefault(sample.facts.kind, []).append(len(self.samples))
                self.samples.append(sample)

    def some(self, rng: random.Random) -> list[int]:
        alike: list[int] = []
        for kind in rng.sample(sorted(self.by_kind), 4):
            alike += rng.choices(self.by_kind[kind], k=ALIKE // 4)
        return list(dict.fromkeys(alike + rng.sample(range(len(self.samples)), ITEMS - len(alike))))


@dataclass(frozen=True, slots=True)
class Batch:
    pixels: torch.Tensor  # (n, 3, side, side), bytes
    tokens: torch.Tensor  # (n, context)
    owners: torch.Tensor  # (n,): which drawing
    texts: list[str]
    samples: list[Sample]


def batch(drawings: Drawings, tokenize: Any, side: int, rng: random.Random) -> Batch:
    owners = drawings.some(rng)
    twins = owners[:: max(1, len(owners) // TWINS)][:TWINS]
    languages = [rng.randrange(2) for _ in owners]
    said = dict(zip(owners, languages, strict=True))
    pixels, texts = [], []
    for owner, language in [*zip(owners, languages, strict=True), *((twin, 1 - said[twin]) for twin in twins)]:
        sample = drawings.samples[owner]
        pixels.append(np.asarray(squared(damaged(sample.picture(), rng), side)))
        texts.append(caption(sample.facts, rng, language, rng.choice((0.5, 0.8, 1.0))))
    tokens = tokenize(texts)
    drawn = [drawings.samples[owner] for owner in (*owners, *twins)]
    return Batch(
        torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2), tokens, torch.tensor([*owners, *twins]), texts, drawn
    )


def batches(drawings: Drawings, tokenize: Any, side: int, seed: int) -> Iterator[Batch]:
    """Each is prepared while the one before it is learned."""
    with ThreadPoolExecutor(1) as ahead:
        number = 0
        coming = ahead.submit(batch, drawings, tokenize, side, random.Random(f"{seed}/0"))
        while True:
            ready = coming.result()
            number += 1
            coming = ahead.submit(batch, drawings, tokenize, side, random.Random(f"{seed}/{number}"))
            yield ready


def same(owners: torch.Tensor, texts: list[str]) -> torch.Tensor:
    """(n, n): which texts are true of which drawings, as far as is known."""
    word = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    said = torch.tensor([word[text] for text in texts])
    return ((owners[:, None] == owners[None]) | (said[:, None] == said[None])).float()


def _soft(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return -(truth / truth.sum(1, keepdim=True) * F.log_softmax(logits, 1)).sum(1).mean()


def _twins(vectors: torch.Tensor, owners: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Each drawing that is there twice finds itself among all others."""
    itself = torch.eye(len(owners), dtype=torch.bool)
    truth = (owners[:, None] == owners[None]) & ~itself
    rows = truth.any(1)
    logits = (scale * vectors @ vectors.T).masked_fill(itself, -1e4)
    return _soft(logits[rows], truth[rows].float())


class Hints(torch.nn.Module):
    """What is known of a drawing besides its caption, told to the towers while they learn, and then thrown away:
    kinds as points that both towers must come near, details as yes or no from the image's vector."""

    def __init__(self, samples: Sequence[Sample], width: int) -> None:
        super().__init__()
        counted = Counter(detail for sample in samples for detail in sample.facts.details)
        self.details = {detail: i for i, (detail, n) in enumerate(counted.most_common()) if n >= RARE}
        self.kinds = {kind: i for i, kind in enumerate(KINDS)}
        self.points = torch.nn.Parameter(torch.randn(len(self.kinds), width))
        self.ask = torch.nn.Linear(width, len(self.details))
        torch.nn.init.constant_(self.ask.bias, -4.0)

    def forward(self, images: torch.Tensor, texts: torch.Tensor, samples: Sequence[Sample]) -> torch.Tensor:
        """Vectors of unit length; the samples are theirs."""
        kinds = torch.tensor([self.kinds[sample.facts.kind] for sample in samples])
        points = 16 * F.normalize(self.points, dim=-1).T
        near = F.cross_entropy(images @ points, kinds) + F.cross_entropy(texts @ points, kinds)
        true = torch.zeros(len(samples), len(self.details))
        for row, sample in enumerate(samples):
            true[row, [self.details[detail] for detail in sample.facts.details if detail in self.details]] = 1
        asked = F.binary_cross_entropy_with_logits(self.ask(8 * images), true, reduction="sum") / len(samples)
        return 0.5 * near + 0.1 * asked


def loss(model: Any, hints: Hints, ready: Batch) -> torch.Tensor:
    pixels = (ready.pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):  # with channels last, 1.4 times as fast as single precision
        seen, read = model.encode_image(pixels), model.encode_text(ready.tokens)
    images, texts = F.normalize(seen.float(), dim=-1), F.normalize(read.float(), dim=-1)
    scale, truth = model.logit_scale.exp(), same(ready.owners, ready.texts)
    logits = scale * images @ texts.T
    told: torch.Tensor = hints(images, texts, ready.samples)
    return (
        told
        + _soft(logits, truth)
        + _soft(logits.T, truth.T)
        + 0.5 * _twins(images, ready.owners, scale)
        + 0.25 * _twins(texts, ready.owners, scale)
    )


class Averaged:
    """The running mean of the weights: better than the last ones, at any moment."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.state = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self.steps = 0

    @torch.no_grad()
    def follow(self, model: torch.nn.Module) -> None:
        self.steps += 1
        keep = min(0.995, self.steps / (self.steps + 20))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - keep)
            else:
                self.state[name].copy_(value)


def _optimizer(model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    weights = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.98)
    )


@dataclass(frozen=True, slots=True)
class Length:
    """How long to learn: for minutes, or, the same on every machine and however often it pauses, for pairs."""

    minutes: float
    pairs: int = 0

    def share(self, since: float, seen: int) -> float:
        return seen / self.pairs if self.pairs else (time.monotonic() - since) / (self.minutes * 60)


def train(folder: Path, cache: Path, length: Length, rate: float, side: int, name: str, seed: int, on: bool) -> None:
    """Writes the model's folder every few minutes, and at the end.

    `on`: begins with the weights that are in the folder.
    """
    drawings = Drawings(cache, [], {}, set())
    drawings.take_up()
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}", load_weights=on)
    model.float().to(memory_format=torch.channels_last)
    tokenize = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.train()
    held = [sample for shard in shards(cache, "held") for sample in read(shard)][:HELD_OUT]
    hints = Hints(drawings.samples, config(side, "")["model_cfg"]["embed_dim"])
    optimizer, averaged = _optimizer(torch.nn.ModuleList([model, hints]), rate), Averaged(model)
    started = saved = time.monotonic()
    seen = 0
    for step, ready in enumerate(batches(drawings, tokenize, side, seed)):
        share = length.share(started, seen)
        if share >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, share / 0.04 + 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        value = loss(model, hints, ready)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(60))
        averaged.follow(model)
        seen += len(ready.texts)
        if step % 20 == 0:
            log.info(
                "step %d loss %.3f scale %.1f seen %d of %d drawings, %.0f%%",
                step,
                value.item(),
                model.logit_scale.exp().item(),
                seen,
                len(drawings.samples),
                share * 100,
            )
            drawings.take_up()
        if time.monotonic() - saved > 480:
            saved = time.monotonic()
            _save(folder, averaged, preprocess, tokenize, held, name)
    log.info("%d steps, %d pairs seen", step, seen)
    _save(folder, averaged, preprocess, tokenize, held, name)


def _save(folder: Path, averaged: Averaged, preprocess: Any, tokenize: Any, held: list[Sample], name: str) -> None:
    model, *_ = open_clip.create_model_and_transforms(f"local-dir:{folder}", load_weights=False)
    model.load_state_dict(averaged.state)
    model.eval()
    measured = measure.held_out(model, preprocess, tokenize, held)
    for which, found in measured.recalls.items():
        log.info("held out, %s: %s", which, found)
    write_weights(folder, averaged.state, name, measured.threshold)
    log.info("written to %s, threshold %.3f", folder, measured.threshold)


def prepare(folder: Path, cache: Path, side: int, trunk: str) -> None:
    write_config(folder, side, trunk)
    rng = random.Random("tokenizer")
    first = [sample for shard in shards(cache, "train")[:12] for sample in read(shard)]
    write_tokenizer(folder, [caption(sample.facts, rng, language, 1.0) for sample in first for language in (0, 1)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=110)
    parser.add_argument("--pairs", type=int, default=0, help="learn from so many pairs, however long it takes")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/clip-cache"))  # noqa: S108
    parser.add_argument("--out", type=Path, default=Path("app/adapters/models/exhibit-clip"))
    parser.add_argument("--drawings", type=int, default=80_000)
    parser.add_argument("--on", type=Path, help="go on from this model, with its own tokenizer")
    parser.add_argument("--seed", type=int, default=1, help="of the batches: their drawings, captions and damage")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--trunk", default="shvit_s1")
    parser.add_argument("--name", default="exhibit-clip-1")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("root").setLevel(logging.WARNING)  # open_clip logs there at length
    log.setLevel(logging.INFO)
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    write(given.cache, "held", 0, HELD_OUT)
    write(given.cache, "train", 0, min(6_000, given.drawings))
    artist = subprocess.Popen(  # noqa: S603  # draws on while the model learns
        [
            sys.executable,
            "-m",
            "train.cache",
            "--folder",
            str(given.cache),
            "--seed",
            "train",
            "--to",
            str(given.drawings),
        ]
    )
    try:
        if given.on is None:
            prepare(given.out, given.cache, given.side, given.trunk)
        elif given.on.resolve() != given.out.resolve():
            shutil.copytree(given.on, given.out, dirs_exist_ok=True)
        train(
            given.out,
            given.cache,
            Length(given.minutes, given.pairs),
            given.rate,
            given.side,
            given.name,
            given.seed,
            given.on is not None,
        )
    finally:
        artist.terminate()


if __name__ == "__main__":
    main()
