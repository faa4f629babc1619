"""Whether the service is alive, and whether it is ready."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import Given

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Is the service alive?")
async def healthz() -> dict[str, str]:
    """200 while the process answers. Needs no key."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Is the service ready?")
async def readyz(given: Given) -> dict[str, str]:
    """503 while something that is needed for answers is not available. Needs no key."""
    await given.ready()
    return {"status": "ready"}
