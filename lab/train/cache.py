"""Keeps drawings on disk: drawing takes longer than learning, and each drawing is learned from several times.

python -m lab.train.cache --folder /tmp/clip-cache --seed train --to 60000
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lab.train.draw import draw, tables
from lab.train.facts import Facts

SHARD = 500
DRAWINGS = "2"  # changes with what is drawn or known of it: drawings of two kinds must not be mixed


class OtherDrawings(RuntimeError):
    """The folder holds drawings of another version of the training."""


@dataclass(frozen=True, slots=True)
class Sample:
    jpeg: bytes
    facts: Facts

    def picture(self) -> Image.Image:
        return Image.open(io.BytesIO(self.jpeg)).convert("RGB")


def write(folder: Path, seed: str, firsts: Iterable[int], stop: int) -> None:
    """The shards that begin with these numbers; those that are there already are left alone. Raises OtherDrawings."""
    stamp_as_ours(folder)
    choice = tables()
    for first in firsts:
        done = shard_path(folder, seed, first)
        if done.exists():
            continue
        pixels, facts = bytearray(), []
        for number in range(first, min(first + SHARD, stop)):
            picture, known = draw(f"{seed}/{number}", choice)
            encoded = io.BytesIO()
            picture.save(encoded, "JPEG", quality=92, subsampling=0)
            facts.append(json.dumps({"bytes": encoded.tell(), "facts": known.to_json()}, ensure_ascii=False))
            pixels += encoded.getvalue()
        done.with_suffix(".bin").write_bytes(pixels)
        part = done.with_suffix(".part")
        part.write_text("\n".join(facts), "utf-8")
        part.rename(done)


def stamp_as_ours(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "drawings"
    if not stamp.exists() and not any(folder.glob("*.jsonl")):
        stamp.write_text(DRAWINGS, "utf-8")
    if not stamp.exists() or stamp.read_text("utf-8") != DRAWINGS:
        raise OtherDrawings(f"{folder} holds drawings of another version of the training: remove it, or name another.")


def shard_path(folder: Path, seed: str, first: int) -> Path:
    return folder / f"{seed}-{first:07d}.jsonl"


def shards(folder: Path, seed: str) -> list[Path]:
    return sorted(folder.glob(f"{seed}-*.jsonl"))


def read(shard: Path) -> Iterator[Sample]:
    pixels, at = shard.with_suffix(".bin").read_bytes(), 0
    for line in shard.read_text("utf-8").splitlines():
        entry = json.loads(line)
        yield Sample(pixels[at : at + entry["bytes"]], Facts.from_json(entry["facts"]))
        at += entry["bytes"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", default="train")
    parser.add_argument("--to", type=int, default=60_000, dest="stop")
    parser.add_argument("--artist", type=int, default=0, help="which of several that share the work")
    parser.add_argument("--artists", type=int, default=1)
    given = parser.parse_args()
    write(given.folder, given.seed, range(given.artist * SHARD, given.stop, given.artists * SHARD), given.stop)


if __name__ == "__main__":
    main()
