"""Images of pages and of evidence, and the words of pages.

Pages are rendered on request and cached; regions of evidence can be drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from weakref import WeakValueDictionary

from domain import blob_keys
from domain.chunk_ids import name_in_document
from domain.documents import Box, Document
from domain.errors import Gone, Missing
from domain.evidence import Evidence
from domain.parsed import PlacedWord
from domain.ports import Blobs, Chunks, Documents
from ingest.narrowed import narrowed
from ingest.parse.formats import FORMATS, PDF
from ingest.placed_words import MOST_WORDS, loaded, words_of_regions


class Renderer(Protocol):
    async def render(self, document: Document, page: int, boxes: Sequence[Box], pdf: str | None = None) -> bytes:
        """A PNG or JPEG of the page with the boxes drawn; `pdf`: the blob it is drawn from, when that is not the
        original. Raises Missing, Unreadable."""
        ...

    async def words(self, document: Document, page: int, pdf: str | None = None) -> Sequence[PlacedWord]:
        """Of a PDF, `pdf` as above; empty for a scan. Raises Missing, Unreadable."""
        ...

    async def printed(self, document: Document) -> bytes:
        """Slides or sheets as a PDF, one page each. Raises Missing where no program can print them, Unreadable."""
        ...


class Pages:
    def __init__(self, documents: Documents, chunks: Chunks, blobs: Blobs, renderer: Renderer) -> None:
        self._documents = documents
        self._chunks = chunks
        self._blobs = blobs
        self._renderer = renderer
        self._printing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by document

    async def page(
        self, document_id: str, number: int, evidence_id: str | None = None, width: int | None = None
    ) -> bytes:
        """The page as an image, at most `width` pixels wide. Raises Missing when the document has no such page, or no
        pages at all."""
        drawn = await self._page(document_id, number, evidence_id)
        return drawn if width is None else await asyncio.to_thread(narrowed, drawn, width)

    async def words(self, document_id: str, number: int) -> Sequence[PlacedWord]:
        """The words that can be seen on a page: those that were recognised, else the file's, else what its chunks say.
        Raises as `page`."""
        document = await asyncio.to_thread(self._documents.find, document_id)
        _check_page(document, number)
        with suppress(Missing):
            return loaded(await asyncio.to_thread(self._blobs.read, blob_keys.words(document_id, number)))
        pdf = await self._printed(document) if _is_printed(document) else None
        if pdf is not None or document.media_type == PDF:
            found = await self._renderer.words(document, number, pdf)
            if found:
                return found
        return await asyncio.to_thread(self._words_of_chunks, document, number)

    def _words_of_chunks(self, document: Document, number: int) -> list[PlacedWord]:
        """Of pages that an earlier version of the service recognised."""
        placed: list[PlacedWord] = []
        for chunk in self._chunks.of_document(document.id):
            boxes = [region.box for region in chunk.regions if region.page == number]
            if boxes and chunk.batch < document.published and not chunk.hidden:
                placed += words_of_regions(chunk.text, boxes)
        return placed[:MOST_WORDS]

    async def _page(self, document_id: str, number: int, evidence_id: str | None) -> bytes:
        document = await asyncio.to_thread(self._documents.find, document_id)
        boxes: tuple[Box, ...] = ()
        if evidence_id is not None:
            evidence = await asyncio.to_thread(self._chunks.find, evidence_id)
            if evidence.document.id != document_id:
                raise Missing("That evidence belongs to another document.")
            boxes = tuple(region.box for region in evidence.chunk.regions if region.page == number)
        return await self._drawn(document, number, boxes, evidence_id)

    async def evidence(self, evidence_id: str) -> bytes:
        """The evidence's own crop; without one, its page with its regions drawn."""
        evidence = await asyncio.to_thread(self._chunks.find, evidence_id)
        if evidence.chunk.image is not None:
            return await asyncio.to_thread(self._blobs.read, evidence.chunk.image)
        if evidence.chunk.page is None:
            raise Missing("This evidence has no picture: its document has no pages.")
        return await self.page(evidence.document.id, evidence.chunk.page, evidence_id)

    async def find(self, evidence_id: str) -> Evidence:
        return await asyncio.to_thread(self._chunks.find, evidence_id)

    async def _drawn(self, document: Document, number: int, boxes: Sequence[Box], evidence_id: str | None) -> bytes:
        _check_page(document, number)
        marked = name_in_document(evidence_id) if evidence_id and boxes else ""
        key = blob_keys.render(document.id, number, marked)
        if not await asyncio.to_thread(self._blobs.exists, key):
            pdf = await self._printed(document) if _is_printed(document) else None
            drawn = await self._renderer.render(document, number, boxes, pdf)
            await asyncio.to_thread(self._keep, document.id, key, drawn)
            return drawn
        return await asyncio.to_thread(self._blobs.read, key)

    async def _printed(self, document: Document) -> str:
        """Printed once for all pages of a document, also when several are requested at the same moment: it takes
        seconds."""
        key = blob_keys.printed(document.id)
        async with self._printing.setdefault(document.id, asyncio.Lock()):
            if not await asyncio.to_thread(self._blobs.exists, key):
                pdf = await self._renderer.printed(document)
                await asyncio.to_thread(self._keep, document.id, key, pdf)
        return key

    def _keep(self, document_id: str, key: str, drawn: bytes) -> None:
        """Raises Gone when the document was deleted meanwhile: its blobs must not come back once they are erased.
        A deletion after this check erases these blobs too."""
        self._blobs.put(key, drawn)
        try:
            self._documents.find(document_id)
        except (Gone, Missing):
            self._blobs.delete(key)
            raise


def _is_printed(document: Document) -> bool:
    return document.media_type in FORMATS and FORMATS[document.media_type].printing is not None


def _check_page(document: Document, number: int) -> None:
    if document.pages is None and document.findable:
        raise Missing("this document has no pages")
    if document.pages is None:
        raise Missing("The pages of this document are not known yet.")
    if not 1 <= number <= document.pages:
        raise Missing(f"The document has {document.pages} pages; there is no page {number}.")
