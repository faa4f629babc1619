"""What routes are given: the services, by capability, and the caller."""

from __future__ import annotations

from asyncio import Event
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from answering.ask import Ask
from answering.explain import Explain
from app.api.callers import bearer, caller_of
from app.services.conversations import ConversationKeeper
from app.services.doorkeeper import Doorkeeper
from app.services.intake import Intake
from app.services.library import Library
from app.services.pages import Pages
from app.services.reindex import Reindex
from app.services.upkeep.verify import Verify
from domain.documents import Fetched
from domain.limits import DocumentLimits
from domain.ports import Blobs, Chunks, Collections, Documents
from system.outages import Outages


@dataclass(frozen=True, slots=True)
class Services:
    collections: Collections
    documents: Documents
    chunks: Chunks
    blobs: Blobs
    library: Library
    intake: Intake
    ask: Ask
    explain: Explain
    conversations: ConversationKeeper
    doorkeeper: Doorkeeper
    pages: Pages
    fetch: Callable[[str], Awaitable[Fetched]]  # a page by its address; raises BadRequest, TooLarge, BadGateway
    verify: Verify
    reindex: Reindex
    max_upload_bytes: int
    limits: DocumentLimits
    ready: Callable[[], Awaitable[None]]  # raises Unavailable, naming what is not
    outages: Outages
    ending: Event  # set when the process was told to end, and still answers


def _caller(request: Request) -> str:
    """Whose key or session the guard has checked; without keys a digest of what was given as one."""
    caller: str | None = getattr(request.state, "caller", None)
    return caller_of(bearer(request.headers)) if caller is None else caller


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _images(request: Request) -> Sequence[bytes]:
    """The images that were taken out of the body as it arrived (see JsonPieces)."""
    return getattr(request.state, "images", ())


Given = Annotated[Services, Depends(_services)]
Caller = Annotated[str, Depends(_caller)]
Images = Annotated[Sequence[bytes], Depends(_images)]
