"""Reindexings in SQL: a collection gets other encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import (
    LIGHT,
    collection_by_id,
    findable,
    put_encoders,
    select_documents,
    undeleted,
)
from app.adapters.catalogue.tables import document_of, documents
from domain.documents import READ, Collection, Document, Reindexing, ReindexState
from domain.errors import Missing


class SqlReindexes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, collection_id: str, encoders: Mapping[str, str], reindex_id: str) -> Collection:
        with self._database.writing() as connection:
            standing = collection_by_id(connection, collection_id, for_update=True)
            return put_encoders(connection, _with_reindex(standing, encoders, reindex_id))

    def update(
        self,
        collection_id: str,
        reindex_id: str,
        *,
        state: ReindexState | None = None,
        done: int | None = None,
        total: int | None = None,
        problem: str | None = None,
    ) -> bool:
        given = {"state": state, "done": done, "total": total, "problem": problem}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        with self._database.writing() as connection:
            if (found := _under_way(connection, collection_id, reindex_id)) is None:
                return False
            standing, reindex = found
            put_encoders(connection, replace(standing, reindex=replace(reindex, **changes)))
        return True

    def pending(self, collection_id: str, reindex_id: str, limit: int) -> tuple[Document, ...]:
        """In order of arrival, without their page reports."""
        here = and_(documents.c.collection_id == collection_id, findable, documents.c.status.in_(sorted(READ)))
        wanted = select_documents(LIGHT).where(here, _unmarked(reindex_id))
        wanted = wanted.order_by(documents.c.created_at, documents.c.id).limit(limit)
        with self._database.reading() as connection:
            return tuple(document_of(row) for row in connection.execute(wanted))

    def mark(self, document: Document, reindex_id: str) -> bool:
        as_read = and_(documents.c.attempt == document.attempt, documents.c.published == document.published)
        this = and_(documents.c.id == document.id, undeleted, as_read, documents.c.status.in_(sorted(READ)))
        with self._database.writing() as connection:
            return connection.execute(update(documents).where(this).values(re_embedded=reindex_id)).rowcount > 0

    def switch(self, collection_id: str, reindex_id: str) -> bool:
        """Who goes through `stamp` meanwhile waits for the collection's row. One question asks for both sorts of
        documents: one that is published between two questions would be in neither answer."""
        behind = or_(documents.c.status == "running", and_(documents.c.published > 0, _unmarked(reindex_id)))
        with self._database.writing() as connection:
            if (found := _under_way(connection, collection_id, reindex_id)) is None:
                return False
            standing, reindex = found
            if connection.scalar(select(exists().where(documents.c.collection_id == collection_id, undeleted, behind))):
                return False
            put_encoders(connection, replace(standing, encoders=reindex.encoders, reindex=None))
        return True


def _with_reindex(standing: Collection, encoders: Mapping[str, str], reindex_id: str) -> Collection:
    if not standing.encoders or dict(standing.encoders) == dict(encoders):
        return replace(standing, reindex=None)
    under_way = (
        standing.reindex is not None and standing.reindex.live and dict(standing.reindex.encoders) == dict(encoders)
    )
    return standing if under_way else replace(standing, reindex=Reindexing(reindex_id, dict(encoders)))


def _unmarked(reindex_id: str) -> ColumnElement[bool]:
    return documents.c.re_embedded.is_distinct_from(reindex_id)


def _under_way(connection: Connection, collection_id: str, reindex_id: str) -> tuple[Collection, Reindexing] | None:
    """The collection, held, and its reindexing, if that is under way and has this id."""
    try:
        standing = collection_by_id(connection, collection_id, for_update=True)
    except Missing:
        return None
    reindex = standing.reindex
    return (standing, reindex) if reindex is not None and reindex.live and reindex.id == reindex_id else None
