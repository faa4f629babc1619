"""Collections in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, and_, exists, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.catalogue import tables
from app.adapters.catalogue.cursors import checked_limit, page_of
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import (
    Now,
    after_cursor,
    collection_by_id,
    collection_named,
    forget_empty_collections,
    inserted,
    put_encoders,
    select_documents,
    undeleted,
    undeleted_collections,
)
from app.adapters.catalogue.storable import storable_metadata
from app.adapters.catalogue.tables import collection_of, collections, document_of, documents
from domain.documents import Collection, Document
from domain.errors import Conflict
from domain.ports import Paged

DEFAULT = "default"  # the collection that always exists


class SqlCollections:
    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now
        with database.writing() as connection:
            self._ensure_default(connection)

    def create(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        with self._database.writing() as connection:
            created = self._insert_collection(connection, name, metadata)
        if created is None:
            raise Conflict(f"there is a collection named {name} already")
        return created

    def find(self, name: str) -> Collection:
        with self._database.reading() as connection:
            return collection_named(connection, name)

    def find_by_id(self, collection_id: str) -> Collection:
        with self._database.reading() as connection:
            return collection_by_id(connection, collection_id)

    def page(self, limit: int, cursor: str | None = None) -> Paged[Collection]:
        wanted = undeleted_collections()
        if cursor:  # an empty one is none: clients send `cursor=` for the first page
            wanted = wanted.where(after_cursor(collections.c, cursor))
        wanted = wanted.order_by(collections.c.created_at, collections.c.id).limit(checked_limit(limit) + 1)
        with self._database.reading() as connection:
            found = [collection_of(row) for row in connection.execute(wanted)]
        return page_of(found, limit, lambda collection: (collection.created_at, collection.id))

    def update(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        of_that_name = and_(collections.c.name == name, collections.c.deleted_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(collections).where(of_that_name).values(metadata=storable_metadata(metadata)))
            return collection_named(connection, name)

    def rename(self, name: str, new_name: str) -> Collection:
        if name == DEFAULT and new_name != DEFAULT:
            raise Conflict(f"the collection {DEFAULT} always exists, and keeps its name")
        with self._database.writing() as connection:
            renamed = collection_named(connection, name, for_update=True)
            try:
                connection.execute(update(collections).where(collections.c.id == renamed.id).values(name=new_name))
            except IntegrityError as error:  # an index holds that names differ
                raise Conflict(f"there is a collection named {new_name} already") from error
            return collection_named(connection, new_name)

    def stamp(self, collection_id: str, encoders: Mapping[str, str]) -> Collection:
        with self._database.writing() as connection:
            standing = collection_by_id(connection, collection_id, for_update=True)
            if standing.encoders:
                return standing
            return put_encoders(connection, replace(standing, encoders=dict(encoders)))

    def delete(self, name: str) -> tuple[Document, ...]:
        """The collection `default` always exists: deleted, it is there again, new and empty."""
        with self._database.writing() as connection:
            doomed, now = collection_named(connection, name, for_update=True), self._now()
            connection.execute(update(collections).where(collections.c.id == doomed.id).values(deleted_at=now))
            lost = and_(documents.c.collection_id == doomed.id, undeleted)
            rows = connection.execute(select_documents().where(lost).order_by(documents.c.created_at, documents.c.id))
            hidden = tuple(document_of(row) for row in rows)
            connection.execute(update(documents).where(lost).values(deleted_at=now))
            forget_empty_collections(connection)
            self._ensure_default(connection)
        return hidden

    def _ensure_default(self, connection: Connection) -> None:
        if connection.scalar(select(~exists(undeleted_collections().where(collections.c.name == DEFAULT)))):
            self._insert_collection(connection, DEFAULT, {})

    def _insert_collection(self, connection: Connection, name: str, metadata: Mapping[str, Any]) -> Collection | None:
        """None when the name is taken."""
        new = Collection(uuid4().hex, name, self._now(), metadata)
        if not inserted(connection, collections, tables.row_of_collection(new)):
            return None
        return collection_named(connection, name)
