"""How large uploads and documents may be."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import Given
from app.api.schemas import Out

router = APIRouter(prefix="/v1", tags=["documents"])


class LimitsOut(Out):
    upload_mb: int = Field(description="of one file; a larger one is refused")
    pages: int = Field(description="of a document, as are chunks and minutes")
    chunks: int
    cells: int = Field(description="of a sheet, as are columns")
    columns: int
    attachments: int = Field(description="of an upload: what is in its archives and e-mails, however deep")
    nesting: int = Field(description="values in JSON, or elements in OpenDocument, inside each other")
    minutes: int = Field(description="of reading, without waiting for other documents")


@router.get("/limits", summary="Show how large documents may be")
async def limits(given: Given) -> LimitsOut:
    """What is beyond is left out: the document ends `partial`, and its `problems` name the setting."""
    of_documents = given.limits
    return LimitsOut(
        upload_mb=given.max_upload_bytes >> 20,
        pages=of_documents.pages,
        chunks=of_documents.chunks,
        cells=of_documents.cells,
        columns=of_documents.columns,
        attachments=of_documents.attachments,
        nesting=of_documents.nesting,
        minutes=of_documents.minutes,
    )
