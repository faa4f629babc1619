"""A second words index, as small as one can be: one JSON file a collection, scored as the index in memory scores."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

from app.adapters.memory.indexes import MemoryWords
from app.compose.stores import WordsStore
from app.settings import Settings
from domain.documents import Kind
from domain.ports import WordsRow


class ToyWords:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        with self._lock:
            self._write(collection_id, self._rows(collection_id) | {row.chunk_id: row for row in rows})

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        scoring = MemoryWords()
        scoring.add(collection_id, list(self._rows(collection_id).values()))
        return scoring.search(collection_id, text, k, kinds, documents, hints)

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None:
        self._keep(collection_id, lambda row: row.chunk_id not in set(chunk_ids))

    def remove_documents(self, collection_id: str, document_ids: Sequence[str]) -> None:
        self._keep(collection_id, lambda row: row.document_id not in document_ids)

    def ids(self, collection_id: str) -> frozenset[str]:
        return frozenset(self._rows(collection_id))

    def collections(self) -> frozenset[str]:
        return frozenset(bytes.fromhex(file.name).decode() for file in self._folder.iterdir())

    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        with self._lock:
            fresh = [row for some in rows(self.ids(collection_id)) for row in some]
            self._write(collection_id, {row.chunk_id: row for row in fresh})

    def drop(self, collection_id: str) -> None:
        self._file(collection_id).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""

    def _file(self, collection_id: str) -> Path:
        return self._folder / collection_id.encode().hex()

    def _keep(self, collection_id: str, wanted: Callable[[WordsRow], bool]) -> None:
        with self._lock:
            kept = {id: row for id, row in self._rows(collection_id).items() if wanted(row)}
            if self._file(collection_id).exists():
                self._write(collection_id, kept)

    def _rows(self, collection_id: str) -> dict[str, WordsRow]:
        with self._lock:
            file = self._file(collection_id)
            rows = [WordsRow(*row) for row in json.loads(file.read_text())] if file.exists() else []
        return {row.chunk_id: row for row in rows}

    def _write(self, collection_id: str, rows: dict[str, WordsRow]) -> None:
        self._file(collection_id).write_text(json.dumps([astuple(row) for row in rows.values()]))


def open_toy_words(settings: Settings) -> WordsStore:
    return WordsStore(ToyWords(settings.data_dir / "toy-words"))
