"""Pages of documents, as images."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Given
from app.api.images import shown
from app.api.refusals import IMAGE, problems

router = APIRouter(prefix="/v1", tags=["documents"])


@router.get(
    "/documents/{document_id}/pages/{number}",
    response_class=Response,
    responses=IMAGE | problems(404, 410),
    summary="Show a page as an image",
)
async def page(
    document_id: str, number: int, given: Given, evidence: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """PNG or JPEG. With `evidence`, an evidence's id, its regions are drawn on the page."""
    return shown(await given.pages.page(document_id, number, evidence))
