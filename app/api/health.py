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
async def readyz(given: Given) -> dict[str, str | list[str]]:
    """503 while something that is needed for answers is not available. `missing` names what answers go on without: the
    vector index, the language model. Needs no key."""
    await given.ready()
    missing = [str(part) for part in sorted(given.outages.now())]
    return {"status": "ready", "missing": missing} if missing else {"status": "ready"}
