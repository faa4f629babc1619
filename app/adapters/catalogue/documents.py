"""Documents in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, delete, exists, false, or_, select

from app.adapters.catalogue import tables
from app.adapters.catalogue.cursors import checked_limit, page_of
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import (
    AT_ONCE,
    LIGHT,
    LISTED,
    UNDESCRIBED,
    UNFINISHED,
    after_cursor,
    batches,
    document_by_id,
    every_document,
    findable,
    inserted,
    known,
    select_documents,
    undeleted,
    undeleted_collections,
)
from app.adapters.catalogue.storable import json_texts
from app.adapters.catalogue.tables import collections, document_of, documents, parts
from domain.documents import Document, Facts, Narrowed, Status
from domain.errors import Conflict, Missing, Unavailable
from domain.ports import Paged

MOST_TEXTS = 100  # looked for in each document's metadata; of more, all documents are looked at
ROUNDS = 5

_FACTS = select(documents.c.id, documents.c.pages, documents.c.metadata)


class SqlDocuments:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        row = tables.row_of_document(document)
        same_bytes = and_(documents.c.collection_id == document.collection_id, documents.c.sha256 == document.sha256)
        with self._database.writing() as connection:
            _hold_collection(connection, document.collection_id)
            if part_of is not None:
                document_by_id(connection, part_of)
            # Against a rival's insert that we can't see yet, only the unique index helps: then look again.
            # The rival's document may be deleted before we look, so it may take another round.
            for _ in range(ROUNDS):
                there = connection.execute(select_documents().where(same_bytes, undeleted)).one_or_none()
                if there is not None:
                    _check_duplicate(document, document_of(there))
                    _came_again(connection, there.id, part_of)
                    return document_of(there), True
                if document.replaces is not None:
                    _hold_replaceable(connection, document, document.replaces)
                if known(connection, document.id):
                    raise Conflict(f"there is a document {document.id} already")
                if inserted(connection, documents, row):
                    if part_of is not None:
                        inserted(connection, parts, {"whole_id": part_of, "part_id": document.id})
                    return document_by_id(connection, document.id), False
        raise Unavailable("others store and delete the same bytes all the time")

    def find(self, document_id: str) -> Document:
        with self._database.reading() as connection:
            return document_by_id(connection, document_id)

    def page(
        self,
        collection_id: str,
        status: Status | None,
        limit: int,
        cursor: str | None = None,
        *,
        sha256: str | None = None,
        name: str | None = None,
    ) -> Paged[Document]:
        wanted = select_documents(LISTED).where(documents.c.collection_id == collection_id, undeleted)
        narrowed = {documents.c.status: status, documents.c.sha256: sha256, documents.c.name: name}
        for column, value in narrowed.items():
            if value is not None:
                wanted = wanted.where(column == value)
        if cursor:  # an empty one is none: clients send `cursor=` for the first page
            wanted = wanted.where(after_cursor(documents.c, cursor))
        wanted = wanted.order_by(documents.c.created_at, documents.c.id).limit(checked_limit(limit) + 1)
        with self._database.reading() as connection:
            found = [document_of(row) for row in connection.execute(wanted)]
        return page_of(found, limit, lambda document: (document.created_at, document.id))

    def findable(self, collection_ids: Iterable[str]) -> tuple[Document, ...]:
        """In order of arrival, without their page reports."""
        found: list[Document] = []
        with self._database.reading() as connection:
            for ids in batches(collection_ids):
                wanted = select_documents(LIGHT).where(documents.c.collection_id.in_(ids), findable)
                found.extend(document_of(row) for row in connection.execute(wanted))
        return tuple(sorted(found, key=lambda document: (document.created_at, document.id)))

    def facts(self, collection_ids: Iterable[str], narrowed: Narrowed) -> tuple[Facts, ...]:
        found: list[Facts] = []
        with self._database.reading() as connection:
            for ids in batches(collection_ids):
                wanted = _FACTS.where(documents.c.collection_id.in_(ids), findable, *_may_match(narrowed))
                found.extend(Facts(*row) for row in connection.execute(wanted).all())
        return tuple(found)

    def unfinished(self) -> tuple[Document, ...]:
        return every_document(self._database, undeleted, documents.c.status.in_(UNFINISHED))

    def undescribed(self, limit: int) -> tuple[Document, ...]:
        wanted = select_documents().where(undeleted, UNDESCRIBED).order_by(documents.c.created_at, documents.c.id)
        with self._database.reading() as connection:
            return tuple(document_of(row) for row in connection.execute(wanted.limit(limit)))


def _may_match(narrowed: Narrowed) -> Iterator[ColumnElement[bool]]:
    """In the metadata's JSON as it is stored: the same value stands there in the same letters, wherever it stands."""
    if narrowed.ids is not None and len(narrowed.ids) <= AT_ONCE:
        yield documents.c.id.in_(sorted(narrowed.ids))
    stored = cast(documents.c.metadata, Text)
    for values in narrowed.values:
        texts = {text for value in values for text in json_texts(value)}
        if len(texts) <= MOST_TEXTS:
            yield or_(false(), *(stored.contains(text, autoescape=True) for text in sorted(texts)))


def _hold_collection(connection: Connection, collection_id: str) -> None:
    """Whoever deletes the collection meanwhile waits for us, and then hides our document too."""
    there = undeleted_collections().where(collections.c.id == collection_id).with_for_update(read=True)
    if connection.execute(there).one_or_none() is None:
        raise Missing("there is no such collection")


def _hold_replaceable(connection: Connection, document: Document, old_id: str) -> None:
    """Whoever else replaces it at this moment waits for us, and then sees our document. Raises Missing, Gone,
    Conflict."""
    connection.execute(select(documents.c.id).where(documents.c.id == old_id).with_for_update())
    coming = and_(documents.c.replaces == old_id, documents.c.status.in_(UNFINISHED), undeleted)
    rivals = [document_of(row) for row in connection.execute(select_documents().where(coming))]
    _check_replaceable(document, document_by_id(connection, old_id), rivals)


def _check_duplicate(document: Document, there: Document) -> None:
    """The same bytes as the document to be replaced change nothing, and those of its new version come again. Raises
    Conflict for those of a third."""
    if document.replaces is not None and there.id != document.replaces and there.replaces != document.replaces:
        raise Conflict(
            f"These bytes are in the collection already, as the document {there.id} ({there.name}): delete "
            f"{document.replaces} instead of replacing it."
        )


def _check_replaceable(document: Document, old: Document, rivals: Sequence[Document]) -> None:
    """Raises Conflict."""
    if old.collection_id != document.collection_id:
        raise Conflict(f"The document {old.id} is in another collection, {old.collection}.")
    for rival in rivals:
        raise Conflict(f"The document {old.id} is being replaced already, by {rival.id}: wait for that, or cancel it.")


def _came_again(connection: Connection, document_id: str, part_of: str | None) -> None:
    """Sent on its own, it stands on its own from now on; inside another, it is one more that holds it."""
    if part_of is None:
        connection.execute(delete(parts).where(parts.c.part_id == document_id))
    elif part_of != document_id and connection.scalar(select(exists().where(parts.c.part_id == document_id))):
        inserted(connection, parts, {"whole_id": part_of, "part_id": document_id})
