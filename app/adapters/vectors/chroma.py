"""Vectors in Chroma, embedded in this process or on a server; one Chroma collection per index, by cosine.

It only proposes: missing vectors are restored from the kept ones, and what it has too much is dropped at the join.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api.client import Client
from chromadb.api.types import Where
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from app.adapters.vectors.chroma_collection import (
    CHECK,
    EF_SEARCH,
    WRITE,
    all_ids,
    delete,
    kinds_of,
    nearest,
    stored,
)
from app.adapters.vectors.chroma_folder import beside, finish_compacting, sweep, take_place
from app.adapters.vectors.index_names import slug
from domain.chunk_ids import document_id_of
from domain.documents import KINDS, Kind, Part
from domain.errors import BadConfiguration, DamagedIndex, Unavailable
from domain.evidence import Space
from domain.ports import IndexName, Vector, VectorRow, Vectors
from system.rwlock import RWLock

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

VECTORS: Part = "the vector index"
SPACES: tuple[Space, ...] = get_args(Space)


class ChromaVectors:
    def __init__(
        self, path: Path | None = None, url: str | None = None, lost: Callable[[], None] = lambda: None
    ) -> None:
        """One of the two: a folder that no other process has open, or a server's address (asked at first use). `lost`
        is called when an index has vanished that this process has used: its server has lost it, or another process
        has dropped it."""
        if (path is None) == (url is None):
            raise BadConfiguration("Chroma needs either a folder or a server's URL.")
        self._path, self._url, self._lost = path, url, lost
        self._opening = threading.Lock()
        self._opened: ClientAPI | None = None
        self._handles: dict[IndexName, Collection] = {}
        self._loading = threading.Lock()
        self._changes = RWLock()  # held alone while the index is copied
        self._uses = RWLock()  # held alone while the copy takes its place
        if path is not None:
            self._client()

    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        distinct = list({row.chunk_id: row for row in rows}.values())
        with self._changing():
            for start in range(0, len(distinct), WRITE):
                self._add(index, distinct[start : start + WRITE])

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        if k < 1:
            return ()
        with self._reading():
            try:
                return self._search(self._handle(index), vector, k, kinds)
            except NotFoundError:
                self._handles.pop(index, None)  # dropped, perhaps by another process, perhaps made again since
            with suppress(NotFoundError):
                return self._search(self._handle(index), vector, k, kinds)
            return ()

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Chroma refuses a whole call over one vector that it has lost: then it is asked for fewer at a time."""
        ids, vectors = list[str](), list[Vector]()
        with self._reading():
            for collection in self._existing(index):
                for start in range(0, len(chunk_ids), CHECK):
                    for chunk_id, vector in stored(collection, chunk_ids[start : start + CHECK]):
                        ids.append(chunk_id)
                        vectors.append(vector)
        return ids, np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)

    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None:
        with self._changing():
            for collection in self._existing(index):
                delete(collection, chunk_ids)

    def remove_documents(self, index: IndexName, document_ids: Sequence[str]) -> None:
        these = cast(Where, {"document_id": {"$in": list(document_ids)}})
        with self._changing():
            for collection in self._existing(index) if document_ids else ():
                delete(collection, collection.get(where=these, include=[])["ids"])

    def ids(self, index: IndexName) -> frozenset[str]:
        with self._reading():
            return frozenset(chunk_id for collection in self._existing(index) for chunk_id in all_ids(collection))

    def drop(self, collection_id: str) -> None:
        for index in self.indexes():
            if index.collection_id == collection_id:
                self.drop_index(index)

    def drop_index(self, index: IndexName) -> None:
        with self._changing(), suppress(NotFoundError):
            self._client().delete_collection(_name(index))
        self._handles.pop(index, None)

    def indexes(self) -> tuple[IndexName, ...]:
        with self._reading():
            found = (_index(collection.metadata) for collection in self._client().list_collections())
            return tuple(index for index in found if index is not None)

    def compact(self) -> bool:
        """Into a new folder, as Chroma's own never shrinks. Searches go on meanwhile, and changes wait. False: a
        server's is its own matter."""
        if self._path is None:
            return False
        try:
            self._compact(self._path)
        except OSError as error:
            raise Unavailable(
                f"The vector index can't be compacted now: {error.strerror or error}.", VECTORS
            ) from error
        return True

    def _compact(self, path: Path) -> None:
        building, _ = beside(path)
        shutil.rmtree(building, ignore_errors=True)
        with self._changes.exclusive():
            fresh = ChromaVectors(building)
            try:
                for index in self.indexes():
                    self._copy(index, fresh)
            finally:
                fresh.close()
            with self._uses.exclusive():
                self.close()
                take_place(path)
                self._client()
        shutil.rmtree(path.with_name(f"{path.name}.damaged"), ignore_errors=True)  # set aside: made again long since

    def _copy(self, index: IndexName, fresh: ChromaVectors) -> None:
        kinds: dict[str, Kind] = {}
        with self._reading():
            for collection in self._existing(index):
                for chunk_id, kind in kinds_of(collection):
                    kinds[chunk_id] = kind
        ids = list(kinds)
        for start in range(0, len(ids), CHECK):
            found = zip(*self.stored(index, ids[start : start + CHECK]), strict=True)
            fresh.add(index, [VectorRow(id, document_id_of(id), kinds[id], vector) for id, vector in found])

    def close(self) -> None:
        with self._opening:
            if isinstance(self._opened, Client):
                self._opened.close()
            self._opened = None
            self._handles.clear()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._uses.shared(), _as_unavailable():
            yield

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._changes.shared(), self._uses.shared(), _as_unavailable():
            yield

    def _add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        """`add` ignores an id that is there, and `upsert` of one takes 4–5 ms: delete, then add, takes 1 ms."""
        vectors = np.stack([row.vector for row in rows])
        if not np.isfinite(vectors).all():
            raise ValueError("a vector that is not numbers would spoil the whole index")
        try:
            self._replace(self._handle(index, make=True), rows, vectors)
        except NotFoundError:
            self._handles.pop(index, None)
            self._lost()
            self._replace(self._handle(index, make=True), rows, vectors)

    def _replace(self, collection: Collection, rows: Sequence[VectorRow], vectors: np.ndarray[Any, Any]) -> None:
        ids = [row.chunk_id for row in rows]
        if old := collection.get(ids=ids, include=[])["ids"]:
            collection.delete(ids=old)
        collection.add(
            ids=ids,
            embeddings=vectors,
            metadatas=[{"document_id": row.document_id, "kind": row.kind} for row in rows],
        )

    def _search(
        self, collection: Collection, vector: Vector, k: int, kinds: frozenset[Kind]
    ) -> tuple[tuple[str, float], ...]:
        """Of some kinds: from four times as many if that gives enough, as `where` is 20–100 times slower."""
        wanted = set(kinds) if set(KINDS) - kinds else set()
        if not wanted:
            return tuple((chunk_id, score) for chunk_id, score, _ in nearest(collection, vector, k, about=False))
        count = collection.count()
        depth = min(count, 4 * k)
        fitting = [(chunk_id, score) for chunk_id, score, kind in nearest(collection, vector, depth) if kind in wanted]
        if len(fitting) >= k or depth == count:
            return tuple(fitting[:k])
        found = nearest(collection, vector, min(count, k), {"kind": {"$in": sorted(wanted)}})
        return tuple((chunk_id, score) for chunk_id, score, _ in found)

    def _handle(self, index: IndexName, make: bool = False) -> Collection:
        """Raises NotFoundError where there is no such Chroma collection and none is to be made."""
        handle = self._handles.get(index)
        if handle is None:
            with self._loading:
                handle = self._handles.get(index) or self._loaded(index, make)
                self._handles[index] = handle
        return handle

    def _loaded(self, index: IndexName, make: bool) -> Collection:
        """By one thread, before any other touches it: two that load an index at the same moment each get their own,
        and Chroma closes the files of the one under the writer that holds the other."""
        handle = self._make(index) if make else self._client().get_collection(_name(index), embedding_function=None)
        with suppress(ChromaError):  # whoever comes next is told
            handle.get(limit=1, include=["embeddings"])
        return handle

    def _make(self, index: IndexName) -> Collection:
        return self._client().get_or_create_collection(
            _name(index),
            metadata={"collection_id": index.collection_id, "space": index.space, "encoder": index.encoder},
            configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
            embedding_function=None,
        )

    def _existing(self, index: IndexName) -> tuple[Collection, ...]:
        """The Chroma collection as it is now, or none."""
        self._handles.pop(index, None)
        try:
            return (self._handle(index),)
        except NotFoundError:
            return ()

    def _client(self) -> ClientAPI:
        with self._opening:
            if self._opened is None:
                self._opened = _remote(self._url) if self._url is not None else _embedded(self._path)
            return self._opened


def _embedded(path: Path | None) -> ClientAPI:
    assert path is not None
    try:
        finish_compacting(path)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(path)
        return chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
    except sqlite3.OperationalError as error:
        raise BadConfiguration(f"the vector index in {path} can't be opened: {error}") from error
    except sqlite3.DatabaseError as error:  # not a database, or malformed
        raise DamagedIndex(f"the vector index in {path} can't be opened: {error}") from error
    except (ChromaError, OSError, ValueError) as error:
        raise BadConfiguration(f"the vector index in {path} can't be opened: {error}") from error


def _remote(url: str) -> ClientAPI:
    address = urlsplit(url)
    try:
        return chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or (443 if address.scheme == "https" else 8000),
            ssl=address.scheme == "https",
            settings=Settings(anonymized_telemetry=False),
        )
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        raise Unavailable("The vector index can't be reached now.", VECTORS) from error


def _name(index: IndexName) -> str:
    """Begins and ends with a letter, as Chroma wants; no slug has a dot, so different indexes have different names."""
    return f"x.{slug(index.collection_id)}.{index.space}.{slug(index.encoder)}.x"


def _index(metadata: Mapping[str, Any] | None) -> IndexName | None:
    about = metadata or {}
    for space in SPACES:
        if about.get("space") == space:
            return IndexName(str(about.get("collection_id")), space, str(about.get("encoder")))
    return None  # not one of ours


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:  # its words name host and port, which are not for users
        raise Unavailable("The vector index can't be reached now.", VECTORS) from error
    except ChromaError as error:
        refused = error.code() == 400  # a call that is wrong stays wrong
        part = None if refused else VECTORS
        raise Unavailable(f"The vector index can't be used now: {error}", part) from error
