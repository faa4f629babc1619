"""Opaque cursors of paged lists: where the last page ended, as (created_at, id), so that inserts move nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from domain.errors import BadRequest
from domain.ports import Paged

Position = tuple[datetime, str]

T = TypeVar("T")


def page_of(rows: Sequence[T], limit: int, position: Callable[[T], Position]) -> Paged[T]:
    """The page that `limit + 1` fetched rows make: the extra one only tells that there is more."""
    if len(rows) <= limit:
        return Paged(tuple(rows))
    return Paged(tuple(rows[:limit]), encode_cursor(position(rows[limit - 1])))


def encode_cursor(position: Position) -> str:
    created_at, id = position
    return base64.urlsafe_b64encode(json.dumps([created_at.isoformat(), id]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        created_at, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at = datetime.fromisoformat(created_at)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadRequest("the cursor is not one that a list gave out") from error
    if at.tzinfo is None or not isinstance(id, str):
        raise BadRequest("the cursor is not one that a list gave out")
    return _in_utc(at), id


def checked_limit(limit: int) -> int:
    if limit < 1:
        raise BadRequest(f"limit is {limit}; the least is 1")
    return limit


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:  # the year 1, east of Greenwich
        raise BadRequest("the cursor is not one that a list gave out") from error
