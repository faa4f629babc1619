"""Pictures of pages are drawn once and kept, but never for a document that is no more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.memory.blobs import MemoryBlobs
from app.services.pages import Pages
from domain import blob_keys
from domain.documents import Box, Chunk, Document, Region
from domain.errors import Gone, Missing
from domain.parsed import PlacedWord
from ingest.placed_words import dumped
from tests.catalogues import fresh_catalogue

BOX = Box(0.1, 0.2, 0.3, 0.4)
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


class Drawing:
    """Draws; and may delete the document meanwhile, rows and all."""

    def __init__(self, catalogue: SqlCatalogue, deletes: bool = False, erases: bool = False) -> None:
        self.catalogue, self.deletes, self.erases = catalogue, deletes, erases
        self.drawn, self.prints = 0, 0
        self.drawn_from: str | None = None

    async def render(self, document: Document, page: int, boxes: Sequence[Box], pdf: str | None = None) -> bytes:
        self.drawn += 1
        self.drawn_from = pdf
        if self.deletes:
            self.catalogue.erasure.delete(document.id)
        if self.erases:
            self.catalogue.erasure.erase(document.id)
        return b"a picture"

    async def words(self, document: Document, page: int, pdf: str | None = None) -> Sequence[PlacedWord]:
        return [PlacedWord("night", BOX)] if page == 1 else []

    async def printed(self, document: Document) -> bytes:
        self.prints += 1
        await asyncio.sleep(0)
        return b"a PDF"


@pytest.fixture
def catalogue() -> SqlCatalogue:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default").id
    pdf = "application/pdf"
    catalogue.documents.record(
        Document("d", collection, "default", "d", pdf, 1, "ab", "queued", datetime.now(UTC), pages=2)
    )
    catalogue.runs.update("d", 1, pages=2)
    return catalogue


async def test_a_page_is_drawn_once(catalogue: SqlCatalogue) -> None:
    drawing = Drawing(catalogue)
    pages = Pages(catalogue.documents, catalogue.chunks, MemoryBlobs(), drawing)
    assert [await pages.page("d", 2) for _ in range(2)] == [b"a picture"] * 2
    assert drawing.drawn == 1


@pytest.mark.parametrize("erases", [False, True])
async def test_a_document_deleted_while_it_is_drawn_leaves_no_picture(catalogue: SqlCatalogue, erases: bool) -> None:
    blobs = MemoryBlobs()
    with pytest.raises(Gone):
        await Pages(catalogue.documents, catalogue.chunks, blobs, Drawing(catalogue, deletes=True, erases=erases)).page(
            "d", 1
        )
    assert blobs.keys("documents/d") == ()


async def test_slides_asked_for_at_once_are_printed_once_and_drawn_from_that(catalogue: SqlCatalogue) -> None:
    collection = catalogue.collections.find("default").id
    deck = Document("s", collection, "default", "s", SLIDES, 1, "cd", "queued", datetime.now(UTC), pages=3)
    catalogue.documents.record(deck)
    catalogue.runs.update("s", 1, pages=3)
    drawing, blobs = Drawing(catalogue), MemoryBlobs()
    pages = Pages(catalogue.documents, catalogue.chunks, blobs, drawing)
    await asyncio.gather(*(pages.page("s", number) for number in (1, 2, 3)))
    assert (drawing.prints, drawing.drawn) == (1, 3)
    assert drawing.drawn_from is not None
    assert blobs.read(drawing.drawn_from) == b"a PDF"


async def test_a_page_that_is_not_there_is_not_printed_for(catalogue: SqlCatalogue) -> None:
    collection = catalogue.collections.find("default").id
    catalogue.documents.record(
        Document("s", collection, "default", "s", SLIDES, 1, "cd", "queued", datetime.now(UTC), pages=3)
    )
    catalogue.runs.update("s", 1, pages=3)
    drawing = Drawing(catalogue)
    with pytest.raises(Missing, match="has 3 pages"):
        await Pages(catalogue.documents, catalogue.chunks, MemoryBlobs(), drawing).page("s", 4)
    assert drawing.prints == 0


async def test_words_are_the_recognised_ones_else_the_files_else_the_chunks(catalogue: SqlCatalogue) -> None:
    blobs = MemoryBlobs()
    pages = Pages(catalogue.documents, catalogue.chunks, blobs, Drawing(catalogue))
    assert await pages.words("d", 1) == [PlacedWord("night", BOX)]
    chunk = Chunk("d.1", "d", 0, "text", "the night boat", "", page=2, regions=(Region(2, BOX), Region(1, BOX)))
    catalogue.chunks.replace("d", 1, [chunk])
    assert await pages.words("d", 2) == []  # not published yet
    catalogue.runs.publish("d", 1, "ready", 1)
    assert await pages.words("d", 2) == [PlacedWord("the night boat", BOX)]
    blobs.put(blob_keys.words("d", 2), dumped([PlacedWord("boat", BOX)]))
    assert await pages.words("d", 2) == [PlacedWord("boat", BOX)]
    with pytest.raises(Missing, match="no page 3"):
        await pages.words("d", 3)


async def test_documents_without_pages_have_no_words_on_them(catalogue: SqlCatalogue) -> None:
    collection = catalogue.collections.find("default").id
    catalogue.documents.record(
        Document("n", collection, "default", "n", "text/markdown", 1, "ef", "queued", datetime.now(UTC))
    )
    catalogue.runs.publish("n", 1, "ready", 1)
    with pytest.raises(Missing, match="this document has no pages"):
        await Pages(catalogue.documents, catalogue.chunks, MemoryBlobs(), Drawing(catalogue)).words("n", 1)
