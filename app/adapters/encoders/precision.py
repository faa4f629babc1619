"""Chooses the number format in which this machine runs a sentence encoder fastest, once, and caches the choice.

The probe runs in a child process of its own (`python -m app.adapters.encoders.precision`): a format that the
processor only emulates may take for ever, making an int8 graph takes a gigabyte, and its libraries would report
to their makers. What is known when the time is up counts.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.adapters.encoders.calibration_texts import calibration_texts, probe_texts
from app.adapters.encoders.model_files import ModelFiles
from app.adapters.encoders.text_runtime import (
    GRAPH,
    TOKENIZER,
    NumberFormat,
    Run,
    SentenceModel,
    Shape,
    load,
    openvino_run,
    report_nothing,
)
from app.adapters.encoders.tokenizer import Tokens
from domain.errors import BadConfiguration
from domain.ports import Vectors
from system.build_cache import key_of, made_by_a_child, one_at_a_time, processor, sha256_of
from system.limits import end_with_parent

log = logging.getLogger(__name__)

_RECIPE = 2  # raise when the probe or the making of int8 changes
_LIBRARIES = ("torch", "sentence-transformers", "transformers", "openvino", "nncf")
_TIME_LIMIT_S = 90.0  # a quiet machine needs about 20
_PROBES = 2  # a second probe, as the machine may have been busy; then no more
_MOST_INT8_PARAMETERS = 200_000_000  # quantising larger models takes minutes, and several times their memory
_LEAST_MEAN_COSINE = 0.995  # to float32: above it no ranking that matters changes
_LEAST_COSINE = 0.98
_ROUNDS = 3  # the fastest counts: other processes may slow the others
_TIMED_TEXTS = 8
_CHOICE = "choice.json"


@dataclass(frozen=True, slots=True)
class Measured:
    number_format: NumberFormat
    texts_per_s: float  # of 184 tokens
    mean_cosine: float  # to float32
    least_cosine: float


@dataclass(frozen=True, slots=True)
class Choice:
    number_format: NumberFormat = "float32"
    shape: Shape | None = None
    measured: tuple[Measured, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)  # format -> why
    took_s: dict[str, float] = field(default_factory=dict)  # part of the probe -> seconds
    unfinished: int = 0  # probes that failed; the next start tries again, up to `_PROBES`
    sha256: dict[str, str] = field(default_factory=dict)  # of the files kept beside it


def kept_choice(
    model: ModelFiles, cache: Path, threads: int | None, time_limit_s: float = _TIME_LIMIT_S
) -> tuple[Choice, Path]:
    """The cached choice and the folder with its files; probes now if there is none. Raises BadConfiguration."""
    folder = cache / f"{model.stamp}-{_key(model, threads)}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(cache / f"{folder.name}.lock"):
            choice = _read(folder)
            if choice is None or 0 < choice.unfinished < _PROBES:
                choice = _find_out(model, folder, threads, time_limit_s, choice.unfinished if choice else 0)
    except OSError as error:
        raise BadConfiguration(f"The cache folder {cache} can't be used: {error.strerror}.") from error
    return choice, folder


def _find_out(model: ModelFiles, folder: Path, threads: int | None, time_limit_s: float, unfinished: int) -> Choice:
    started = time.monotonic()
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    problem = made_by_a_child(__name__, [str(model.folder), str(making), str(threads or 0)], time_limit_s)
    choice = _read(making) or Choice()
    if problem is not None:
        log.warning("the probe of number formats did not finish", extra={"model": model.stamp, "problem": problem})
        choice = replace(choice, unfinished=unfinished + 1)
        _write(choice, making)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    log.info(
        "a number format was chosen",
        extra={
            "model": model.stamp,
            "number_format": choice.number_format,
            "texts_per_s": {each.number_format: each.texts_per_s for each in choice.measured},
            "refused": choice.refused,
            "seconds": round(time.monotonic() - started, 1),
        },
    )
    return choice


# ---------------------------------------------------------------- what is kept


def _key(model: ModelFiles, threads: int | None) -> str:
    return key_of([model.sha256, str(_RECIPE), processor(), str(threads or os.cpu_count())], _LIBRARIES)


def _read(folder: Path) -> Choice | None:
    """None if there is none, or if its files have changed."""
    try:
        raw = json.loads((folder / _CHOICE).read_text())
        choice = Choice(
            raw["number_format"],
            Shape(**raw["shape"]) if raw["shape"] else None,
            tuple(Measured(**each) for each in raw["measured"]),
            raw["refused"],
            raw["took_s"],
            raw["unfinished"],
            raw["sha256"],
        )
        whole = all(sha256_of(folder / name) == digest for name, digest in choice.sha256.items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return choice if whole else None


def _write(choice: Choice, folder: Path) -> None:
    fresh = folder / f"{_CHOICE}.part"
    fresh.write_text(json.dumps(asdict(choice), indent=1))
    fresh.replace(folder / _CHOICE)


# ---------------------------------------------------------------- in the child


class _Probe:
    """Tries one format after the other; after each, the best so far is written to disk."""

    def __init__(self, folder: Path, threads: int | None) -> None:
        self._folder = folder
        self._threads = threads
        self._choice = Choice()
        self._runs: dict[NumberFormat, Run] = {}
        self._seconds: dict[NumberFormat, float] = {}  # of the fastest round
        self._cosines: dict[NumberFormat, tuple[float, float]] = {}
        self._since = time.monotonic()

    def run(self, model_folder: Path) -> None:
        self._model = load(model_folder, self._threads)
        (self._folder / TOKENIZER).write_text(self._model.tokenizer)
        self._tokens = Tokens(self._model.tokenizer, self._model.shape.max_tokens)
        self._choice = replace(self._choice, shape=self._model.shape)
        self._passed("load")
        float32 = self._model.run("float32")
        self._exact = _encoded(float32, self._tokens)
        self._passed("exact")
        for number_format, make in self._candidates():
            self._try(number_format, make)
        self._try("float32", lambda: float32)

    def _candidates(self) -> Iterator[tuple[NumberFormat, Callable[[], Run]]]:
        """Likely winners first, as the time may run out."""
        import torch

        model, graph = self._model, self._folder / GRAPH
        if torch.cuda.is_available():
            yield "float16-cuda", lambda: model.run("float16-cuda")
            return
        if sum(parameter.numel() for parameter in model.module.parameters()) <= _MOST_INT8_PARAMETERS:
            yield "int8", lambda: _made_int8(model, self._tokens, graph, self._threads)
        if "int8" in self._runs:
            yield "int8-bfloat16", lambda: openvino_run(graph, "int8-bfloat16", self._threads)
        else:  # never faster than int8 so far, and slow to try on processors that only emulate it
            yield "bfloat16", lambda: model.run("bfloat16")

    def _try(self, number_format: NumberFormat, make: Callable[[], Run]) -> None:
        try:
            run = make()
            cosines = np.sum(_encoded(run, self._tokens) * self._exact, axis=1)
        except Exception as error:  # three libraries, each possibly missing or unusable on this processor
            self._refuse(number_format, f"{type(error).__name__}: {str(error)[:200]}")
            return
        mean, least = float(cosines.mean()), float(cosines.min())
        if mean < _LEAST_MEAN_COSINE or least < _LEAST_COSINE:
            self._refuse(number_format, f"cosine to float32 {mean:.4f}, {least:.4f} at worst")
            return
        self._runs[number_format] = run
        self._cosines[number_format] = mean, least
        self._time_all()
        self._passed(number_format)

    def _time_all(self) -> None:
        """In turns, so that other processes slow all formats or none."""
        ids, mask = self._tokens.padded(self._tokens.ids(probe_texts(_TIMED_TEXTS, words=120)))
        for number_format, run in [*self._runs.items()] * _ROUNDS:
            started = time.perf_counter()
            run(ids, mask)
            took = time.perf_counter() - started
            self._seconds[number_format] = min(took, self._seconds.get(number_format, took))
        measured = tuple(
            Measured(each, round(_TIMED_TEXTS / seconds, 1), *(round(cosine, 5) for cosine in self._cosines[each]))
            for each, seconds in self._seconds.items()
        )
        best = min(self._seconds, key=lambda each: self._seconds[each])
        self._choice = replace(self._choice, measured=measured, number_format=best)

    def _refuse(self, number_format: NumberFormat, reason: str) -> None:
        self._choice = replace(self._choice, refused={**self._choice.refused, number_format: reason})
        self._passed(number_format)

    def _passed(self, part: str) -> None:
        now = time.monotonic()
        took_s = {**self._choice.took_s, part: round(now - self._since, 2)}
        self._since = now
        files = [path for path in self._folder.iterdir() if not path.name.startswith(_CHOICE)]
        self._choice = replace(self._choice, took_s=took_s, sha256={path.name: sha256_of(path) for path in files})
        _write(self._choice, self._folder)


def _encoded(run: Run, tokens: Tokens) -> Vectors:
    return np.concatenate([run(*tokens.padded([ids])) for ids in tokens.ids(probe_texts())])


def _made_int8(model: SentenceModel, tokens: Tokens, graph: Path, threads: int | None) -> Run:
    """Post-training quantisation of the whole model, pooling included, on texts that ship with the code."""
    report_nothing()
    import nncf
    import openvino
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = model.module

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            return self.module({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]

    inputs = [
        dict(zip(("input_ids", "attention_mask"), tokens.padded([ids]), strict=True))
        for ids in tokens.ids(calibration_texts())
    ]
    example = dict(zip(("input_ids", "attention_mask"), tokens.padded(tokens.ids(["one two", "three"])), strict=True))
    with torch.no_grad():
        converted = openvino.convert_model(
            Pooled().eval(), example_input={name: torch.from_numpy(value) for name, value in example.items()}
        )
    quantised = nncf.quantize(
        converted,
        nncf.Dataset(inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        # As close to float32 without it (.9971 both), and faster to make.
        advanced_parameters=nncf.AdvancedQuantizationParameters(disable_bias_correction=True),
    )
    openvino.save_model(quantised, graph, compress_to_fp16=False)
    return openvino_run(graph, "int8", threads)


def _main(model_folder: str, folder: str, threads: str, parent_pid: str) -> None:
    end_with_parent(int(parent_pid))
    _Probe(Path(folder), int(threads) or None).run(Path(model_folder))


if __name__ == "__main__":
    _main(*sys.argv[1:])
