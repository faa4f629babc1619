"""Encoders, retrievers, and the models that write and judge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.answers import Delta, Prompt
from domain.ports.indexes import Vector, Vectors
from domain.searches import Found, Query


class TextEncoder(Protocol):
    """Thread-safe, synchronous; `name` goes into the stamp of every vector made with it."""

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions), unit rows, in the order given. Longer texts are cut at `max_tokens`."""
        ...

    def encode_query(self, text: str) -> Vector: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
    def token_counter(self) -> Callable[[Sequence[str]], list[int]]:
        """`count_tokens` without the model: light, and can be sent to another process."""
        ...

    def sees(self, text: str) -> bool:
        """False when over 20 % of the tokens are unknown to the model: such a text is not encoded."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text, start and end included, as the encoder's last layer sees them before they are pooled."""

    ids: NDArray[np.int64]  # (n,)
    vectors: NDArray[np.float32]  # (n, dimensions)


class TokenEncoder(TextEncoder, Protocol):
    def encode_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[Tokens]]:
        """The vectors of `encode`, and the tokens that they are pooled from, in the order given."""
        ...


class ImageEncoder(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def threshold(self) -> float:
        """The similarity of a text query to an image above which the image space may vote (model card)."""
        ...

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        """Encoded images (PNG, JPEG, …) to (n, dimensions), unit rows. Raises Unreadable for a bad one."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions), unit rows."""
        ...


class Retriever(Protocol):
    """One way of finding. A fused retriever is a retriever of retrievers."""

    async def retrieve(self, query: Query, k: int) -> Found: ...


class Generator(Protocol):
    """Writes the answer, with markers `[1]` that point into `prompt.evidence` (from 1)."""

    @property
    def model(self) -> str: ...
    async def room(self) -> int | None:
        """How many tokens a prompt may have, as the model counts; None where nobody knows. Never raises."""
        ...

    def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        """Raises ModelUnavailable. Closing the iterator aborts the generation."""
        ...


class Judge(Protocol):
    """A model that tells whether a text says what a claim says."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """For each (claim, text) 0..1; None where it can't tell. Never raises: the rules' word stands then."""
        ...
