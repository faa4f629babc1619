"""Leases of workers in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, delete, func, or_, select, update

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import Now, inserted, utc_now
from app.adapters.catalogue.tables import leases
from domain.errors import Unavailable


class SqlLeases:
    def __init__(self, database: Database, now: Now) -> None:
        """With Postgres, the server's clock counts unless a test gives another: those of machines may differ."""
        self._database = database
        self._now = now

    def hold(self, worker_id: str, seconds: float) -> None:
        with self._database.writing() as connection:
            expires_at = self._clock(connection) + timedelta(seconds=seconds)
            if not inserted(connection, leases, {"worker_id": worker_id, "expires_at": expires_at}):
                connection.execute(_unclaimed(worker_id).values(expires_at=expires_at))

    def renew(self, worker_id: str, seconds: float) -> bool:
        with self._database.writing() as connection:
            expires_at = self._clock(connection) + timedelta(seconds=seconds)
            return connection.execute(_unclaimed(worker_id).values(expires_at=expires_at)).rowcount > 0

    def release(self, worker_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.worker_id == worker_id))

    def claim(self, worker_id: str) -> tuple[str, ...]:
        with self._database.writing() as connection:
            now = self._clock(connection)
            others = leases.alias()
            living = select(others.c.worker_id).where(others.c.expires_at > now, others.c.claimed_by.is_(None))
            open_to_us = or_(
                leases.c.claimed_by.is_(None), leases.c.claimed_by == worker_id, leases.c.claimed_by.not_in(living)
            )
            claimed = (
                update(leases)
                .where(leases.c.worker_id != worker_id, leases.c.expires_at <= now, open_to_us)
                .values(claimed_by=worker_id)
                .returning(leases.c.worker_id)
            )
            return tuple(sorted(connection.scalars(claimed)))

    def _clock(self, connection: Connection) -> datetime:
        if connection.dialect.name == "postgresql" and self._now is utc_now:
            moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return moment
        return self._now()


class Fenced:
    """Transactions of a worker: they write only while nobody has claimed its lease. A worker that was cut off from the
    others, and comes back, changes nothing any more."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self._database = database
        self._worker_id = worker_id

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Raises Unavailable. Whoever claims the lease waits until the transaction has ended."""
        mine = select(leases.c.worker_id).where(leases.c.worker_id == self._worker_id, leases.c.claimed_by.is_(None))
        with self._database.writing() as connection:
            if connection.scalar(mine.with_for_update(read=True)) is None:
                raise Unavailable("Another worker has taken over what this one did.", "the catalogue")
            yield connection


def _unclaimed(worker_id: str) -> Update:
    return update(leases).where(leases.c.worker_id == worker_id, leases.c.claimed_by.is_(None))
