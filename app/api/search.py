"""Search: evidence for words, an image, or both."""

from __future__ import annotations

from fastapi import APIRouter

from answering.parts import Scope
from app.api.bodies import ScopeIn, SearchIn
from app.api.deps import Caller, Given, Images
from app.api.images import from_data_url
from app.api.refusals import problems
from app.api.schemas import SearchOut

router = APIRouter(prefix="/v1", tags=["search"])


@router.post("/search", responses=problems(404, 409, 413), summary="Find evidence")
async def search(body: SearchIn, given: Given, caller: Caller, images: Images) -> SearchOut:
    """Passages, tables, figures and pages that match words, an image, or both."""
    pixels = from_data_url(body.image, images) if body.image is not None else None
    found = await given.ask.search(scope_of(body, caller), body.query, pixels)
    return SearchOut.of(found)


def scope_of(body: ScopeIn, caller: str = "") -> Scope:
    return Scope(
        collections=body.names, kinds=frozenset(body.kinds), where=body.filter, top_k=body.top_k, caller=caller
    )
