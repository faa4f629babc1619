"""Conversations that are kept, for the caller whose they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from app.api.bodies import ConversationIn, ConversationPatch
from app.api.conversation_schemas import ConversationOut, ConversationsOut, WholeConversationOut, messages_of
from app.api.deps import Caller, Given
from app.api.exports import as_markdown
from app.api.refusals import problems
from app.services.conversations import Recollection
from domain.errors import BadRequest

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])

Limit = Annotated[int, Query(ge=1, le=200)]
Words = Annotated[str, Query(max_length=200, description="only those that hold all of these words, or parts of words")]
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole conversation",
        "content": {"text/markdown": {"schema": {"type": "string"}}, "application/json": {"schema": {}}},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    }
}


@router.post("", status_code=201, responses=problems(409, 413), summary="Begin a conversation")
async def begun(given: Given, caller: Caller, body: ConversationIn | None = None) -> ConversationOut:
    """It is empty; `POST /v1/chat` with its id as `conversation_id` adds to it."""
    made = await given.conversations.begin(caller, (body or ConversationIn()).title)
    return ConversationOut.model_validate(made)


@router.get("", summary="List the conversations")
async def listed(
    given: Given, caller: Caller, q: Words = "", limit: Limit = 50, cursor: str | None = None
) -> ConversationsOut:
    """Those of this caller (by key), the last used first."""
    page = await given.conversations.page(caller, q, limit, cursor)
    return ConversationsOut.made(page.items, page.next_cursor)


@router.get(
    "/{conversation_id}", response_model=WholeConversationOut, responses=problems(404), summary="Show a conversation"
)
async def one(
    conversation_id: str, given: Given, caller: Caller, limit: Limit = 100, cursor: str | None = None
) -> Response:
    """With its messages, the oldest first, `limit` at most: a question and its answer come together. Evidence is as
    it is now; what was deleted is shown as deleted, without text."""
    found = await given.conversations.read(conversation_id, caller, max(1, limit // 2), _after(cursor))
    return Response(await asyncio.to_thread(_json, found), media_type="application/json")


@router.patch("/{conversation_id}", responses=problems(404, 413), summary="Rename a conversation")
async def renamed(conversation_id: str, body: ConversationPatch, given: Given, caller: Caller) -> ConversationOut:
    return ConversationOut.model_validate(await given.conversations.rename(conversation_id, caller, body.title))


@router.delete("/{conversation_id}", status_code=204, responses=problems(404), summary="Delete a conversation")
async def deleted(conversation_id: str, given: Given, caller: Caller) -> Response:
    await given.conversations.delete(conversation_id, caller)
    return Response(status_code=204)


@router.get(
    "/{conversation_id}/export",
    response_class=Response,
    responses=EXPORTED | problems(404),
    summary="Export a conversation",
)
async def exported(
    conversation_id: str, given: Given, caller: Caller, format: Literal["markdown", "json"] = "markdown"
) -> Response:
    """All of it as a file: Markdown for people, with what each answer refers to, or JSON as above."""
    pieces = given.conversations.read_all(conversation_id, caller)
    first = await anext(pieces)  # fails with its own status, as nothing is sent yet
    write, suffix, media_type = EXPORTS[format]
    return StreamingResponse(
        _written(first, pieces, write),
        media_type=media_type,
        headers={
            "content-disposition": f'attachment; filename="conversation-{first.conversation.id}.{suffix}"',
            "x-content-type-options": "nosniff",
        },
    )


async def _written(
    first: Recollection, more: AsyncIterator[Recollection], write: Callable[[Recollection, bool], str]
) -> AsyncIterator[bytes]:
    yield (await asyncio.to_thread(write, first, True)).encode("utf-8", "replace")
    async for piece in more:
        yield (await asyncio.to_thread(write, piece, False)).encode("utf-8", "replace")


def _json(found: Recollection) -> bytes:
    return WholeConversationOut.made(found).model_dump_json().encode()


def _json_piece(piece: Recollection, first: bool) -> str:
    """One object in all: its head, messages, and its end with the last of them."""
    head = ConversationOut.model_validate(piece.conversation).model_dump_json()[:-1] + ',"messages":['
    messages = [message.model_dump_json() for message in messages_of(piece.turns, piece.deleted)]
    joined = ",".join(messages)
    begins = head if first else "," if messages else ""
    return f"{begins}{joined}{']}' if piece.next_after is None else ''}"


EXPORTS: dict[str, tuple[Callable[[Recollection, bool], str], str, str]] = {
    "markdown": (as_markdown, "md", "text/markdown; charset=utf-8"),
    "json": (_json_piece, "json", "application/json"),
}


def _after(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise BadRequest("the cursor is not one that a list gave out")
    return int(cursor)
