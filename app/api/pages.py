"""Pages of documents: as images, and their words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from app.api.caching import UNCHANGED, cacheable
from app.api.deps import Given
from app.api.images import shown
from app.api.refusals import IMAGE, problems
from app.api.schemas import WordOut

router = APIRouter(prefix="/v1", tags=["documents"])
WORDS = TypeAdapter(list[WordOut])

LEAST_WIDTH, MOST_WIDTH = 16, 2000  # pixels


@router.get(
    "/documents/{document_id}/pages/{number}",
    response_class=Response,
    responses=IMAGE | UNCHANGED | problems(404, 410),
    summary="Show a page as an image",
)
async def page(
    document_id: str,
    number: int,
    request: Request,
    given: Given,
    evidence: Annotated[
        str | None, Query(max_length=200, description="an evidence's id: its regions are drawn on the page")
    ] = None,
    width: Annotated[
        int | None, Query(ge=LEAST_WIDTH, le=MOST_WIDTH, description="pixels; a page is never enlarged")
    ] = None,
) -> Response:
    """PNG or JPEG, its long side 1,600 pixels at most, or as narrow as `width`. It can be cached: `ETag`,
    `If-None-Match`."""
    return shown(await given.pages.page(document_id, number, evidence, width), request)


@router.get(
    "/documents/{document_id}/pages/{number}/words",
    response_model=list[WordOut],
    responses=UNCHANGED | problems(404, 410),
    summary="List the words of a page",
)
async def words(document_id: str, number: int, request: Request, given: Given) -> Response:
    """The words that can be seen on the page, and where: for a text layer over its image. In the order of the file; of
    scanned pages those that were recognised. Pages that an earlier version recognised have one entry for each region
    instead. At most 20,000. It can be cached as pages can."""
    found = [WordOut.of(word) for word in await given.pages.words(document_id, number)]
    return cacheable(WORDS.dump_json(found), "application/json", request)
