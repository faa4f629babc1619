"""A second vector store, as small as one can be: one file of numbers an index, and every vector compared."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np

from app.compose.stores import VectorStore
from app.settings import Settings
from domain.documents import Kind
from domain.ports import IndexName, Vector, VectorRow, Vectors


class ToyVectors:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        with self._lock:
            file, held = self._held(index)
            held |= {row.chunk_id: row for row in rows}
            _write(file or self._folder / uuid4().hex, index, held)

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        rows = [row for row in self._rows(index).values() if not kinds or row.kind in kinds]
        scored = [(row.chunk_id, float(row.vector @ vector)) for row in rows]
        return tuple(sorted(scored, key=lambda pair: -pair[1])[: max(k, 0)])

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        rows = self._rows(index)
        ids = [chunk_id for chunk_id in chunk_ids if chunk_id in rows]
        return ids, np.array([rows[chunk_id].vector for chunk_id in ids], np.float32)

    def ids(self, index: IndexName) -> frozenset[str]:
        return frozenset(self._rows(index))

    def indexes(self) -> tuple[IndexName, ...]:
        with self._lock:
            return tuple(_name_in(file) for file in self._folder.iterdir())

    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None:
        self._keep(index, lambda row: row.chunk_id not in set(chunk_ids))

    def remove_documents(self, index: IndexName, document_ids: Sequence[str]) -> None:
        self._keep(index, lambda row: row.document_id not in document_ids)

    def drop(self, collection_id: str) -> None:
        for index in self.indexes():
            if index.collection_id == collection_id:
                self.drop_index(index)

    def drop_index(self, index: IndexName) -> None:
        with self._lock:
            file, _ = self._held(index)
            if file is not None:
                file.unlink()

    def compact(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _keep(self, index: IndexName, wanted: Callable[[VectorRow], bool]) -> None:
        with self._lock:
            file, held = self._held(index)
            if file is not None:
                _write(file, index, {id: row for id, row in held.items() if wanted(row)})

    def _rows(self, index: IndexName) -> dict[str, VectorRow]:
        with self._lock:
            return self._held(index)[1]

    def _held(self, index: IndexName) -> tuple[Path | None, dict[str, VectorRow]]:
        for file in self._folder.iterdir():
            if _name_in(file) == index:
                rows = (json.loads(line) for line in file.read_text().splitlines()[1:])
                return file, {
                    id: VectorRow(id, document_id, kind, np.array(vector, np.float32))
                    for id, document_id, kind, vector in rows
                }
        return None, {}


def open_toy_vectors(settings: Settings, died: Callable[[], None]) -> VectorStore:
    return VectorStore(ToyVectors(settings.data_dir / "toy-vectors"))


def _name_in(file: Path) -> IndexName:
    with file.open() as lines:
        return IndexName(*json.loads(lines.readline()))


def _write(file: Path, index: IndexName, rows: dict[str, VectorRow]) -> None:
    lines = [[index.collection_id, index.space, index.encoder]]
    lines += [[row.chunk_id, row.document_id, row.kind, row.vector.tolist()] for row in rows.values()]
    file.write_text("\n".join(map(json.dumps, lines)))
