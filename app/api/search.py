"""Search, and the evidence it found."""

from __future__ import annotations

from fastapi import APIRouter, Response

from answering.ask import Scope
from app.api.bodies import ScopeIn, SearchIn
from app.api.deps import Caller, Given
from app.api.documents import image
from app.api.images import from_data_url
from app.api.schemas import EvidenceOut, SearchOut

router = APIRouter(prefix="/v1", tags=["search"])


@router.post("/search", summary="Find evidence")
async def search(body: SearchIn, given: Given, caller: Caller) -> SearchOut:
    """Passages, tables, figures and pages that match words, an image, or both."""
    pixels = from_data_url(body.image) if body.image is not None else None
    found = await given.ask.search(scope_of(body, caller), body.query, pixels)
    return SearchOut.of(found)


@router.get("/evidence/{evidence_id}", summary="Show a piece of evidence")
async def evidence(evidence_id: str, given: Given) -> EvidenceOut:
    return EvidenceOut.of(await given.pages.find(evidence_id))


@router.get("/evidence/{evidence_id}/image", response_class=Response, summary="Show a piece of evidence as an image")
async def evidence_image(evidence_id: str, given: Given) -> Response:
    """PNG or JPEG: its own picture, or else its page with its regions drawn; 404 where there is neither."""
    return image(await given.pages.evidence(evidence_id))


def scope_of(body: ScopeIn, caller: str = "") -> Scope:
    return Scope(
        collections=body.names, kinds=frozenset(body.kinds), where=body.filter, top_k=body.top_k, caller=caller
    )
