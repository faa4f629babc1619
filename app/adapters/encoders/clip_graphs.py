"""The bundled CLIP as two OpenVINO graphs: without torch and open_clip it takes 300 MB less memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from PIL import Image

from app.adapters.encoders.clip import BATCH, LONGEST_TEXT, Card
from app.adapters.encoders.clip_inputs import Ids, Pixels, read_inputs
from app.adapters.encoders.decoding import small_picture
from app.adapters.encoders.text_runtime import FIRST_USE, report_nothing, unit
from domain.errors import Unreadable
from domain.ports import Vectors

PICTURES: Final = "pictures.xml"
TEXTS: Final = "texts.xml"

_LENGTHS = (8, 4, 2, 1)  # batch sizes: OpenVINO keeps kernels and buffers for each size, 250 MB for 1 to 32

Precision = Literal["f32", "bf16"]  # OpenVINO's names


class Tower:
    """One graph, ready to run. Thread-safe: callers take turns, as an OpenVINO request serves one at a time."""

    def __init__(self, graph: Path, precision: Precision, threads: int | None = None) -> None:
        """`threads`: all cores' where none is given.

        Raises ImportError or RuntimeError: OpenVINO is missing, or can't read the graph.
        """
        report_nothing()
        import openvino

        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,  # OpenVINO may choose one that is only emulated
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        with FIRST_USE:
            compiled = openvino.Core().compile_model(graph, "CPU", options)
            self.dimensions = int(compiled.output(0).partial_shape[1].get_length())
            self._request = compiled.create_infer_request()
            self._turn = threading.Lock()
            taken = compiled.input(0)
            sides = [side.get_length() for side in list(taken.partial_shape)[1:]]
            self._request.infer([np.zeros((1, *sides), taken.element_type.to_dtype())])

    def __call__(self, rows: Pixels | Ids) -> Vectors:
        """(n, …) to unit rows (n, dimensions)."""
        vectors = np.concatenate([self._run(piece) for piece in _pieces(rows)])
        if not np.isfinite(vectors).all():
            raise Unreadable("The image model gave no usable vector.")
        return vectors

    def _run(self, rows: Pixels | Ids) -> Vectors:
        with self._turn:
            return unit(self._request.infer([rows])[0])


class GraphEncoder:
    """An `ImageEncoder` with the same name as the one in torch: their vectors can share an index."""

    def __init__(
        self, card: Card, model: Path, graphs: Path, precision: Precision, *, pictures_only: bool = False
    ) -> None:
        """`model`: the folder with the model's own files; `precision`: of the pictures, texts being quick anyway.
        `pictures_only`: the text tower is made ready when the first text comes, which may be never."""
        self._card = card
        self._pictures, self._texts = read_inputs(model)
        self._see = Tower(graphs / PICTURES, precision)
        self._reader = cache(lambda: Tower(graphs / TEXTS, "f32", threads=1))  # loading it twice does no harm
        if not pictures_only:
            self._reader()

    @property
    def name(self) -> str:
        return self._card.stamp

    @property
    def dimensions(self) -> int:
        return self._see.dimensions

    @property
    def threshold(self) -> float:
        return self._card.threshold

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        """Raises Unreadable for the first picture that can't be decoded."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        side = self._pictures.side
        vectors = [self.encode_pictures([small_picture(data, side) for data in batch]) for batch in batches]
        return np.concatenate(vectors) if vectors else np.zeros((0, self.dimensions), np.float32)

    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Vectors:
        """Pictures that are decoded already, one batch."""
        return self._see(self._pictures.pixels(pictures))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return self._reader()(self._texts.ids([text[:LONGEST_TEXT] for text in texts]))


def _pieces(rows: Pixels | Ids) -> Iterator[Pixels | Ids]:
    """As few batches as possible with the sizes of `_LENGTHS`."""
    start = 0
    while left := len(rows) - start:
        length = next(length for length in _LENGTHS if length <= left)
        yield rows[start : start + length]
        start += length
