"""Converts the bundled CLIP for OpenVINO, in a child process: `python -m app.adapters.encoders.clip_conversion`.

The graphs' vectors agree with open_clip's, or the process ends with an error.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from app.adapters.encoders.clip import SAME, Card, loaded
from app.adapters.encoders.clip_graphs import PICTURES, TEXTS, GraphEncoder, Precision
from app.adapters.encoders.clip_inputs import read_inputs
from app.adapters.encoders.image import Kept, write
from app.adapters.encoders.text_runtime import report_nothing, unit
from domain.ports import Vectors
from system.build_cache import sha256_of
from system.limits import end_with_parent

_TEXTS = ("", "bar chart", "A line chart of revenue &amp; cost, 2019\u20132025", "折线图，上升趋势", "\U0001f4ca " * 60)
_ROUNDS = 5  # the fastest counts: other processes may slow the others
_QUICKER = 0.9  # of float32's time


class Disagreement(RuntimeError):
    pass


def convert(model: Path, folder: Path) -> None:
    read_inputs(model)  # raises early if the inputs need open_clip
    clip, preprocess, tokenize = loaded(f"local-dir:{model}")
    _save(clip.visual, _stacked([preprocess(picture) for picture in _pictures()[:2]]), folder / PICTURES)
    _save(clip.text, tokenize(["one two", "three"]), folder / TEXTS)
    pictures, texts = _exact(clip, preprocess, tokenize)
    card = Card.read(model)
    encoders = {each: GraphEncoder(card, model, folder, each) for each in _precisions()}
    single = encoders["f32"]
    least = min(
        _agreement(single.encode_pictures(_pictures()), pictures), _agreement(single.encode_texts(_TEXTS), texts)
    )
    if least < SAME:
        raise Disagreement(f"cosine to torch {least:.4f}")
    kept = Kept(_best(encoders, pictures), sha256={path.name: sha256_of(path) for path in folder.iterdir()})
    write(kept, folder)


def _save(tower: Any, example: Any, graph: Path) -> None:
    """The graph takes any number of rows of the example's length."""
    report_nothing()
    import openvino
    import torch

    with torch.no_grad():
        converted = openvino.convert_model(tower, example_input=example)
    converted.reshape([-1, *example.shape[1:]])
    openvino.save_model(converted, graph, compress_to_fp16=False)


def _exact(clip: Any, preprocess: Any, tokenize: Any) -> tuple[Vectors, Vectors]:
    """open_clip's vectors of the pictures and texts used for the comparison."""
    import torch

    with torch.inference_mode():
        pictures = clip.encode_image(_stacked([preprocess(picture) for picture in _pictures()]))
        return unit(pictures.numpy()), unit(clip.encode_text(tokenize(list(_TEXTS))).numpy())


def _stacked(pixels: list[Any]) -> Any:
    import torch

    return torch.stack(pixels)


def _precisions() -> list[Precision]:
    import openvino

    can = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["f32", "bf16"] if "BF16" in can else ["f32"]


def _best(encoders: dict[Precision, GraphEncoder], exact: Vectors) -> Precision:
    """The fastest precision whose vectors are the same, measured in turns; float32 when in doubt."""
    pictures = _pictures()
    same = {name: each for name, each in encoders.items() if _agreement(each.encode_pictures(pictures), exact) >= SAME}
    seconds: dict[Precision, float] = {}
    for name, encoder in [*same.items()] * _ROUNDS:
        started = time.perf_counter()
        encoder.encode_pictures(pictures)
        seconds[name] = min(time.perf_counter() - started, seconds.get(name, np.inf))
    quicker = seconds.get("bf16", np.inf) < _QUICKER * seconds["f32"]
    return "bf16" if quicker else "f32"


def _agreement(vectors: Vectors, exact: Vectors) -> float:
    return float(np.sum(vectors * exact, axis=1).min())


def _pictures() -> list[Image.Image]:
    """Wide, tall, tiny and noisy pictures, which show faults in resizing and padding."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (150, 150, 3), np.uint8))
    sizes = ((400, 300), (90, 500), (500, 40), (3, 2), (128, 128), (129, 200))
    return [noise, Image.new("RGB", (64, 64), "black"), *(_bars(*size) for size in sizes)]


def _bars(width: int, height: int) -> Image.Image:
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    for place, share in enumerate((0.4, 0.7, 0.3, 0.9)):
        left = width * (2 * place + 1) // 9
        pen.rectangle((left, height - int(share * height), left + width // 9, height), fill="#1f77b4")
    return picture


if __name__ == "__main__":
    end_with_parent(int(sys.argv[3]))
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
