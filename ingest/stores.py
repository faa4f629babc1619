"""Everything that is stored of documents, opened once and handed over together."""

from __future__ import annotations

from dataclasses import dataclass

from domain.ports import Blobs, Catalogue, KeptVectors, VectorIndex, WordsIndex


@dataclass(frozen=True, slots=True)
class Stores:
    catalogue: Catalogue
    blobs: Blobs
    kept: KeptVectors
    vectors: VectorIndex
    words: WordsIndex
