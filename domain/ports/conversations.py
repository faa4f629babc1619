"""Conversations and sessions, which belong to a caller: another caller's are Missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.conversations import Conversation, KeptAnswer, Turn
from domain.ports.catalogue import Paged
from domain.sessions import Session


class Conversations(Protocol):
    """Those of a caller are at most MOST_CONVERSATIONS, of at most MOST_TURNS: Conflict beyond."""

    def begin(self, caller: str, title: str = "") -> Conversation: ...
    def find(self, conversation_id: str, caller: str) -> Conversation:
        """Raises Missing, as all that follow."""
        ...

    def page(self, caller: str, words: Sequence[str], limit: int, cursor: str | None = None) -> Paged[Conversation]:
        """The last used first: those whose title, questions and answers hold all of these words, or parts of words."""
        ...

    def rename(self, conversation_id: str, caller: str, title: str) -> Conversation: ...
    def delete(self, conversation_id: str, caller: str) -> None: ...
    def ask(self, conversation_id: str, caller: str, question: str, images: int, title: str = "") -> Turn:
        """Appends a question; `title` is the conversation's if it has none. Where the last question is the same and
        has no answer, it is asked again: no second turn."""
        ...

    def answer(self, conversation_id: str, caller: str, number: int, answer: KeptAnswer) -> None: ...
    def turns(self, conversation_id: str, caller: str, after: int, limit: int) -> tuple[Turn, ...]:
        """Those whose number is greater than `after`, in order."""
        ...

    def last_answered(self, conversation_id: str, caller: str, most: int) -> tuple[Turn, ...]:
        """The last turns that have an answer, in order."""
        ...

    def forget(self, before: datetime) -> int:
        """Deletes conversations, of any caller, that were last used before then; how many."""
        ...


class Sessions(Protocol):
    """A caller has at most MOST_SESSIONS; the one that was used longest ago makes room."""

    def open(self, session: Session) -> None: ...
    def find(self, digest: str) -> Session | None: ...
    def renew(self, digest: str, used_at: datetime, expires_at: datetime) -> None: ...
    def of(self, caller: str) -> tuple[Session, ...]:
        """The last used first."""
        ...

    def close(self, session_id: str, caller: str) -> None:
        """Raises Missing."""
        ...

    def forget(self, before: datetime) -> int:
        """Deletes those that expired before then; how many."""
        ...
