"""Leases of workers in SQL."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import Now, inserted
from app.adapters.catalogue.tables import leases


class SqlLeases:
    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    def hold(self, worker_id: str, seconds: float) -> None:
        expires_at = self._now() + timedelta(seconds=seconds)
        renewed = update(leases).where(leases.c.worker_id == worker_id).values(expires_at=expires_at)
        with self._database.writing() as connection:
            if connection.execute(renewed).rowcount:
                return
            if not inserted(connection, leases, {"worker_id": worker_id, "expires_at": expires_at}):
                connection.execute(renewed)

    def release(self, worker_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.worker_id == worker_id))

    def expired(self) -> tuple[str, ...]:
        """Until they are renewed or released."""
        expired = select(leases.c.worker_id).where(leases.c.expires_at <= self._now()).order_by(leases.c.expires_at)
        with self._database.reading() as connection:
            return tuple(connection.scalars(expired))
