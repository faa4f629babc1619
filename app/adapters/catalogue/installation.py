"""The id of an installation, which its catalogue and its files have in common."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, insert, select

from app.adapters.catalogue.database import MIGRATION_LOCK, Database
from app.adapters.catalogue.tables import installation


class SqlInstallation:
    def __init__(self, database: Database) -> None:
        self._database = database

    def agree(self, marked: Callable[[str | None], str]) -> None:
        """`marked` gets the id that the catalogue knows, or None, and returns the one that the files have then. One
        process at a time: those that start together agree on one. Raises what `marked` raises."""
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            known = connection.scalar(select(installation.c.id))
            id = marked(known)
            if known is None:
                connection.execute(insert(installation).values(id=id))
