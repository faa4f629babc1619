"""Alive, and ready."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import Given

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
async def readyz(given: Given) -> dict[str, str]:
    """503 while something that answering needs is not there."""
    await given.ready()
    return {"status": "ready"}
