"""Pictures of pages are drawn once and kept, but never for a document that is no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from app.adapters.memory import MemoryBlobs, MemoryCatalogue
from app.domain.errors import Gone
from app.domain.types import Box, Document
from app.services.pages import Pages


class Drawing:
    """Draws; and may delete the document meanwhile, rows and all."""

    def __init__(self, catalogue: MemoryCatalogue, deletes: bool = False, erases: bool = False) -> None:
        self.catalogue, self.deletes, self.erases, self.drawn = catalogue, deletes, erases, 0

    async def render(self, document: Document, page: int, boxes: Sequence[Box]) -> bytes:
        self.drawn += 1
        if self.deletes:
            self.catalogue.delete(document.id)
        if self.erases:
            self.catalogue.erase(document.id)
        return b"a picture"


@pytest.fixture
def catalogue() -> MemoryCatalogue:
    catalogue = MemoryCatalogue()
    collection = catalogue.collection("default").id
    pdf = "application/pdf"
    catalogue.record(Document("d", collection, "default", "d", pdf, 1, "ab", "queued", datetime.now(UTC), pages=2))
    catalogue.update("d", 1, pages=2)
    return catalogue


async def test_a_page_is_drawn_once(catalogue: MemoryCatalogue) -> None:
    drawing = Drawing(catalogue)
    pages = Pages(catalogue, MemoryBlobs(), drawing)
    assert [await pages.page("d", 2) for _ in range(2)] == [b"a picture"] * 2
    assert drawing.drawn == 1


@pytest.mark.parametrize("erases", [False, True])
async def test_a_document_deleted_while_it_is_drawn_leaves_no_picture(catalogue: MemoryCatalogue, erases: bool) -> None:
    blobs = MemoryBlobs()
    with pytest.raises(Gone):
        await Pages(catalogue, blobs, Drawing(catalogue, deletes=True, erases=erases)).page("d", 1)
    assert blobs.keys("documents/d") == ()
