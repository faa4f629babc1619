"""The catalogue's tables, and the way between their rows and the domain's values.

collections ──< documents ──< chunks          tombstones          leases          traces          installation
                documents >──< documents: parts
conversations ──< turns                       sessions

A deleted document keeps its rows, hidden by `deleted_at`, until it is erased; then its id alone stays, in `tombstones`.
A change here needs a migration beside it in `migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    TypeDecorator,
)

from app.adapters.catalogue.storable import storable, storable_metadata
from domain.documents import Box, Chunk, Collection, Document, PageReport, Place, Problem, Region, Reindexing
from language.hidden import hides_words, without_hidden


class Words(TypeDecorator[str]):
    """Text made storable on its way in, values to compare with included: a hostile id is merely not found."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows no zones, keeps it as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

collections = Table(
    "collections",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("encoders", JSON, nullable=False),
    Column("reindex", JSON(none_as_null=True)),
    Column("deleted_at", Moment),
)
Index(
    "one_collection_of_a_name",
    collections.c.name,
    unique=True,
    sqlite_where=collections.c.deleted_at.is_(None),
    postgresql_where=collections.c.deleted_at.is_(None),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Words, primary_key=True),
    Column("collection_id", Words, ForeignKey("collections.id", name="documents_collection"), nullable=False),
    Column("name", Words, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stage", Words),
    Column("progress", Float, nullable=False),
    Column("pages", Integer),
    Column("chunks", JSON, nullable=False),  # counts by kind, so that lists count nothing
    Column("problems", JSON, nullable=False),
    Column("page_report", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("ready_at", Moment),
    Column("title", Words),
    Column("published", Integer, nullable=False, server_default="0"),
    Column("time_left_s", Float),
    Column("replaces", Words),
    Column("waiting_for", Words),  # a part that can't be reached
    Column("re_embedded", Words),  # the reindexing that has gone through it since it was last published
    Column("deleted_at", Moment),
)
Index(
    "one_document_of_these_bytes",
    documents.c.collection_id,
    documents.c.sha256,
    unique=True,
    sqlite_where=documents.c.deleted_at.is_(None),
    postgresql_where=documents.c.deleted_at.is_(None),
)
Index("documents_in_order", documents.c.collection_id, documents.c.created_at, documents.c.id)
Index("documents_by_status", documents.c.status)
Index("documents_by_bytes", documents.c.sha256)
# Partial, lest SQLite takes "not deleted", which nearly all are, for a good way to find a few.
Index(
    "documents_deleted",
    documents.c.deleted_at,
    sqlite_where=documents.c.deleted_at.is_not(None),
    postgresql_where=documents.c.deleted_at.is_not(None),
)

Index(
    "documents_waiting",
    documents.c.waiting_for,
    sqlite_where=documents.c.waiting_for.is_not(None),
    postgresql_where=documents.c.waiting_for.is_not(None),
)

# What came inside what. A document without a row here as a part was sent on its own.
parts = Table(
    "parts",
    metadata,
    Column("whole_id", Words, ForeignKey("documents.id", name="parts_whole", ondelete="CASCADE"), primary_key=True),
    Column("part_id", Words, ForeignKey("documents.id", name="parts_part", ondelete="CASCADE"), primary_key=True),
)
Index("parts_by_part", parts.c.part_id)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Words, primary_key=True),
    Column(
        "document_id", Words, ForeignKey("documents.id", name="chunks_document", ondelete="CASCADE"), nullable=False
    ),
    Column("ordinal", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("search_text", Words, nullable=False),
    Column("page", Integer),
    Column("regions", JSON, nullable=False),  # [[page, x0, y0, x1, y1], …]
    Column("place", JSON(none_as_null=True)),
    Column("image", Words),
    Column("batch", Integer, nullable=False, server_default="0"),
    Column("description", Words, nullable=False, server_default=""),
    Column("described_by", Words, nullable=False, server_default=""),
)
Index("chunks_in_order", chunks.c.document_id, chunks.c.ordinal)

tombstones = Table(
    "tombstones",
    metadata,
    Column("id", Words, primary_key=True),
    Column("deleted_at", Moment, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("worker_id", Words, primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Column("claimed_by", Words),  # by the worker that takes over what this one did
)

installation = Table("installation", metadata, Column("id", Words, primary_key=True))  # one row

traces = Table(
    "traces",
    metadata,
    Column("id", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),  # packed JSON
)
Index("traces_in_order", traces.c.at, traces.c.id)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Words, primary_key=True),
    Column("caller", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("folded", Words, nullable=False),  # the title, to search in
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("turns", Integer, nullable=False),
)
Index("conversations_in_order", conversations.c.caller, conversations.c.updated_at, conversations.c.id)
Index("conversations_by_age", conversations.c.updated_at)

turns = Table(
    "turns",
    metadata,
    Column(
        "conversation_id",
        Words,
        ForeignKey("conversations.id", name="turns_conversation", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("question", Words, nullable=False),
    Column("images", Integer, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("answer", LargeBinary),  # packed JSON, without text of documents
    Column("folded", Words, nullable=False),  # question and answer, to search in
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("caller", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)
Index("sessions_in_order", sessions.c.caller, sessions.c.used_at)
Index("sessions_by_end", sessions.c.expires_at)


# ---------------------------------------------------------------- collections


def collection_of(row: Row[Any]) -> Collection:
    kept = row._mapping
    reindex = None if kept["reindex"] is None else Reindexing(**kept["reindex"])
    metadata = storable_metadata(kept["metadata"])
    return Collection(kept["id"], kept["name"], kept["created_at"], metadata, kept["encoders"], reindex)


def row_of_collection(collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "name": collection.name,
        "created_at": collection.created_at,
        "metadata": storable_metadata(collection.metadata),
        "encoders": dict(collection.encoders),
        "reindex": reindex_row(collection.reindex),
    }


def reindex_row(reindex: Reindexing | None) -> dict[str, Any] | None:
    return None if reindex is None else asdict(reindex)


# ---------------------------------------------------------------- documents

HIDDEN = ("deleted_at", "re_embedded")  # the catalogue's own marks, which a Document doesn't show


def document_of(row: Row[Any]) -> Document:
    """From the columns of `documents` and the collection's name, labelled `collection`; the page report,
    the one long column, may have been left out of the query, and with it all that is kept as JSON."""
    kept = dict(zip(row._fields, row, strict=True))
    for hidden in HIDDEN:
        kept.pop(hidden, None)
    kept["problems"] = tuple(Problem(without_hidden(message), page) for message, page in kept.get("problems", ()))
    kept |= {name: without_hidden(kept[name]) for name in ("name", "title") if kept.get(name)}
    if kept.get("metadata"):  # what was kept before it was cleaned as it came in
        kept["metadata"] = storable_metadata(kept["metadata"])
    kept["page_report"] = tuple(PageReport(*page) for page in kept.get("page_report") or ())
    return Document(**kept)


def row_of_document(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "collection_id": document.collection_id,
        "name": document.name,
        "media_type": document.media_type,
        "size": document.size,
        "sha256": document.sha256,
        "status": document.status,
        "created_at": document.created_at,
        "attempt": document.attempt,
        "stage": document.stage,
        "progress": document.progress,
        "pages": document.pages,
        "chunks": dict(document.chunks),
        "problems": problem_rows(document.problems),
        "page_report": report_rows(document.page_report),
        "metadata": storable_metadata(document.metadata),
        "ready_at": document.ready_at,
        "title": document.title,
        "published": document.published,
        "time_left_s": document.time_left_s,
        "replaces": document.replaces,
        "waiting_for": document.waiting_for,
    }


def problem_rows(problems: Sequence[Problem]) -> list[list[Any]]:
    return [[storable(problem.message), problem.page] for problem in problems]


def report_rows(report: Sequence[PageReport]) -> list[list[Any]]:
    return [list(astuple(page)) for page in report]


# ---------------------------------------------------------------- chunks


def chunk_of(row: Row[Any]) -> Chunk:
    """The regions and the place may have been left out of the query. What was kept before texts were cleaned as they
    came in is cleaned here."""
    kept = dict(zip(row._fields, row, strict=True))
    if "regions" in kept:
        kept["regions"] = tuple(Region(page, Box(*corners)) for page, *corners in kept["regions"])
        kept["place"] = _place_of(kept["place"])
    chunk = Chunk(**kept)
    texts = [without_hidden(text) for text in (chunk.text, chunk.search_text, chunk.description)]
    if texts == [chunk.text, chunk.search_text, chunk.description]:
        return chunk
    text, search_text, description = texts
    obscured = hides_words(chunk.text)
    return replace(chunk, text=text, search_text=search_text, description=description, obscured=obscured)


def row_of_chunk(chunk: Chunk) -> dict[str, Any]:
    return {
        "id": chunk.id,
        "document_id": chunk.document_id,
        "ordinal": chunk.ordinal,
        "kind": chunk.kind,
        "text": chunk.text,
        "search_text": chunk.search_text,
        "page": chunk.page,
        "regions": [[r.page, r.box.x0, r.box.y0, r.box.x1, r.box.y1] for r in chunk.regions],
        "place": None if chunk.place is None else storable_metadata(asdict(chunk.place)),
        "image": chunk.image,
        "batch": chunk.batch,
        "description": chunk.description,
        "described_by": chunk.described_by,
    }


def _place_of(kept: Mapping[str, Any] | None) -> Place | None:
    if kept is None:
        return None
    rows = kept["rows"]
    return Place(tuple(kept["heading"]), kept["sheet"], None if rows is None else (rows[0], rows[1]))
