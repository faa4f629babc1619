"""Vectors kept as blobs: the truth of what was encoded, from which any index can be built again without a model."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from app.adapters.vectors.index_names import slug
from domain import blob_keys
from domain.errors import Unreadable
from domain.evidence import Space
from domain.ports import Blobs, Vectors


class KeptInBlobs:
    """In half precision, one blob per document, space, encoder and part; a part written again replaces the former."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def keep(
        self, document_id: str, space: Space, encoder: str, part: int, chunk_ids: Sequence[str], vectors: Vectors
    ) -> None:
        if len(chunk_ids) != len(vectors):
            raise ValueError(f"{len(chunk_ids)} chunk ids for {len(vectors)} vectors")
        if not np.isfinite(vectors).all():
            raise Unreadable(f"{encoder} made vectors that are not numbers")
        packed = io.BytesIO()
        ids = np.frombuffer("\n".join(chunk_ids).encode(), dtype=np.uint8)
        np.savez(packed, ids=ids, vectors=vectors.astype(np.float16))
        self._blobs.put(f"{_folder(document_id, space, encoder)}/{part:05d}.npz", packed.getvalue())

    def load(self, document_id: str, space: Space, encoder: str, part: int | None = None) -> tuple[list[str], Vectors]:
        """The chunk ids and their vectors (unit rows), of one part or of all; of a chunk that is in several parts
        the last. Nothing kept is no error. Raises Unreadable for a damaged blob, naming it."""
        kept: dict[str, Vectors] = {}
        for key in self._keys(document_id, space, encoder):
            if part is None or key.endswith(f"/{part:05d}.npz"):
                kept.update(zip(*_read(key, self._blobs.read(key)), strict=True))
        if not kept:
            return [], np.zeros((0, 0), dtype=np.float32)
        try:
            vectors = np.stack(list(kept.values()))
        except ValueError as error:
            folder = _folder(document_id, space, encoder)
            raise Unreadable(f"The kept vectors under {folder} are damaged: their lengths differ.") from error
        return list(kept), vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def has(self, document_id: str, space: Space, encoder: str) -> bool:
        return bool(self._keys(document_id, space, encoder))

    def next_part(self, document_id: str, space: Space, encoder: str) -> int:
        parts = [int(key[-9:-4]) for key in self._keys(document_id, space, encoder)]
        return max(parts, default=-1) + 1

    def forget(self, document_id: str, space: Space, encoder: str) -> None:
        self._blobs.delete(_folder(document_id, space, encoder))

    def keep_only(self, document_id: str, encoders: Mapping[Space, str]) -> None:
        root = blob_keys.vectors_folder(document_id)
        held = {key.removeprefix(f"{root}/").partition("/")[0] for key in self._blobs.keys(root)}
        for folder in held - self.folders(encoders):
            self._blobs.delete(f"{root}/{folder}")

    def folders(self, encoders: Mapping[Space, str]) -> frozenset[str]:
        return frozenset(_folder("", space, encoder).rpartition("/")[2] for space, encoder in encoders.items())

    def _keys(self, document_id: str, space: Space, encoder: str) -> tuple[str, ...]:
        return tuple(sorted(self._blobs.keys(_folder(document_id, space, encoder))))


def _folder(document_id: str, space: Space, encoder: str) -> str:
    return f"{blob_keys.vectors_folder(document_id)}/{space}-{slug(encoder)}"


def _read(key: str, data: bytes) -> tuple[list[str], Vectors]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            ids = arrays["ids"].tobytes().decode()
            vectors = arrays["vectors"].astype(np.float32)
        chunk_ids = ids.split("\n") if ids else []
        if vectors.ndim != 2 or len(vectors) != len(chunk_ids) or not np.isfinite(vectors).all():
            raise ValueError(f"{len(chunk_ids)} ids for an array of shape {vectors.shape}")
    except (ValueError, KeyError, OSError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise Unreadable(f"The kept vectors {key} are damaged.") from error
    return chunk_ids, vectors
