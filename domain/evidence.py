"""A piece of a document that was found, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.documents import Chunk, Document

Space = Literal["words", "text", "image"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A chunk as an answer shows it, joined with its document."""

    chunk: Chunk
    document: Document
    score: float = 0.0
    ranks: Mapping[Space, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.chunk.id
