"""Sessions of browsers, so that a key is typed once."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.api.callers import bearer, cookie, token_in
from app.api.deps import Caller, Given
from app.api.refusals import problems
from app.api.schemas import Out
from domain.errors import Conflict

router = APIRouter(prefix="/v1", tags=["sessions"])


class SessionOut(Out):
    id: str
    agent: str = Field(description="the browser, as it names itself")
    created_at: datetime
    used_at: datetime = Field(description="within an hour")
    expires_at: datetime = Field(description="unless it is used before")
    current: bool = Field(default=False, description="this request's own")


class SessionsOut(BaseModel):
    sessions: list[SessionOut] = Field(description="the last used first, 100 at most")


@router.post("/session", status_code=201, responses=problems(409), summary="Open a session")
async def opened(request: Request, response: Response, given: Given, caller: Caller) -> SessionOut:
    """With `Authorization: Bearer KEY`. The reply sets a cookie that stands for the key; scripts can't read it, and
    other sites can't use it. 409 where the service asks for no key."""
    if not request.state.keyed or not bearer(request.headers):
        raise Conflict("A session is opened by a key, and this request needs none.")
    session, token = await given.doorkeeper.enter(caller, request.headers.get("user-agent", ""))
    response.headers["set-cookie"] = cookie(token, given.doorkeeper.lasts_s, request.state.tls)
    response.headers["cache-control"] = "no-store"
    return SessionOut.model_validate(session).model_copy(update={"current": True})


@router.delete("/session", status_code=204, summary="End this session")
async def ended(request: Request, given: Given) -> Response:
    """The browser's cookie is worth nothing afterwards."""
    token, secure = token_in(request.headers)
    await given.doorkeeper.leave(token)
    return Response(status_code=204, headers={"set-cookie": cookie("", 0, secure)})


@router.get("/sessions", summary="List the sessions of this key")
async def listed(request: Request, given: Given, caller: Caller) -> SessionsOut:
    own = getattr(request.state, "session", "")
    found = [SessionOut.model_validate(one) for one in await given.doorkeeper.of(caller)]
    return SessionsOut(sessions=[one.model_copy(update={"current": one.id == own}) for one in found])


@router.delete(
    "/sessions/{session_id}", status_code=204, responses=problems(404), summary="End any session of this key"
)
async def revoked(session_id: str, given: Given, caller: Caller) -> Response:
    """It ends at once, wherever it is open."""
    await given.doorkeeper.close(session_id, caller)
    return Response(status_code=204)
