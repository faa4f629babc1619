"""The stores that the contract suites run against: the rows of the wiring's tables, those in memory, and the toys.

A row is run where it applies: Chroma on a server, where EXHIBIT_TEST_CHROMA_URL names one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.vectors.chroma import ChromaVectors
from app.compose.choice import Option, always
from app.compose.stores import VECTOR_STORES, WORDS_INDEXES, OpenVectors, OpenWords, VectorStore, WordsStore
from app.settings import Settings
from domain.ports import VectorIndex, WordsIndex
from tests.contract.toy_vectors import open_toy_vectors
from tests.contract.toy_words import open_toy_words

T = TypeVar("T")


def vectors_in_memory(settings: Settings, died: Callable[[], None]) -> VectorStore:
    return VectorStore(MemoryVectors())


def chroma_in_this_process(settings: Settings, died: Callable[[], None]) -> VectorStore:
    return VectorStore(ChromaVectors(settings.data_dir / "chroma"))


def words_in_memory(settings: Settings) -> WordsStore:
    return WordsStore(MemoryWords())


VECTORS: Sequence[Option[OpenVectors]] = (
    *VECTOR_STORES,
    Option(always, vectors_in_memory),
    Option(always, chroma_in_this_process),
    Option(always, open_toy_vectors),
)
WORDS: Sequence[Option[OpenWords]] = (*WORDS_INDEXES, Option(always, words_in_memory), Option(always, open_toy_words))


def settings_in(folder: Path) -> Settings:
    server = os.environ.get("EXHIBIT_TEST_CHROMA_URL")
    return Settings(_env_file=None, data_dir=folder, chroma_url=server)  # type: ignore[call-arg]


def applying(rows: Sequence[Option[T]]) -> dict[str, T]:
    """By the name of the function that opens the store."""
    settings = settings_in(Path())
    return {getattr(row.make, "__name__", "").strip("_"): row.make for row in rows if row.applies(settings)}


def opened_vectors(make: OpenVectors, folder: Path) -> VectorIndex:
    store = make(settings_in(folder), lambda: None)
    store.wait()
    return store.index


def opened_words(make: OpenWords, folder: Path) -> WordsIndex:
    return make(settings_in(folder)).index
