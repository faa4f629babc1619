"""A browser that a key was typed into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_SESSIONS = 100  # of one key


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    digest: str  # of the token in the browser's cookie, which is kept nowhere
    caller: str  # a digest of the key
    agent: str  # the browser, as it names itself
    created_at: datetime
    used_at: datetime
    expires_at: datetime
