"""Trains the CLIP that Exhibit ships, from drawings only.

python -m lab.train.run --out FOLDER --side 128 --pairs 450000    draws, trains, prints figures, writes the model
python -m lab.train.run --out OTHER --on FOLDER --minutes 50      the same, beginning with the weights in that folder

It learns on a GPU where there is one; then give it larger batches, more drawings, and let it begin with the first of
them while the others are drawn (`--first`).
Seeds are fixed: each drawing is the same on every run, and so is their order once all are drawn. How many steps fit
into the minutes depends on the machine.
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
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from app.adapters.encoders.torchvision_shim import declare_operators
from lab.train import measure
from lab.train.cache import SHARD, Sample, read, shard_path, shards, write
from lab.train.damage import damaged, squared
from lab.train.facts import KINDS, caption
from lab.train.model import config, write_config, write_side, write_tokenizer, write_weights
from lab.train.words import Pair

declare_operators()
import open_clip  # noqa: E402

log = logging.getLogger("train")

KIND_NUMBERS = {kind: i for i, kind in enumerate(KINDS)}
SIDE = 192
HELD_OUT = 1_000
RARE = 25  # details drawn less often than this are no hint


@dataclass(slots=True)
class Drawings:
    """All drawings that are on disk so far; more are taken up as they come."""

    folder: Path
    samples: list[Sample] = field(default_factory=list)
    by_kind: dict[str, list[int]] = field(default_factory=dict)
    taken: set[Path] = field(default_factory=set)

    def take_up(self) -> None:
        for shard in shards(self.folder, "train"):
            if shard in self.taken:
                continue
            self.taken.add(shard)
            for sample in read(shard):
                self.by_kind.setdefault(sample.facts.kind, []).append(len(self.samples))
                self.samples.append(sample)

    def some(self, rng: random.Random, items: int) -> list[int]:
        """A sample; half of it has only a few kinds, so that details must tell them apart."""
        alike: list[int] = []
        few = max(4, items // 48)
        for kind in rng.sample(sorted(self.by_kind), few):
            alike += rng.choices(self.by_kind[kind], k=items // 2 // few)
        return list(dict.fromkeys(alike + rng.sample(range(len(self.samples)), items - len(alike))))


@dataclass(frozen=True, slots=True)
class Batch:
    pixels: torch.Tensor  # (n, 3, side, side), bytes
    tokens: torch.Tensor  # (n, context)
    owners: torch.Tensor  # (n,): which drawing
    said: torch.Tensor  # (n,): which caption; the same words, the same number
    kinds: torch.Tensor  # (n,)
    details: torch.Tensor  # (n, known details), bytes: which are true of it

    def pin_memory(self) -> Batch:
        return Batch(*(getattr(self, part.name).pin_memory() for part in fields(self)))

    def on(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, part.name).to(device, non_blocking=True) for part in fields(self)))


def known_details(samples: Sequence[Sample]) -> dict[Pair, int]:
    counted = Counter(detail for sample in samples for detail in sample.facts.details)
    return {detail: i for i, (detail, n) in enumerate(counted.most_common()) if n >= RARE}


class Batches(IterableDataset[Batch]):
    """Prepared by other processes while earlier ones are learned; each is drawn from its own number, so
    they are the same however many processes there are, as long as the drawings are."""

    def __init__(
        self, drawings: Drawings, details: dict[Pair, int], tokenize: Any, side: int, items: int, seed: int
    ) -> None:
        self._drawings, self._details, self._tokenize = drawings, details, tokenize
        self._side, self._items, self._seed = side, items, seed

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        while True:
            if (number // workers) % 20 == 0:
                self._drawings.take_up()
            yield self._batch(random.Random(f"{self._seed}/{number}"))
            number += workers

    def _batch(self, rng: random.Random) -> Batch:
        """A third of the drawings are in it twice: damaged otherwise, captioned in the other language."""
        owners = self._drawings.some(rng, self._items)
        twins = owners[::3]
        languages = [rng.randrange(2) for _ in owners]
        spoken = dict(zip(owners, languages, strict=True))
        pixels: list[Any] = []
        texts: list[str] = []
        kinds: list[int] = []
        details = torch.zeros(len(owners) + len(twins), len(self._details), dtype=torch.uint8)
        for owner, language in [*zip(owners, languages, strict=True), *((twin, 1 - spoken[twin]) for twin in twins)]:
            sample = self._drawings.samples[owner]
            for detail in sample.facts.details:
                if detail in self._details:
                    details[len(texts), self._details[detail]] = 1
            kinds.append(KIND_NUMBERS[sample.facts.kind])
            pixels.append(np.asarray(squared(damaged(sample.picture(), rng), self._side)))
            texts.append(caption(sample.facts, rng, language, rng.choice((0.5, 0.8, 1.0))))
        word = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        return Batch(
            torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2),
            self._tokenize(texts),
            torch.tensor([*owners, *twins]),
            torch.tensor([word[text] for text in texts]),
            torch.tensor(kinds),
            details,
        )


def same(ready: Batch) -> torch.Tensor:
    """(n, n): which texts are true of which drawings, as far as is known."""
    return ((ready.owners[:, None] == ready.owners[None]) | (ready.said[:, None] == ready.said[None])).float()


def _soft(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return -(truth / truth.sum(1, keepdim=True) * F.log_softmax(logits, 1)).sum(1).mean()


def _twins(vectors: torch.Tensor, owners: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Each drawing that is there twice finds itself among all others."""
    itself = torch.eye(len(owners), dtype=torch.bool, device=owners.device)
    truth = (owners[:, None] == owners[None]) & ~itself
    rows = truth.any(1)
    logits = (scale * vectors @ vectors.T).masked_fill(itself, -1e4)
    return _soft(logits[rows], truth[rows].float())


class Hints(torch.nn.Module):
    """What is known of a drawing besides its caption, told to the towers while they learn, and then thrown away:
    kinds as points that both towers must come near, details as yes or no from the image's vector."""

    def __init__(self, details: int, width: int) -> None:
        super().__init__()
        self.points = torch.nn.Parameter(torch.randn(len(KINDS), width))
        self.ask = torch.nn.Linear(width, details)
        torch.nn.init.constant_(self.ask.bias, -4.0)

    def forward(self, images: torch.Tensor, texts: torch.Tensor, ready: Batch) -> torch.Tensor:
        """Vectors of unit length."""
        points = 16 * F.normalize(self.points, dim=-1).T
        near = F.cross_entropy(images @ points, ready.kinds) + F.cross_entropy(texts @ points, ready.kinds)
        asked = F.binary_cross_entropy_with_logits(self.ask(8 * images), ready.details.float(), reduction="sum")
        return 0.5 * near + 0.1 * asked / len(images)


def loss(model: Any, hints: Hints, ready: Batch) -> torch.Tensor:
    pixels = (ready.pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    with torch.autocast(pixels.device.type, dtype=torch.bfloat16):  # on the CPU 1.4 times as fast as single precision
        seen, read = model.encode_image(pixels), model.encode_text(ready.tokens)
    images, texts = F.normalize(seen.float(), dim=-1), F.normalize(read.float(), dim=-1)
    scale, truth = model.logit_scale.exp(), same(ready)
    logits = scale * images @ texts.T
    told: torch.Tensor = hints(images, texts, ready)
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
        now = model.state_dict()
        floating = [name for name, value in now.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.state[name] for name in floating], [now[name] for name in floating], 1 - keep)
        for name in now.keys() - set(floating):
            self.state[name].copy_(now[name])


class _InSinglePrecision(torch.nn.Conv2d):
    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(pixels.device.type, enabled=False):
            return super().forward(pixels.float())


def hasten_on_cpu(model: torch.nn.Module) -> None:
    """Depthwise convolutions with a stride are computed in single precision: backwards they take 15 to 50 times as long
    in bfloat16."""
    for part in model.modules():
        if type(part) is torch.nn.Conv2d and part.groups == part.in_channels > 1 and max(part.stride) > 1:
            part.__class__ = _InSinglePrecision


def _stand_back(_worker: int) -> None:
    """On a CPU, learning has priority over preparing, because its threads wait for each other."""
    os.nice(10)


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


@dataclass(frozen=True, slots=True)
class Plan:
    folder: Path  # of the model
    length: Length
    rate: float
    side: int
    items: int  # drawings in a batch; a third of them are in it twice
    name: str
    seed: int
    on: bool  # begins with the weights that are in the folder
    workers: int  # processes that prepare batches
    save_every: float  # seconds


def train(plan: Plan, cache: Path) -> None:
    """Writes the model's folder now and then, and at the end."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    drawings = Drawings(cache)
    drawings.take_up()
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{plan.folder}", load_weights=plan.on)
    model.float().to(device, memory_format=torch.channels_last)
    tokenize = open_clip.get_tokenizer(f"local-dir:{plan.folder}")
    if device.type == "cpu":
        hasten_on_cpu(model)
    model.train()
    held = [sample for shard in shards(cache, "held") for sample in read(shard)][:HELD_OUT]
    details = known_details(drawings.samples)
    hints = Hints(len(details), config(plan.side, "")["model_cfg"]["embed_dim"]).to(device)
    optimizer, averaged = _optimizer(torch.nn.ModuleList([model, hints]), plan.rate), Averaged(model)
    batches = DataLoader(
        Batches(drawings, details, tokenize, plan.side, plan.items, plan.seed),
        batch_size=None,
        num_workers=plan.workers,
        pin_memory=device.type == "cuda",
        worker_init_fn=_stand_back if device.type == "cpu" else None,
    )
    started = saved = time.monotonic()
    seen = 0
    for step, ready in enumerate(batches):
        share = plan.length.share(started, seen)
        if share >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = (
                plan.rate * min(1, share / 0.04 + 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            )
        value = loss(model, hints, ready.on(device))
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(60))
        averaged.follow(model)
        seen += len(ready.said)
        if step % 20 == 0:
            scale = model.logit_scale.exp().item()
            log.info(
                "step %d loss %.3f scale %.1f seen %d, %.0f%%, %.0f s",
                step, value.item(), scale, seen, share * 100, time.monotonic() - started,
            )  # fmt: skip
        if time.monotonic() - saved > plan.save_every:
            saved = time.monotonic()
            _save(plan, averaged, preprocess, tokenize, held)
    log.info("%d steps, %d pairs seen, of %d drawings", step, seen, SHARD * len(shards(cache, "train")))
    _save(plan, averaged, preprocess, tokenize, held)


def _save(plan: Plan, averaged: Averaged, preprocess: Any, tokenize: Any, held: list[Sample]) -> None:
    model, *_ = open_clip.create_model_and_transforms(f"local-dir:{plan.folder}", load_weights=False)
    state = {name: value.cpu() for name, value in averaged.state.items()}
    model.load_state_dict(state)
    model.eval()
    measured = measure.held_out(model, preprocess, tokenize, held)
    for which, found in measured.recalls.items():
        log.info("held out, %s: %s", which, found)
    write_weights(plan.folder, state, plan.name, measured.threshold)
    log.info("written to %s, threshold %.3f", plan.folder, measured.threshold)


def prepare(folder: Path, cache: Path, side: int, trunk: str) -> None:
    write_config(folder, side, trunk)
    rng = random.Random("tokenizer")
    first = [sample for shard in shards(cache, "train")[:12] for sample in read(shard)]
    write_tokenizer(folder, [caption(sample.facts, rng, language, 1.0) for sample in first for language in (0, 1)])


@contextmanager
def artists_at_work(cache: Path, drawings: int, artists: int, first: int) -> Iterator[None]:
    """Processes that draw while the model learns; entered when the first drawings are there. Raises RuntimeError."""
    command = [sys.executable, "-m", "lab.train.cache", "--folder", str(cache), "--to", str(drawings)]
    drawing = [
        subprocess.Popen([*command, "--artist", str(number), "--artists", str(artists)])  # noqa: S603
        for number in range(artists)
    ]
    wanted = {shard_path(cache, "train", at) for at in range(0, min(first, drawings), SHARD)}
    try:
        while not wanted <= set(shards(cache, "train")):
            if all(artist.poll() is not None for artist in drawing) and not wanted <= set(shards(cache, "train")):
                raise RuntimeError("the artists ended before they had drawn enough to begin with")
            time.sleep(0.2)
        yield
    finally:
        for artist in drawing:
            artist.terminate()


def main() -> None:
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=110)
    parser.add_argument("--pairs", type=int, default=0, help="learn from so many pairs, however long it takes")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/clip-cache"))  # noqa: S108
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the model: written now and then, and at the end"
    )
    parser.add_argument("--drawings", type=int, default=30_000)
    parser.add_argument("--first", type=int, default=30_000, help="drawings to have before learning begins")
    parser.add_argument("--on", type=Path, help="go on from this model, with its own tokenizer")
    parser.add_argument("--seed", type=int, default=1, help="of the batches: their drawings, captions and damage")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--items", type=int, default=96, help="drawings in a batch, a third of them twice")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of the square that the model sees")
    parser.add_argument("--trunk", default="shvit_s1")
    parser.add_argument("--name", default="exhibit-clip-own")
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--workers", type=int, default=cores, help="processes that prepare batches")
    parser.add_argument("--artists", type=int, default=cores, help="processes that draw")
    parser.add_argument("--save-every", type=float, default=480, help="seconds")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    logging.getLogger("root").setLevel(logging.WARNING)  # open_clip logs there at length
    log.setLevel(logging.INFO)
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    write(given.cache, "held", range(0, HELD_OUT, SHARD), HELD_OUT)
    with artists_at_work(given.cache, given.drawings, given.artists, given.first):
        if given.on is None:
            prepare(given.out, given.cache, given.side, given.trunk)
        else:
            if given.on.resolve() != given.out.resolve():
                shutil.copytree(given.on, given.out, dirs_exist_ok=True)
            write_side(given.out, given.side)
        train(
            Plan(
                given.out, Length(given.minutes, given.pairs), given.rate, given.side, given.items, given.name,
                given.seed, given.on is not None, given.workers, given.save_every,
            ),
            given.cache,
        )  # fmt: skip


if __name__ == "__main__":
    main()
