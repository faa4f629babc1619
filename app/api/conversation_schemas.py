"""Kept conversations as JSON: answers as they were, with their evidence as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.api.schemas import ClaimOut, EvidenceOut, NoticeOut, Out, UsageOut
from app.services.conversations import RecalledTurn, Recollection
from app.services.kept_answers import Recalled
from domain.answers import Because
from domain.chunk_ids import document_id_of
from domain.conversations import Conversation
from domain.evidence import Evidence


class WithheldOut(BaseModel):
    """Evidence that can't be shown."""

    id: str
    document_id: str
    deleted: bool = Field(description="false: its document is being read again, and it may come back")


class KeptCitationOut(BaseModel):
    n: int = Field(description="the number of its marker in the answer: `[1]`")
    evidence: EvidenceOut | WithheldOut
    quote: str = Field(description="an exact part of the evidence's text; empty where that can't be shown")


class KeptAnswerOut(BaseModel):
    """An answer of `/v1/chat`, with its evidence as it is now."""

    answer: str = Field(description="claims in the words of a document that was deleted are `[…]`")
    verdict: Literal["grounded", "partial", "ungrounded", "abstained"]
    confidence: float
    claims: list[ClaimOut]
    citations: list[KeptCitationOut]
    evidence: list[EvidenceOut | WithheldOut]
    nearest: list[EvidenceOut | WithheldOut]
    missing: str | None
    abstained_because: Because | None = Field(description="as in `Answer`; null also in what was kept before it was")
    notices: list[NoticeOut]
    model: str
    usage: UsageOut
    timings_ms: dict[str, float]
    trace_id: str

    @classmethod
    def of(cls, recalled: Recalled, deleted: frozenset[str]) -> KeptAnswerOut:
        kept = recalled.kept

        def shown(one: Evidence | str) -> EvidenceOut | WithheldOut:
            if isinstance(one, Evidence):
                return EvidenceOut.of(one)
            return WithheldOut(id=one, document_id=document_id_of(one), deleted=one in deleted)

        return cls(
            answer=recalled.answer,
            verdict=kept.verdict,
            confidence=kept.confidence,
            claims=[ClaimOut.model_validate(claim) for claim in recalled.claims],
            citations=[KeptCitationOut(n=n, evidence=shown(one), quote=quote) for n, one, quote in recalled.citations],
            evidence=[shown(one) for one in recalled.evidence],
            nearest=[shown(one) for one in recalled.nearest],
            missing=kept.missing,
            abstained_because=kept.abstained_because,
            notices=[NoticeOut.model_validate(notice) for notice in kept.notices],
            model=kept.model,
            usage=UsageOut.model_validate(kept.usage),
            timings_ms=dict(kept.timings_ms),
            trace_id=kept.trace_id,
        )


class KeptMessageOut(BaseModel):
    role: Literal["user", "assistant"]
    content: str
    at: datetime
    images: int = Field(default=0, description="how many came with a question; they are not kept")
    answer: KeptAnswerOut | None = Field(default=None, description="of the assistant's messages")


class ConversationOut(Out):
    id: str
    title: str = Field(description="empty before the first question, if none was given")
    created_at: datetime
    updated_at: datetime = Field(description="when it was last asked or answered in")
    turns: int = Field(description="how many questions it has")


class WholeConversationOut(ConversationOut):
    messages: list[KeptMessageOut] = Field(description="a question without an answer broke off, or is being answered")
    next_cursor: str | None = Field(description="of further messages; null on the last page")

    @classmethod
    def made(cls, of: Recollection) -> WholeConversationOut:
        return cls(
            **ConversationOut.model_validate(of.conversation).model_dump(),
            messages=list(messages_of(of.turns, of.deleted)),
            next_cursor=None if of.next_after is None else str(of.next_after),
        )


class ConversationsOut(BaseModel):
    conversations: list[ConversationOut]
    next_cursor: str | None = Field(description="null on the last page")

    @classmethod
    def made(cls, found: Sequence[Conversation], next_cursor: str | None) -> ConversationsOut:
        return cls(conversations=[ConversationOut.model_validate(one) for one in found], next_cursor=next_cursor)


def messages_of(turns: Sequence[RecalledTurn], deleted: frozenset[str]) -> Iterator[KeptMessageOut]:
    for one in turns:
        turn = one.turn
        yield KeptMessageOut(role="user", content=turn.question, at=turn.asked_at, images=turn.images)
        if one.answer is not None:
            answer = KeptAnswerOut.of(one.answer, deleted)
            at = turn.answered_at or turn.asked_at
            yield KeptMessageOut(role="assistant", content=answer.answer, at=at, answer=answer)
