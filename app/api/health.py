"""Whether the service is alive, and whether it is ready."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.api.deps import Given

router = APIRouter(tags=["health"])
NO_KEY: dict[str, Any] = {"security": []}


@router.get("/healthz", openapi_extra=NO_KEY, summary="Is the service alive?")
async def healthz() -> dict[str, str]:
    """200 while the process answers. Needs no key."""
    return {"status": "ok"}


@router.get("/readyz", openapi_extra=NO_KEY, summary="Is the service ready?")
async def readyz(given: Given) -> dict[str, str]:
    """503 while something that is needed for answers is not available. Needs no key."""
    await given.ready()
    return {"status": "ready"}
