"""The parts of a question's way: where to look, what was found, and the Protocols of reader, finder and writer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.answers import Answer, Message
from domain.documents import Kind
from domain.question import Question
from domain.searches import Search

TOP_K = 8


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: collections, and what narrows them."""

    collections: tuple[str, ...] = ("default",)
    kinds: frozenset[Kind] = frozenset()
    where: Mapping[str, Any] | None = None
    top_k: int = TOP_K
    caller: str = ""  # a digest of the caller's key: traces are shown to their own caller


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The evidence for a question."""

    search: Search
    told: Answer | None = None  # the catalogue itself answers: how many documents, which, who mentions what
    ordered: bool = False  # outlines of whole documents come first: the order stays


class ReaderOfQuestions(Protocol):
    async def read(self, message: Message, history: Sequence[Message] = ()) -> Question:
        """Never raises for a language model's sake."""
        ...


class Finder(Protocol):
    async def find(self, scope: Scope, question: Question, image: bytes | None = None) -> Retrieval:
        """Best first, and traced. Raises Missing, BadRequest, ModelMismatch, Unavailable."""
        ...

    async def nothing(self, scope: Scope, question: Question) -> Search:
        """An empty search, traced, for a question that asks nothing of the documents. Raises Missing."""
        ...

    def answered(self, search: Search, answer: Answer) -> None:
        """Adds the answer to the search's trace."""
        ...


class Writer(Protocol):
    @property
    def model(self) -> str: ...

    def write(self, message: Message, history: Sequence[Message], search: Search) -> AsyncGenerator[str | Answer]:
        """Yields pieces of the answer, then the whole. Raises ModelUnavailable, PromptTooLong, TooManyImages."""
        ...
