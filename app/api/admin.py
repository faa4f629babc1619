"""Upkeep of what is stored: compare, repair, compact."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.bodies import VerifyIn
from app.api.deps import Given
from app.api.refusals import problems
from app.api.schemas import VerifyOut

router = APIRouter(prefix="/v1/admin", tags=["admin"])


@router.post("/verify", responses=problems(409, 413), summary="Compare all that is stored, repair it, compact it")
async def verify(given: Given, body: VerifyIn | None = None) -> VerifyOut:
    """Compares catalogue, vectors, words and files with each other, completely. This takes minutes for a large library;
    searches go on. 409 while another comparison runs."""
    asked = body or VerifyIn()
    return VerifyOut.of(await given.verify.verify(repair=asked.repair, compact=asked.compact))
