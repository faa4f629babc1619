"""Frees disk space: of removed rows, and of files that can be made again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from domain.chunk_ids import document_id_of
from domain.errors import Gone, Missing, Unavailable
from domain.ports import Blobs, Chunks, Documents, WordsRow, WordsUpkeep, words_row
from domain.upkeep import Compaction
from system.threads import in_thread

Compact = Callable[[], Awaitable[str | None]]  # returns a sentence when it did nothing: why


@dataclass(frozen=True, slots=True)
class Compacting:
    """`sizes`: bytes, by part of the data folder."""

    parts: Mapping[str, Compact]
    sizes: Callable[[], Mapping[str, int]]


async def compacted(compacting: Compacting, documents: Documents, chunks: Chunks, blobs: Blobs) -> Compaction:
    before = await in_thread(compacting.sizes)
    notices: list[str] = []
    await in_thread(remove_what_can_be_made_again, documents, chunks, blobs)
    for part, compact in compacting.parts.items():
        try:
            why_not = await compact()
        except Unavailable as error:
            why_not = str(error)
        if why_not:
            notices.append(f"{part}: {why_not}")
    return Compaction(before, await in_thread(compacting.sizes), tuple(notices))


def remove_what_can_be_made_again(documents: Documents, chunks: Chunks, blobs: Blobs) -> None:
    """Rendered pages, and crops of finished documents that none of their chunks shows."""
    crops: dict[str, frozenset[str]] = {}
    for key in blobs.keys("documents"):
        document_id, folder = key.split("/")[1:3]
        if folder == "renders":
            blobs.delete(key)
        elif folder == "crops":
            if document_id not in crops:
                crops[document_id] = _crops_of_the_ready(documents, chunks, document_id)
            if crops[document_id] and key not in crops[document_id]:
                blobs.delete(key)


def _crops_of_the_ready(documents: Documents, chunks: Chunks, document_id: str) -> frozenset[str]:
    try:
        if documents.find(document_id).status != "ready":
            return frozenset()
    except (Missing, Gone):
        return frozenset()
    return frozenset(chunk.image for chunk in chunks.of_document(document_id) if chunk.image)


def compact_words(chunks: Chunks, words: WordsUpkeep) -> None:
    """Every index is rebuilt from the catalogue, with the chunks that it holds now."""

    def rows(held: frozenset[str]) -> Iterator[list[WordsRow]]:
        for document_id in sorted({document_id_of(chunk_id) for chunk_id in held}):
            yield [words_row(chunk) for chunk in chunks.of_document(document_id) if chunk.id in held]

    for collection_id in words.collections():
        words.rebuild(collection_id, rows)
