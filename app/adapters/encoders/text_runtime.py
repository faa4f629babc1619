"""Runs a sentence-transformers model on token ids, in one of several number formats."""

from __future__ import annotations

import copy
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from app.adapters.encoders.torchvision_shim import declare_operators
from domain.errors import BadConfiguration
from domain.ports import Vectors

NumberFormat = Literal["float32", "bfloat16", "float16-cuda", "int8", "int8-bfloat16"]

MOST_TOKENS = 1024  # also for models that accept more: attention over 8,192 tokens needs gigabytes for one text
_RANK = 3  # texts, tokens, dimensions
GRAPH = "int8.xml"
TOKENIZER = "tokenizer.json"

# OpenVINO's binding initialises itself at its first use. Two threads doing so at the same moment deadlock, one of them
# with the interpreter's lock: the whole process hangs. So each graph is run once when it is loaded, one at a time.
FIRST_USE = threading.Lock()

Ids = NDArray[np.int64]  # (n, tokens)


class Run(Protocol):
    def __call__(self, ids: Ids, mask: Ids) -> Vectors:
        """Token ids and attention mask to unit rows (n, dimensions). Not thread-safe."""
        ...


class TokenRun(Protocol):
    def __call__(self, ids: Ids, mask: Ids) -> tuple[Vectors, NDArray[np.float32]]:
        """Beside the unit rows the last layer (n, tokens, dimensions), from which they are pooled. Not thread-safe."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    dimensions: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A model as sentence-transformers loads it, pooling and normalisation included."""

    module: Any
    tokenizer: str  # of the `tokenizers` library, as JSON
    shape: Shape

    def run(self, number_format: NumberFormat) -> Run:
        with_tokens = self.token_run(number_format)
        return lambda ids, mask: with_tokens(ids, mask)[0]

    def token_run(self, number_format: NumberFormat) -> TokenRun:
        import torch

        module = self.module
        if number_format == "bfloat16":
            module = copy.deepcopy(module).to(torch.bfloat16)
        elif number_format == "float16-cuda":
            module = copy.deepcopy(module).to("cuda", torch.float16)

        def run(ids: Ids, mask: Ids) -> tuple[Vectors, NDArray[np.float32]]:
            with torch.inference_mode():
                features = {
                    "input_ids": torch.from_numpy(ids).to(module.device),
                    "attention_mask": torch.from_numpy(mask).to(module.device),
                }
                made = module(features)
                vectors = unit(made["sentence_embedding"].float().cpu().numpy())
                return vectors, made["token_embeddings"].float().cpu().numpy()

        return run


def load(folder: Path, threads: int | None) -> SentenceModel:
    """Raises BadConfiguration when the folder holds no model that sentence-transformers can load."""
    declare_operators()
    with quiet():
        import torch
        from sentence_transformers import SentenceTransformer  # takes 4 s to import: only if torch computes

        if threads is not None:
            torch.set_num_threads(threads)
        try:
            module = SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise BadConfiguration(f"The model in {folder} can't be loaded: {str(error).splitlines()[0]}") from error
    dimensions = module.get_embedding_dimension()
    assert dimensions is not None
    return SentenceModel(
        module,
        module.tokenizer.backend_tokenizer.to_str(),
        Shape(dimensions, min(module.max_seq_length or MOST_TOKENS, MOST_TOKENS)),
    )


def openvino_run(graph: Path, number_format: NumberFormat, threads: int | None) -> Run:
    """A cached int8 graph, ready to run without torch and sentence-transformers."""
    with_tokens = openvino_token_run(graph, number_format, threads)
    return lambda ids, mask: with_tokens(ids, mask)[0]


def openvino_token_run(graph: Path, number_format: NumberFormat, threads: int | None) -> TokenRun:
    report_nothing()
    import openvino

    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",  # one stream with all threads is faster than two with half of them
        # By default OpenVINO uses float16 on some processors that only emulate it, which takes almost for ever.
        "INFERENCE_PRECISION_HINT": "bf16" if number_format == "int8-bfloat16" else "f32",
    }
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    with FIRST_USE:
        core = openvino.Core()
        model = core.read_model(graph)
        model.add_outputs([_last_layer(model)])
        request = core.compile_model(model, "CPU", options).create_infer_request()
        request.infer({"input_ids": np.ones((1, 8), np.int64), "attention_mask": np.ones((1, 8), np.int64)})

    def run(ids: Ids, mask: Ids) -> tuple[Vectors, NDArray[np.float32]]:
        made = request.infer({"input_ids": ids, "attention_mask": mask})
        return unit(made[0]), np.array(made[1], np.float32)

    return run


def _last_layer(graph: Any) -> Any:
    """The output of the last layer: of all that is as wide as the pooled vector, the last that is still per token."""
    width = graph.outputs[0].get_partial_shape()[1]
    outputs = [op.output(0) for op in graph.get_ordered_ops() if op.get_type_name() == "Add"]
    shapes = ((one, one.get_partial_shape()) for one in outputs)
    return [one for one, shape in shapes if shape.rank.get_length() == _RANK and shape[_RANK - 1] == width][-1]


def report_nothing() -> None:
    """Turns telemetry off. Call it before the first import of openvino or nncf."""
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))  # they then take it as not installed


def unit(vectors: NDArray[np.float32]) -> Vectors:
    """A copy with rows of length 1: low precision makes them slightly inexact."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return rows


@contextmanager
def quiet() -> Iterator[None]:
    """Hides the libraries' progress bars and warnings while a model is loaded."""
    from transformers.utils import logging as transformers_logging

    noisy = logging.getLogger("sentence_transformers")
    level = noisy.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        noisy.setLevel(logging.ERROR)
        try:
            yield
        finally:
            noisy.setLevel(level)
