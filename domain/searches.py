"""A query, what was found for it, and how that came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.answers import Notice, Verdict
from domain.documents import Collection, Kind, Part
from domain.evidence import Evidence, Space
from domain.question import Language, Question


@dataclass(frozen=True, slots=True)
class Query:
    question: Question = field(default_factory=Question)
    image: bytes | None = None
    collections: tuple[Collection, ...] = ()
    kinds: frozenset[Kind] = frozenset()  # empty: all
    documents: frozenset[str] | None = None  # None: all; else only these can match
    where: Mapping[str, Any] | None = None  # the request's filter, checked again at the join


@dataclass(frozen=True, slots=True)
class Hit:
    chunk_id: str
    score: float  # orders one result, no more
    ranks: Mapping[Space, int] = field(default_factory=dict)  # from 1, in each space that found it
    scores: Mapping[Space, float] = field(default_factory=dict)  # in each space that found it, on that space's scale


@dataclass(frozen=True, slots=True)
class Vote:
    """Whether a space took part in a search, and why not."""

    space: Space
    voted: bool
    why: str = ""
    found: int = 0
    took_ms: float = 0.0
    missing: Part | None = None  # can't be reached, so that the space could not be searched
    unread: tuple[str, ...] = ()  # collections that it left out, as their vectors are of another model


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step of a search, for its trace: a space searched, a fusion, a reranking, …

    A retriever adds its own to those of the retrievers it wraps: `replace(found, steps=(*found.steps, TraceStep(…)))`.
    """

    name: str  # `words`, `text`, `image`, `fuse`, `rerank`, `join`, …
    took_ms: float = 0.0
    candidates: tuple[Hit, ...] = ()  # best first, as they were after this step
    details: Mapping[str, Any] = field(default_factory=dict)  # small, and JSON: never a document's text


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that is not shown, and why not."""

    chunk_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...] = ()
    votes: tuple[Vote, ...] = ()
    exhausted: bool = True  # asking for more would give no more
    steps: tuple[TraceStep, ...] = ()
    dropped: tuple[Dropped, ...] = ()  # what a retriever itself left out: near-duplicates, …


@dataclass(frozen=True, slots=True)
class Understood:
    """A query as it was understood."""

    asked: str  # as it came
    searched: str  # as it was searched for: standalone, where it leaned on the conversation
    why: str = ""  # it was made standalone, or taken for a question about whole documents or the library
    language: Language = "en"
    image: bool = False
    collections: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    where: Mapping[str, Any] | None = None
    documents: int | None = None  # in how many documents something can match the filter; None without one
    top_k: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of evidence as a trace keeps it: its id, no text."""

    chunk_id: str
    score: float
    ranks: Mapping[Space, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer that was made from a search, for its trace."""

    verdict: Verdict
    confidence: float
    model: str
    shown: tuple[str, ...]  # chunk ids, in the order of their markers
    notices: tuple[str, ...] = ()  # codes


@dataclass(frozen=True, slots=True)
class Trace:
    """How a search came about. It holds ids, numbers and the caller's own words, but no text of a document."""

    id: str
    at: datetime
    caller: str  # a digest of the caller's key; empty where none is needed
    query: Understood
    votes: tuple[Vote, ...] = ()
    steps: tuple[TraceStep, ...] = ()
    evidence: tuple[Shown, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """The result of a search: evidence in order, and how it came about."""

    evidence: tuple[Evidence, ...]
    votes: tuple[Vote, ...]
    trace_id: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    trace: Trace | None = None
    question: Question = field(default_factory=Question)
    notices: tuple[Notice, ...] = ()
    query: Query = field(default_factory=Query)  # where it looked: collections, documents, kinds
