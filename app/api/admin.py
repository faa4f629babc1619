"""Looking after what is kept: compared, mended, compacted."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import Given
from app.api.schemas import VerifyIn, VerifyOut

router = APIRouter(prefix="/v1/admin", tags=["admin"])


@router.post("/verify")
async def verify(given: Given, body: VerifyIn | None = None) -> VerifyOut:
    """Compares catalogue, vectors, words and blobs, whole; `repair` mends, `compact` gives room back. Takes as long
    as it takes; 409 while another one runs."""
    asked = body or VerifyIn()
    return VerifyOut.of(await given.verify.verify(repair=asked.repair, compact=asked.compact))
