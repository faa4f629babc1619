"""Pieces of evidence, by their ids."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.api.caching import UNCHANGED
from app.api.deps import Given
from app.api.images import shown
from app.api.refusals import IMAGE, problems
from app.api.schemas import EvidenceOut

router = APIRouter(prefix="/v1", tags=["search"])


@router.get("/evidence/{evidence_id}", responses=problems(404, 410), summary="Show a piece of evidence")
async def evidence(evidence_id: str, given: Given) -> EvidenceOut:
    return EvidenceOut.of(await given.pages.find(evidence_id))


@router.get(
    "/evidence/{evidence_id}/image",
    response_class=Response,
    responses=IMAGE | UNCHANGED | problems(404, 410),
    summary="Show a piece of evidence as an image",
)
async def evidence_image(evidence_id: str, request: Request, given: Given) -> Response:
    """PNG or JPEG: its own picture, or else its page with its regions drawn; 404 where there is neither."""
    return shown(await given.pages.evidence(evidence_id), request)
