"""Sessions of browsers: a key is given once, and a token in a cookie stands for it until it ends."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.ports import Sessions
from domain.sessions import Session

LONGEST_AGENT = 200  # characters
RENEWED_AFTER = timedelta(hours=1)  # of use: not every request writes
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    session: Session
    renewed: bool  # it ends later now


class Doorkeeper:
    def __init__(self, sessions: Sessions, days: int, now: Callable[[], datetime] = utc_now) -> None:
        self._sessions = sessions
        self._lasts = timedelta(days=days)
        self._now = now

    @property
    def lasts_s(self) -> int:
        return round(self._lasts.total_seconds())

    async def enter(self, caller: str, agent: str) -> tuple[Session, str]:
        """A new session, and its token, which is kept nowhere."""
        now, token = self._now(), secrets.token_urlsafe(32)
        agent = agent[:LONGEST_AGENT]
        session = Session(uuid.uuid4().hex, _digest(token), caller, agent, now, now, now + self._lasts)
        await asyncio.to_thread(self._sessions.open, session)
        return session, token

    async def visit(self, token: str, callers: Collection[str]) -> Visit | None:
        """None for a session that is unknown, over, or of a key that is valid no more."""
        if _TOKEN.fullmatch(token) is None:
            return None
        return await asyncio.to_thread(self._visit, _digest(token), callers)

    async def leave(self, token: str) -> None:
        await asyncio.to_thread(self._leave, _digest(token))

    async def of(self, caller: str) -> tuple[Session, ...]:
        """Those that are not over, the last used first."""
        now = self._now()
        return tuple(one for one in await asyncio.to_thread(self._sessions.of, caller) if one.expires_at > now)

    async def close(self, session_id: str, caller: str) -> None:
        """Raises Missing."""
        await asyncio.to_thread(self._sessions.close, session_id, caller)

    def _visit(self, digest: str, callers: Collection[str]) -> Visit | None:
        session, now = self._sessions.find(digest), self._now()
        if session is None or session.expires_at <= now or session.caller not in callers:
            return None
        renewed = now - session.used_at > RENEWED_AFTER
        if renewed:
            self._sessions.renew(digest, now, now + self._lasts)
        return Visit(session, renewed)

    def _leave(self, digest: str) -> None:
        session = self._sessions.find(digest)
        if session is not None:
            self._sessions.close(session.id, session.caller)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
