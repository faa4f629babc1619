"""Sessions in SQL."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import and_, delete, insert, select, update

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.storable import storable
from app.adapters.catalogue.tables import sessions
from domain.errors import Missing
from domain.sessions import MOST_SESSIONS, Session


class SqlSessions:
    def __init__(self, database: Database, most: int = MOST_SESSIONS) -> None:
        self._database = database
        self._most = most

    def open(self, session: Session) -> None:
        mine = select(sessions.c.digest).where(sessions.c.caller == session.caller)
        with self._database.writing() as connection:
            connection.execute(insert(sessions), {**asdict(session), "agent": storable(session.agent)})
            rows = connection.execute(mine.order_by(sessions.c.used_at.desc()).offset(self._most))
            if beyond := [row.digest for row in rows]:
                connection.execute(delete(sessions).where(sessions.c.digest.in_(beyond)))

    def find(self, digest: str) -> Session | None:
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(sessions.c.digest == digest)).one_or_none()
        return None if row is None else Session(**row._mapping)

    def renew(self, digest: str, used_at: datetime, expires_at: datetime) -> None:
        this = update(sessions).where(sessions.c.digest == digest)
        with self._database.writing() as connection:
            connection.execute(this.values(used_at=used_at, expires_at=expires_at))

    def of(self, caller: str) -> tuple[Session, ...]:
        wanted = select(sessions).where(sessions.c.caller == caller).order_by(sessions.c.used_at.desc())
        with self._database.reading() as connection:
            return tuple(Session(**row._mapping) for row in connection.execute(wanted))

    def close(self, session_id: str, caller: str) -> None:
        this = and_(sessions.c.id == session_id, sessions.c.caller == caller)
        with self._database.writing() as connection:
            if connection.execute(delete(sessions).where(this)).rowcount == 0:
                raise Missing("there is no such session")

    def forget(self, before: datetime) -> int:
        with self._database.writing() as connection:
            return connection.execute(delete(sessions).where(sessions.c.expires_at < before)).rowcount
