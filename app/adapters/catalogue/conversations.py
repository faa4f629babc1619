"""Conversations in SQL: answers as packed JSON beside words to search in, none of which is a document's text."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from app.adapters.catalogue.cursors import checked_limit, decode_cursor, page_of
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import Now
from app.adapters.catalogue.storable import storable
from app.adapters.catalogue.tables import Moment, Words, conversations, turns
from domain.conversations import MOST_CONVERSATIONS, MOST_TURNS, Conversation, KeptAnswer, Turn
from domain.errors import Conflict, Missing
from domain.ports import Paged
from language.analyser import matchable

_JSON = TypeAdapter(KeptAnswer)
_SHOWN = tuple(column for column in conversations.c if column.name != "folded")


class SqlConversations:
    def __init__(
        self, database: Database, now: Now, most: int = MOST_CONVERSATIONS, most_turns: int = MOST_TURNS
    ) -> None:
        self._database = database
        self._now = now
        self._most = most
        self._most_turns = most_turns

    def begin(self, caller: str, title: str = "") -> Conversation:
        now = self._now()
        new = Conversation(uuid4().hex, caller, storable(title), now, now)
        with self._database.writing() as connection:
            mine = select(func.count()).select_from(conversations).where(conversations.c.caller == caller)
            if (connection.scalar(mine) or 0) >= self._most:
                raise Conflict(f"there are {self._most} conversations, the most that are kept: delete some")
            connection.execute(insert(conversations), {**asdict(new), "folded": matchable(title)})
        return new

    def find(self, conversation_id: str, caller: str) -> Conversation:
        with self._database.reading() as connection:
            return _found(connection, conversation_id, caller)

    def page(self, caller: str, words: Sequence[str], limit: int, cursor: str | None = None) -> Paged[Conversation]:
        held = (_holds(matchable(word)) for word in words)
        wanted = select(*_SHOWN).where(conversations.c.caller == caller, *held)
        if cursor:
            at, id = decode_cursor(cursor)
            order = tuple_(conversations.c.updated_at, conversations.c.id)
            wanted = wanted.where(order < tuple_(literal(at, Moment), literal(id, Words)))
        wanted = wanted.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(wanted.limit(checked_limit(limit) + 1))
            return page_of([_conversation(row) for row in rows], limit, lambda one: (one.updated_at, one.id))

    def rename(self, conversation_id: str, caller: str, title: str) -> Conversation:
        with self._database.writing() as connection:
            _found(connection, conversation_id, caller)
            connection.execute(_changed(conversation_id).values(title=title, folded=matchable(title)))
            return _found(connection, conversation_id, caller)

    def delete(self, conversation_id: str, caller: str) -> None:
        with self._database.writing() as connection:
            _found(connection, conversation_id, caller)
            connection.execute(delete(conversations).where(conversations.c.id == conversation_id))

    def ask(self, conversation_id: str, caller: str, question: str, images: int, title: str = "") -> Turn:
        question, now = storable(question), self._now()
        with self._database.writing() as connection:
            there = _found(connection, conversation_id, caller, for_update=True)
            last = _turns(connection, conversation_id, there.turns - 1)
            again = bool(last) and last[-1].answer is None and last[-1].question == question
            number = there.turns if again else there.turns + 1
            if number > self._most_turns:
                most = 2 * self._most_turns
                raise Conflict(f"the conversation has {most} messages, the most that are kept: begin another")
            title = there.title or storable(title)
            changes = {"updated_at": now, "turns": number, "title": title, "folded": matchable(title)}
            connection.execute(_changed(conversation_id).values(changes))
            kept = {"question": question, "images": images, "asked_at": now, "folded": matchable(question)}
            if again:
                connection.execute(update(turns).where(_turn(conversation_id, number)).values(kept))
            else:
                connection.execute(insert(turns), {"conversation_id": conversation_id, "number": number, **kept})
        return Turn(number, question, images, now)

    def answer(self, conversation_id: str, caller: str, number: int, answer: KeptAnswer) -> None:
        this, now = _turn(conversation_id, number), self._now()
        with self._database.writing() as connection:
            _found(connection, conversation_id, caller)
            question = connection.scalar(select(turns.c.question).where(this)) or ""
            values = {
                "answered_at": now,
                "answer": _packed(answer),
                "folded": matchable(f"{question}\n{answer.answer}"),
            }
            connection.execute(update(turns).where(this).values(values))
            connection.execute(_changed(conversation_id).values(updated_at=now))

    def turns(self, conversation_id: str, caller: str, after: int, limit: int) -> tuple[Turn, ...]:
        with self._database.reading() as connection:
            _found(connection, conversation_id, caller)
            return _turns(connection, conversation_id, after, limit)

    def last_answered(self, conversation_id: str, caller: str, most: int) -> tuple[Turn, ...]:
        wanted = select(turns).where(turns.c.conversation_id == conversation_id, turns.c.answer.is_not(None))
        with self._database.reading() as connection:
            _found(connection, conversation_id, caller)
            rows = connection.execute(wanted.order_by(turns.c.number.desc()).limit(most))
            return tuple(reversed([_turn_of(row) for row in rows]))

    def forget(self, before: datetime) -> int:
        with self._database.writing() as connection:
            return connection.execute(delete(conversations).where(conversations.c.updated_at < before)).rowcount


# ---------------------------------------------------------------- statements


def _found(connection: Connection, conversation_id: str, caller: str, for_update: bool = False) -> Conversation:
    wanted = select(*_SHOWN).where(conversations.c.id == conversation_id, conversations.c.caller == caller)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise Missing("there is no such conversation")
    return _conversation(row)


def _holds(word: str) -> ColumnElement[bool]:
    of_it = turns.c.conversation_id == conversations.c.id
    in_turns = exists().where(of_it, turns.c.folded.contains(word, autoescape=True))
    return or_(conversations.c.folded.contains(word, autoescape=True), in_turns)


def _changed(conversation_id: str) -> Any:
    return update(conversations).where(conversations.c.id == conversation_id)


def _turn(conversation_id: str, number: int) -> ColumnElement[bool]:
    return and_(turns.c.conversation_id == conversation_id, turns.c.number == number)


def _turns(connection: Connection, conversation_id: str, after: int, limit: int = 1) -> tuple[Turn, ...]:
    wanted = select(turns).where(turns.c.conversation_id == conversation_id, turns.c.number > after)
    return tuple(_turn_of(row) for row in connection.execute(wanted.order_by(turns.c.number).limit(limit)))


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(**row._mapping)


def _turn_of(row: Row[Any]) -> Turn:
    answer = None if row.answer is None else _JSON.validate_json(zlib.decompress(row.answer))
    return Turn(row.number, row.question, row.images, row.asked_at, answer, row.answered_at)


def _packed(answer: KeptAnswer) -> bytes:
    return zlib.compress(_JSON.dump_json(answer), level=1)
