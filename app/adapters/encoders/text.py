"""The text encoder: sentence-transformers' MiniLM or bge-m3, in the number format that this machine runs fastest."""

from __future__ import annotations

import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from app.adapters.encoders.model_files import ModelFiles, bundled_minilm, from_hub
from app.adapters.encoders.precision import kept_choice
from app.adapters.encoders.text_runtime import GRAPH, TOKENIZER, NumberFormat, Shape, TokenRun, load, openvino_token_run
from app.adapters.encoders.tokenizer import Tokens as Tokenised
from domain.ports import Tokens, Vector, Vectors

log = logging.getLogger(__name__)

STANDARD = "BAAI/bge-m3"
_TOKENISED_AT_ONCE = 2048  # texts: bounds the memory of a large call
_MOST_UNKNOWN = 0.2


@dataclass(frozen=True, slots=True)
class Batches:
    """How much is encoded at once, padding included."""

    texts: int
    tokens: int


ON_CPU = Batches(texts=8, tokens=2_048)  # as fast as batches twice the size, with 28 MB less memory
ON_GPU = Batches(texts=256, tokens=32_768)  # some 160 chunks


def load_text_encoder(
    models: Literal["bundled", "standard"], cache: Path, threads: int | None = None, questions: bool = False
) -> SentenceEncoder:
    """Raises BadConfiguration (the bundled weights aren't the expected ones) or ModelUnavailable (the hub's)."""
    return sentence_encoder(bundled_minilm() if models == "bundled" else from_hub(STANDARD), cache, threads, questions)


def sentence_encoder(
    model: ModelFiles, cache: Path, threads: int | None = None, questions: bool = False
) -> SentenceEncoder:
    """Chooses the number format, which takes half a minute on a machine's first start.

    `questions`: for questions and claim checks, beside other work: int8 then runs on half the cores. The second of two
    cores makes a question a twelfth faster (4.0 ms for 4.3) and takes as much CPU time again.
    """
    choice, folder = kept_choice(model, cache, threads)
    if not choice.number_format.startswith("int8") or choice.shape is None:
        return in_torch(model, choice.number_format, threads)
    try:
        of_cores = max(1, (os.cpu_count() or 1) // 2) if questions and threads is None else threads
        run = openvino_token_run(folder / GRAPH, choice.number_format, of_cores)
    except (ImportError, RuntimeError) as error:
        log.warning("the int8 encoder can't be loaded: float32 instead", extra={"cause": str(error)[:300]})
        return in_torch(model, "float32", threads)
    tokens = Tokenised((folder / TOKENIZER).read_text(), choice.shape.max_tokens)
    return SentenceEncoder(model.stamp, tokens, choice.shape, run)


def in_torch(model: ModelFiles, number_format: NumberFormat = "float32", threads: int | None = None) -> SentenceEncoder:
    loaded = load(model.folder, threads)
    tokens = Tokenised(loaded.tokenizer, loaded.shape.max_tokens)
    batches = ON_GPU if number_format == "float16-cuda" else ON_CPU
    return SentenceEncoder(model.stamp, tokens, loaded.shape, loaded.token_run(number_format), batches)


class SentenceEncoder:
    """`name` is the same for all number formats: their vectors can share an index."""

    def __init__(self, name: str, tokens: Tokenised, shape: Shape, run: TokenRun, batches: Batches = ON_CPU) -> None:
        self._name = name
        self._tokens = tokens
        self._shape = shape
        self._run = run
        self._batches = batches
        self._turn = threading.Lock()  # held for one batch, so that a question waits for no document

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return self._shape.dimensions

    @property
    def max_tokens(self) -> int:
        return self._shape.max_tokens

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), _TOKENISED_AT_ONCE):
            ids = self._tokens.ids(texts[start : start + _TOKENISED_AT_ONCE])
            for batch in _batches([len(each) for each in ids], self._batches):
                padded, mask = self._tokens.padded([ids[at] for at in batch])
                with self._turn:
                    vectors[start + np.asarray(batch)] = self._run(padded, mask)[0]
        return vectors

    def encode_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        """For a handful of sentences: all tokens are kept."""
        ids = self._tokens.ids(texts)
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = [Tokens(np.zeros(0, np.int64), np.zeros((0, self.dimensions), np.float32))] * len(texts)
        for batch in _batches([len(each) for each in ids], self._batches):
            padded, mask = self._tokens.padded([ids[at] for at in batch])
            with self._turn:
                vectors[batch], layer = self._run(padded, mask)
            for row, at in enumerate(batch):
                tokens[at] = Tokens(np.asarray(ids[at], np.int64), layer[row, : len(ids[at])])
        return vectors, tokens

    def encode_query(self, text: str) -> Vector:
        vector: Vector = self.encode([text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.count(texts)

    def token_counter(self) -> Callable[[Sequence[str]], list[int]]:
        return self._tokens.count

    def sees(self, text: str) -> bool:
        return self._tokens.unknown_share(text) <= _MOST_UNKNOWN


def _batches(lengths: Sequence[int], most: Batches) -> Iterator[list[int]]:
    """Indices of texts of similar length, longest first: little padding, and memory runs out early or never."""
    places = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    while places:
        size = max(1, min(most.texts, most.tokens // max(1, lengths[places[0]])))
        yield list(itertools.islice(places, size))
        del places[:size]
