"""Conversations: begun, listed, read again with the evidence as it is now, asked on in, exported, forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.services.kept_answers import Recalled, ids_in, kept, recalled
from domain.answers import Answer, ImagePart, Message, TextPart
from domain.chunk_ids import document_id_of
from domain.conversations import LONGEST_QUESTION, LONGEST_TITLE, Conversation, KeptAnswer, Turn
from domain.errors import BadRequest, ExhibitError, Gone, Missing, TooLarge
from domain.evidence import Evidence
from domain.ports import Chunks, Conversations, Documents, Paged

HISTORY_TURNS = 20  # the last so many are given to the model with a question
MOST_WORDS = 16  # that a search looks for
AT_ONCE = 20  # turns that are read together, for an export

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecalledTurn:
    turn: Turn
    answer: Recalled | None


@dataclass(frozen=True, slots=True)
class Recollection:
    """Some turns of a conversation. `deleted`: ids of evidence whose documents are gone; evidence that is neither
    there nor deleted is being read again. `next_after`: the last turn's number, None where there are no more."""

    conversation: Conversation
    turns: tuple[RecalledTurn, ...]
    deleted: frozenset[str]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands in its conversation, with what was said before."""

    conversation_id: str
    caller: str
    number: int
    messages: tuple[Message, ...]


class ConversationKeeper:
    def __init__(self, conversations: Conversations, chunks: Chunks, documents: Documents) -> None:
        self._conversations = conversations
        self._chunks = chunks
        self._documents = documents

    async def begin(self, caller: str, title: str) -> Conversation:
        return await asyncio.to_thread(self._conversations.begin, caller, title)

    async def page(self, caller: str, words: str, limit: int, cursor: str | None) -> Paged[Conversation]:
        sought = words.split()[:MOST_WORDS]
        return await asyncio.to_thread(self._conversations.page, caller, sought, limit, cursor)

    async def rename(self, conversation_id: str, caller: str, title: str) -> Conversation:
        return await asyncio.to_thread(self._conversations.rename, conversation_id, caller, title)

    async def delete(self, conversation_id: str, caller: str) -> None:
        await asyncio.to_thread(self._conversations.delete, conversation_id, caller)

    async def read(self, conversation_id: str, caller: str, limit: int, after: int = 0) -> Recollection:
        """`limit` turns, those after this number. Raises Missing."""
        return await asyncio.to_thread(self._read, conversation_id, caller, limit, after)

    async def read_all(self, conversation_id: str, caller: str) -> AsyncIterator[Recollection]:
        """Piece by piece. Raises Missing."""
        after: int | None = 0
        while after is not None:
            piece = await self.read(conversation_id, caller, AT_ONCE, after)
            yield piece
            after = piece.next_after

    # ------------------------------------------------------------ asking

    async def asked(self, conversation_id: str, caller: str, messages: Sequence[Message]) -> Asked:
        """Keeps the question before there is an answer, and puts what was said before in front of it. Raises Missing,
        BadRequest, TooLarge, Conflict."""
        *before, question = messages
        if any(one.role != "system" for one in before):
            raise BadRequest(
                "With `conversation_id` send the new question alone: what was said before comes from the conversation."
            )
        if len(question.text) > LONGEST_QUESTION:
            raise TooLarge(f"A question in a conversation has at most {LONGEST_QUESTION} characters.")
        images = sum(isinstance(part, ImagePart) for part in question.parts)
        turn = await asyncio.to_thread(
            self._conversations.ask, conversation_id, caller, question.text, images, title_of(question.text)
        )
        said = await asyncio.to_thread(self._history, conversation_id, caller)
        return Asked(conversation_id, caller, turn.number, (*before, *said, question))

    async def answered(self, asked: Asked, answer: Answer) -> None:
        """An answer that can't be kept was given all the same: the log says so."""
        try:
            await asyncio.to_thread(self._keep, asked, answer)
        except ExhibitError as error:
            log.warning("an answer was not kept", extra={"conversation": asked.conversation_id, "why": str(error)})

    # ------------------------------------------------------------ in threads

    def _keep(self, asked: Asked, answer: Answer) -> None:
        self._conversations.answer(asked.conversation_id, asked.caller, asked.number, kept(answer))

    def _read(self, conversation_id: str, caller: str, limit: int, after: int) -> Recollection:
        conversation = self._conversations.find(conversation_id, caller)
        turns = self._conversations.turns(conversation_id, caller, after, limit)
        standing = self._standing([turn.answer for turn in turns if turn.answer is not None])
        more = bool(turns) and turns[-1].number < conversation.turns
        return Recollection(
            conversation,
            tuple(RecalledTurn(turn, recalled(turn.answer, standing) if turn.answer else None) for turn in turns),
            self._deleted([turn.answer for turn in turns if turn.answer is not None], standing),
            turns[-1].number if more else None,
        )

    def _history(self, conversation_id: str, caller: str) -> list[Message]:
        turns = self._conversations.last_answered(conversation_id, caller, HISTORY_TURNS)
        standing = self._standing([turn.answer for turn in turns if turn.answer is not None])
        said: list[Message] = []
        for turn in turns:
            if turn.answer is not None:
                said.append(Message("user", (TextPart(turn.question),)))
                said.append(Message("assistant", (TextPart(recalled(turn.answer, standing).answer),)))
        return said

    def _standing(self, answers: Sequence[KeptAnswer]) -> dict[str, Evidence]:
        ids = dict.fromkeys(id for answer in answers for id in ids_in(answer))
        collections = {id for answer in answers for id in answer.collections}
        return {one.id: one for one in self._chunks.evidence(list(ids), collections)}

    def _deleted(self, answers: Sequence[KeptAnswer], standing: dict[str, Evidence]) -> frozenset[str]:
        missing = [id for answer in answers for id in ids_in(answer) if id not in standing]
        there = {id: self._is_there(id) for id in {document_id_of(one) for one in missing}}
        return frozenset(id for id in missing if not there[document_id_of(id)])

    def _is_there(self, document_id: str) -> bool:
        """Whether its evidence may come back: it is being read again."""
        try:
            return not self._documents.find(document_id).findable
        except (Gone, Missing):
            return False


def title_of(question: str) -> str:
    """The question's first line, cut at a word."""
    line = next((line.strip() for line in question.splitlines() if line.strip()), "")
    if len(line) <= LONGEST_TITLE // 2:
        return line
    cut = line[: LONGEST_TITLE // 2]
    head, space, _ = cut.rpartition(" ")
    return f"{head if space and len(head) > len(cut) // 2 else cut}…"
