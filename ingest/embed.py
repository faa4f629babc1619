"""Encodes chunks: which of them a space wants, and their vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from domain.blob_keys import digest_of_crop
from domain.documents import Chunk, Document
from domain.errors import Missing, Unreadable
from domain.evidence import Space
from domain.ports import Blobs, Chunks, KeptVectors, TextEncoder, Vector, VectorRow, Vectors

TEXT = 0  # the batch of chunks that is published first; the pictures of batch n of the pages are n + 1
EMBED_PART = 128  # chunks a step: some seconds of work, so that a kill costs little and progress moves
WRITE_PART = 50  # Chroma's writes hold the GIL: 50 vectors freeze the process for about 57 ms, 500 for 271 ms


class BulkEncoder(Protocol):
    """Encodes in a process of its own, so that questions don't wait for documents."""

    async def texts(self, texts: Sequence[str]) -> Vectors: ...
    async def images(self, images: Sequence[bytes]) -> Sequence[Any]: ...


def wants(text_encoder: TextEncoder, space: Space, chunk: Chunk) -> bool:
    """The text space wants chunks with words that its model knows; the image space wants chunks with a picture."""
    return chunk.image is not None if space == "image" else text_encoder.sees(chunk.search_text)


def wanted_by(space: Space, text_encoder: TextEncoder, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks that the space wants. A hundred texts take about 50 ms: call it in a thread."""
    return [chunk for chunk in chunks if wants(text_encoder, space, chunk)]


async def encoded(
    encoder: BulkEncoder, blobs: Blobs, space: Space, chunks: Sequence[Chunk]
) -> tuple[list[str], Vectors]:
    """The ids of those that could be encoded, and their vectors; all of them are wanted by the space."""
    if not chunks:
        return [], np.zeros((0, 0), np.float32)
    if space == "text":
        return [chunk.id for chunk in chunks], await encoder.texts([chunk.search_text for chunk in chunks])
    found = [(chunk.id, data) for chunk in chunks if (data := await _picture(blobs, chunk)) is not None]
    made = await encoder.images([data for _, data in found])
    good = [(chunk_id, item) for (chunk_id, _), item in zip(found, made, strict=True) if not _bad(item)]
    vectors = np.stack([item for _, item in good]).astype(np.float32) if good else np.zeros((0, 0), np.float32)
    return [chunk_id for chunk_id, _ in good], vectors


def known_vectors(
    there: Chunks, kept: KeptVectors, document: Document, space: Space, encoder: str, chunks: Sequence[Chunk]
) -> dict[str, Vector]:
    """Of a new version's chunks, the vectors that the former version's kept for the same text or picture."""
    if document.replaces is None or not chunks:
        return {}
    former = {_content(space, chunk): chunk.id for chunk in there.of_document(document.replaces)}
    try:
        vectors = dict(zip(*kept.load(document.replaces, space, encoder), strict=True))
    except (Missing, Unreadable):  # erased at this moment, or damaged
        return {}
    same = {chunk.id: former.get(_content(space, chunk), "") for chunk in chunks}
    return {chunk_id: vectors[of] for chunk_id, of in same.items() if of in vectors}


def keeps(kept: KeptVectors, document_id: str, space: Space, encoder: str, part: int, chunks: Sequence[Chunk]) -> bool:
    """Whether the vectors of exactly these chunks are kept, and undamaged."""
    try:
        ids, _ = kept.load(document_id, space, encoder, part)
    except (Missing, Unreadable):  # erased at this moment, or damaged: made again
        return False
    return set(ids) == {chunk.id for chunk in chunks}


def vector_rows(
    kept: KeptVectors, document_id: str, space: Space, encoder: str, part: int, chunks: Sequence[Chunk]
) -> list[VectorRow]:
    """The rows of these chunks for a vector index. Raises Missing and Unreadable."""
    kinds = {chunk.id: chunk.kind for chunk in chunks}
    made = zip(*kept.load(document_id, space, encoder, part), strict=True)
    return [VectorRow(id, document_id, kinds[id], vector) for id, vector in made if id in kinds]


def _content(space: Space, chunk: Chunk) -> str:
    """The text that is encoded, or the hash of the picture."""
    return chunk.search_text if space == "text" else digest_of_crop(chunk.image)


async def _picture(blobs: Blobs, chunk: Chunk) -> bytes | None:
    try:
        return await asyncio.to_thread(blobs.read, chunk.image or "-")
    except Missing:
        return None


def _bad(item: object) -> bool:
    return isinstance(item, Unreadable)
