"""Everything that is stored of documents, and the models that encode them; opened once and handed over together."""

from __future__ import annotations

from dataclasses import dataclass

from domain.evidence import Space
from domain.ports import Blobs, Catalogue, ImageEncoder, KeptVectors, TextEncoder, VectorIndex, WordsIndex
from ingest.embed import BulkEncoder


@dataclass(frozen=True, slots=True)
class Stores:
    catalogue: Catalogue
    blobs: Blobs
    kept: KeptVectors
    vectors: VectorIndex
    words: WordsIndex


@dataclass(frozen=True, slots=True)
class Models:
    text: TextEncoder
    image: ImageEncoder
    bulk: BulkEncoder  # runs these two on documents

    @property
    def encoders(self) -> dict[Space, str]:
        """Their names, as collections are stamped with them."""
        return {"text": self.text.name, "image": self.image.name}
