"""Conversations as they are kept. Of evidence only ids and places are, no text: what was deleted doesn't come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.answers import Because, Claim, Notice, Usage, Verdict

LONGEST_TITLE = 200  # characters
LONGEST_QUESTION = 100_000  # characters of a question that is kept
MOST_TURNS = 1_000  # of a conversation: 2,000 messages
MOST_CONVERSATIONS = 10_000  # of one caller


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    caller: str  # a digest of the caller's key; empty where none is needed
    title: str  # empty: the first question will be it
    created_at: datetime
    updated_at: datetime
    turns: int = 0


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """`begin`, `end`: where the answer says it; equal where it can't be found there."""

    claim: Claim
    repeats: bool  # it says the evidence's own words, so it is withheld where that was deleted
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class KeptCitation:
    """A quote as its place in the text of a chunk. `check` tells whether that text is still the same."""

    n: int
    chunk_id: str
    begin: int
    end: int
    check: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer whose evidence is named by chunk ids, in the collections that it was found in."""

    answer: str
    verdict: Verdict
    confidence: float
    claims: tuple[KeptClaim, ...]
    citations: tuple[KeptCitation, ...]
    evidence: tuple[str, ...]
    nearest: tuple[str, ...]
    collections: tuple[str, ...]
    model: str
    trace_id: str
    missing: str | None = None
    abstained_because: Because | None = None  # also None in what was kept before it was
    notices: tuple[Notice, ...] = ()
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer; None while it is written, and where that broke off."""

    number: int  # from 1
    question: str
    images: int  # how many came with the question; they are not kept
    asked_at: datetime
    answer: KeptAnswer | None = None
    answered_at: datetime | None = None
