"""Deleting and erasing in SQL: a deleted document keeps its rows, hidden, until it is erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, select, update

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import (
    Now,
    batches,
    document_by_id,
    every_document,
    forget_empty_collections,
    inserted,
    select_documents,
    undeleted,
)
from app.adapters.catalogue.tables import chunks, document_of, documents, parts, tombstones
from domain.documents import Document
from domain.errors import Conflict, Gone


class SqlErasure:
    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    def delete(self, document_id: str) -> tuple[Document, ...]:
        this = and_(documents.c.id == document_id, undeleted)
        with self._database.writing() as connection:
            document, now = document_by_id(connection, document_id), self._now()
            if connection.execute(update(documents).where(this).values(deleted_at=now)).rowcount == 0:
                raise Gone("the document was deleted")  # by another process, since it was looked up
            return (document, *hide_whole(connection, document_id, now))

    def deleted(self, among: Sequence[str] | None = None) -> tuple[Document, ...]:
        hidden = documents.c.deleted_at.is_not(None)
        if among is None:
            return every_document(self._database, hidden)
        found = (every_document(self._database, hidden, documents.c.id.in_(ids)) for ids in batches(among))
        return tuple(document for some in found for document in some)

    def erase(self, document_id: str) -> None:
        """Raises Conflict for a document that is not deleted."""
        with self._database.writing() as connection:
            row = connection.execute(select(documents.c.deleted_at).where(documents.c.id == document_id)).one_or_none()
            if row is None:
                return
            if row.deleted_at is None:
                raise Conflict("the document is not deleted")
            inserted(connection, tombstones, {"id": document_id, "deleted_at": row.deleted_at})
            connection.execute(delete(chunks).where(chunks.c.document_id == document_id))
            connection.execute(delete(documents).where(documents.c.id == document_id))
            forget_empty_collections(connection)

    def bytes_wanted(self, sha256: str) -> bool:
        with self._database.reading() as connection:
            return bool(connection.scalar(select(exists().where(documents.c.sha256 == sha256))))


def hide_whole(connection: Connection, document_id: str, at: datetime, but: str = "") -> list[Document]:
    """Hides the document; returns what came only inside it, hidden too, but for one document."""
    lost, waiting = list[Document](), [document_id]
    while waiting:
        doomed = and_(documents.c.id.in_(waiting), undeleted)
        connection.execute(update(documents).where(doomed).values(deleted_at=at))
        orphans = [document_of(row) for row in connection.execute(_orphans(waiting)) if row.id != but]
        lost += orphans
        waiting = [orphan.id for orphan in orphans]
    return lost


def _orphans(wholes: Sequence[str]) -> Select[Any]:
    """The documents that came inside one of these, and inside nothing that is still there."""
    others, whole = parts.alias(), documents.alias()
    held = exists().where(
        others.c.part_id == documents.c.id, others.c.whole_id == whole.c.id, whole.c.deleted_at.is_(None)
    )
    inside = select(parts.c.part_id).where(parts.c.whole_id.in_(wholes))
    return select_documents().where(documents.c.id.in_(inside), undeleted, ~held)
