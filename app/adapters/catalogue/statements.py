"""What the catalogue's parts share: conditions, selections, and steps within a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    exists,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from app.adapters.catalogue import tables
from app.adapters.catalogue.cursors import decode_cursor
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.tables import collection_of, collections, document_of, documents, tombstones
from domain.documents import MOST_LISTED_PAGES, READ, Collection, Document, Part, Status
from domain.errors import Gone, Missing

AT_ONCE = 500  # values in one IN (…); SQLite's builds allow from 999
UNFINISHED: tuple[Status, ...] = ("queued", "running")

Now = Callable[[], datetime]

WHOLE = (
    *(column for column in documents.c if column.name not in tables.HIDDEN),
    collections.c.name.label("collection"),
)
LIGHT = tuple(column for column in WHOLE if column.name != "page_report")
LISTED = (*LIGHT, case((documents.c.pages <= MOST_LISTED_PAGES, documents.c.page_report)).label("page_report"))
FOR_DESCRIPTIONS: Part = "the language model"
UNDESCRIBED = and_(documents.c.waiting_for == FOR_DESCRIPTIONS, documents.c.status.in_(sorted(READ)))
undeleted = documents.c.deleted_at.is_(None)
findable = and_(undeleted, documents.c.published > 0)


def utc_now() -> datetime:
    return datetime.now(UTC)


def undeleted_collections() -> Select[Any]:
    columns = (column for column in collections.c if column.name != "deleted_at")
    return select(*columns).where(collections.c.deleted_at.is_(None))


def select_documents(columns: Sequence[ColumnElement[Any]] = WHOLE) -> Select[Any]:
    return select(*columns).select_from(documents.join(collections))


def after_cursor(columns: Any, cursor: str) -> ColumnElement[bool]:
    created_at, id = decode_cursor(cursor)
    return tuple_(columns.created_at, columns.id) > tuple_(
        literal(created_at, tables.Moment), literal(id, tables.Words)
    )


def every_document(database: Database, *conditions: ColumnElement[bool]) -> tuple[Document, ...]:
    """Without their page reports."""
    wanted = select_documents(LIGHT).where(*conditions).order_by(documents.c.created_at, documents.c.id)
    with database.reading() as connection:
        return tuple(document_of(row) for row in connection.execute(wanted))


def batches(ids: Iterable[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), AT_ONCE):
        yield distinct[start : start + AT_ONCE]


# ---------------------------------------------------------------- steps within a transaction


def inserted(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """False, and the transaction goes on, when a unique index says no."""
    insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert_into(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(new).one_or_none() is not None


def collection_named(connection: Connection, name: str, for_update: bool = False) -> Collection:
    wanted = undeleted_collections().where(collections.c.name == name)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise Missing(f"there is no collection named {name}")
    return collection_of(row)


def collection_by_id(connection: Connection, collection_id: str, for_update: bool = False) -> Collection:
    wanted = undeleted_collections().where(collections.c.id == collection_id)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise Missing("there is no such collection")
    return collection_of(row)


def put_encoders(connection: Connection, collection: Collection) -> Collection:
    """Those it has and those it is to get."""
    values = {"encoders": dict(collection.encoders), "reindex": tables.reindex_row(collection.reindex)}
    connection.execute(update(collections).where(collections.c.id == collection.id).values(values))
    return collection


def forget_empty_collections(connection: Connection) -> None:
    """Step by step: in one statement, Postgres reads all documents even where no collection is deleted."""
    for id in connection.scalars(select(collections.c.id).where(collections.c.deleted_at.is_not(None))).all():
        if not connection.scalar(select(exists().where(documents.c.collection_id == id))):
            connection.execute(delete(collections).where(collections.c.id == id))


def document_by_id(connection: Connection, document_id: str, wanted: str = "document") -> Document:
    row = connection.execute(select_documents().where(documents.c.id == document_id, undeleted)).one_or_none()
    if row is not None:
        return document_of(row)
    if known(connection, document_id):
        raise Gone("the document was deleted")
    raise Missing(f"there is no such {wanted}")


def known(connection: Connection, document_id: str) -> bool:
    """Whether a document has, or once had, this id."""
    there = exists().where(documents.c.id == document_id)
    erased = exists().where(tombstones.c.id == document_id)
    return bool(connection.scalar(select(there | erased)))


def changed(connection: Connection, document_id: str, attempt: int, values: Mapping[str, Any]) -> bool:
    """The compare-and-set of a run. Naming the attempt among the values makes an empty change a valid one."""
    this_run = and_(
        documents.c.id == document_id,
        documents.c.attempt == attempt,
        documents.c.status.in_(UNFINISHED),
        undeleted,
    )
    return connection.execute(update(documents).where(this_run).values({**values, "attempt": attempt})).rowcount > 0
