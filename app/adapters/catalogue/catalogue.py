"""The catalogue in SQL: collections, documents, chunks and workers' leases, in SQLite or Postgres.

Every change of a run is a compare-and-set in one statement: it names the attempt it belongs to, and touches
nothing when the document was deleted, cancelled or begun anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    false,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.functions import count

from app.adapters.catalogue import tables
from app.adapters.catalogue.cursors import checked_limit, decode_cursor, page_of
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.storable import json_texts, storable_metadata
from app.adapters.catalogue.tables import (
    chunk_of,
    chunks,
    collection_of,
    collections,
    document_of,
    documents,
    leases,
    parts,
    tombstones,
)
from domain.chunk_ids import document_id_of
from domain.errors import Conflict, Gone, Missing, Unavailable
from domain.ports import Paged
from domain.types import (
    FINISHED,
    READ,
    RETRYABLE,
    Chunk,
    Collection,
    Document,
    Evidence,
    Facts,
    Narrowed,
    PageReport,
    Problem,
    Reindexing,
    ReindexState,
    Stage,
    Status,
)

DEFAULT = "default"  # the collection that always exists
AT_ONCE = 500  # values in one IN (…); SQLite's builds allow from 999
MOST_TEXTS = 100  # looked for in each document's metadata; of more, all documents are looked at
ROUNDS = 5
DESCRIBED = ("description", "described_by", "search_text")
UNFINISHED: tuple[Status, ...] = ("queued", "running")

# A run that starts over remembers nothing of the one before it, but its chunks stand until they are replaced.
ANEW: dict[str, Any] = {
    "status": "queued",
    "stage": None,
    "progress": 0.0,
    "problems": [],
    "page_report": [],
    "ready_at": None,
    "published": 0,
    "re_embedded": None,
    "time_left_s": None,
}
ENDED: dict[str, Any] = {"stage": None, "time_left_s": None}

_whole = (
    *(column for column in documents.c if column.name not in tables.HIDDEN),
    collections.c.name.label("collection"),
)
_light = tuple(column for column in _whole if column.name != "page_report")
_read = tuple(column for column in chunks.c if column.name not in ("regions", "place"))  # for who only reads the text
_undeleted = documents.c.deleted_at.is_(None)
_findable = and_(_undeleted, documents.c.published > 0)


def utc_now() -> datetime:
    return datetime.now(UTC)


class SqlCatalogue:
    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._database = self.database = Database(url)
        with self._database.writing() as connection:
            self._ensure_default(connection)

    def close(self) -> None:
        self._database.close()

    def compact(self) -> None:
        self._database.compact()

    # ------------------------------------------------------------ collections

    def create_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        with self._database.writing() as connection:
            created = self._insert_collection(connection, name, metadata)
        if created is None:
            raise Conflict(f"there is a collection named {name} already")
        return created

    def collection(self, name: str) -> Collection:
        with self._database.reading() as connection:
            return _collection(connection, name)

    def collection_of_id(self, collection_id: str) -> Collection:
        with self._database.reading() as connection:
            return _collection_of_id(connection, collection_id)

    def collections(self, limit: int, cursor: str | None = None) -> Paged[Collection]:
        wanted = _undeleted_collections()
        if cursor is not None:
            wanted = wanted.where(_after(collections.c, cursor))
        wanted = wanted.order_by(collections.c.created_at, collections.c.id).limit(checked_limit(limit) + 1)
        with self._database.reading() as connection:
            found = [collection_of(row) for row in connection.execute(wanted)]
        return page_of(found, limit, lambda collection: (collection.created_at, collection.id))

    def update_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        of_that_name = and_(collections.c.name == name, collections.c.deleted_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(update(collections).where(of_that_name).values(metadata=storable_metadata(metadata)))
            return _collection(connection, name)

    def stamp(self, collection_id: str, encoders: Mapping[str, str]) -> Collection:
        with self._database.writing() as connection:
            standing = _collection_of_id(connection, collection_id, for_update=True)
            return standing if standing.encoders else _put(connection, replace(standing, encoders=dict(encoders)))

    def begin_reindex(self, collection_id: str, encoders: Mapping[str, str], reindex_id: str) -> Collection:
        with self._database.writing() as connection:
            standing = _collection_of_id(connection, collection_id, for_update=True)
            return _put(connection, with_reindex(standing, encoders, reindex_id))

    def update_reindex(
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
            _put(connection, replace(standing, reindex=replace(reindex, **changes)))
        return True

    def to_re_embed(self, collection_id: str, reindex_id: str, limit: int) -> tuple[Document, ...]:
        """In order of arrival, without their page reports."""
        here = and_(documents.c.collection_id == collection_id, _findable, documents.c.status.in_(sorted(READ)))
        wanted = _documents(_light).where(here, _unmarked(reindex_id))
        wanted = wanted.order_by(documents.c.created_at, documents.c.id).limit(limit)
        with self._database.reading() as connection:
            return tuple(document_of(row) for row in connection.execute(wanted))

    def re_embedded(self, document: Document, reindex_id: str) -> bool:
        as_read = and_(documents.c.attempt == document.attempt, documents.c.published == document.published)
        this = and_(documents.c.id == document.id, _undeleted, as_read, documents.c.status.in_(sorted(READ)))
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
            if connection.scalar(
                select(exists().where(documents.c.collection_id == collection_id, _undeleted, behind))
            ):
                return False
            _put(connection, replace(standing, encoders=reindex.encoders, reindex=None))
        return True

    def delete_collection(self, name: str) -> tuple[Document, ...]:
        """The collection `default` always exists: deleted, it is there again, new and empty."""
        with self._database.writing() as connection:
            doomed, now = _collection(connection, name, for_update=True), self._now()
            connection.execute(update(collections).where(collections.c.id == doomed.id).values(deleted_at=now))
            lost = and_(documents.c.collection_id == doomed.id, _undeleted)
            rows = connection.execute(_documents().where(lost).order_by(documents.c.created_at, documents.c.id))
            hidden = tuple(document_of(row) for row in rows)
            connection.execute(update(documents).where(lost).values(deleted_at=now))
            _forget_empty_collections(connection)
            self._ensure_default(connection)
        return hidden

    # ------------------------------------------------------------ documents

    def record(self, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        row = tables.row_of_document(document)
        same_bytes = and_(documents.c.collection_id == document.collection_id, documents.c.sha256 == document.sha256)
        with self._database.writing() as connection:
            _hold_collection(connection, document.collection_id)
            if part_of is not None:
                _document(connection, part_of)
            # Against a rival's insert that we can't see yet, only the unique index helps: then look again.
            # The rival's document may be deleted before we look, so it may take another round.
            for _ in range(ROUNDS):
                there = connection.execute(_documents().where(same_bytes, _undeleted)).one_or_none()
                if there is not None:
                    check_duplicate(document, document_of(there))
                    _came_again(connection, there.id, part_of)
                    return document_of(there), True
                if document.replaces is not None:
                    _hold_replaceable(connection, document, document.replaces)
                if _known(connection, document.id):
                    raise Conflict(f"there is a document {document.id} already")
                if _inserted(connection, documents, row):
                    if part_of is not None:
                        _inserted(connection, parts, {"whole_id": part_of, "part_id": document.id})
                    return _document(connection, document.id), False
        raise Unavailable("others store and delete the same bytes all the time")

    def document(self, document_id: str) -> Document:
        with self._database.reading() as connection:
            return _document(connection, document_id)

    def documents(
        self,
        collection_id: str,
        status: Status | None,
        limit: int,
        cursor: str | None = None,
        *,
        sha256: str | None = None,
        name: str | None = None,
    ) -> Paged[Document]:
        wanted = _documents().where(documents.c.collection_id == collection_id, _undeleted)
        narrowed = {documents.c.status: status, documents.c.sha256: sha256, documents.c.name: name}
        for column, value in narrowed.items():
            if value is not None:
                wanted = wanted.where(column == value)
        if cursor is not None:
            wanted = wanted.where(_after(documents.c, cursor))
        wanted = wanted.order_by(documents.c.created_at, documents.c.id).limit(checked_limit(limit) + 1)
        with self._database.reading() as connection:
            found = [document_of(row) for row in connection.execute(wanted)]
        return page_of(found, limit, lambda document: (document.created_at, document.id))

    def documents_in(self, collection_ids: Iterable[str]) -> tuple[Document, ...]:
        """In order of arrival, without their page reports."""
        found: list[Document] = []
        with self._database.reading() as connection:
            for ids in _batches(collection_ids):
                wanted = _documents(_light).where(documents.c.collection_id.in_(ids), _findable)
                found.extend(document_of(row) for row in connection.execute(wanted))
        return tuple(sorted(found, key=lambda document: (document.created_at, document.id)))

    def facts_in(self, collection_ids: Iterable[str], narrowed: Narrowed) -> tuple[Facts, ...]:
        found: list[Facts] = []
        with self._database.reading() as connection:
            for ids in _batches(collection_ids):
                wanted = _FACTS.where(documents.c.collection_id.in_(ids), _findable, *_may_match(narrowed))
                found.extend(Facts(*row) for row in connection.execute(wanted).all())
        return tuple(found)

    def unfinished(self) -> tuple[Document, ...]:
        return self._every(_undeleted, documents.c.status.in_(UNFINISHED))

    def deleted(self) -> tuple[Document, ...]:
        return self._every(documents.c.deleted_at.is_not(None))

    def update(
        self,
        document_id: str,
        attempt: int,
        *,
        status: Status | None = None,
        stage: Stage | None = None,
        progress: float | None = None,
        pages: int | None = None,
        media_type: str | None = None,
        title: str | None = None,
        problems: Sequence[Problem] | None = None,
        page_report: Sequence[PageReport] | None = None,
        time_left_s: float | None = None,
    ) -> bool:
        """Raises ValueError for `ready` and `partial`: only `publish` makes findable."""
        if status in READ:
            raise ValueError(f"{status} is for publish")
        given = {
            "status": status,
            "stage": stage,
            "progress": progress,
            "pages": pages,
            "media_type": media_type,
            "title": title,
            "problems": None if problems is None else tables.problem_rows(problems),
            "page_report": None if page_report is None else tables.report_rows(page_report),
            "time_left_s": time_left_s,
        }
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if status in FINISHED:
            values |= ENDED | {"published": 0}
        with self._database.writing() as connection:
            return _changed(connection, document_id, attempt, values)

    def requeue(self, document_id: str) -> Document:
        return self._begin_anew(document_id, documents.c.status.in_(sorted(RETRYABLE)))

    def reattempt(self, document_id: str, attempt: int) -> Document:
        return self._begin_anew(document_id, documents.c.status.in_(UNFINISHED), documents.c.attempt == attempt)

    def publish(self, document_id: str, attempt: int, status: Status, batches: int = 1) -> bool:
        check_publishable(status)
        values: dict[str, Any] = {"status": status, "published": batches, "re_embedded": None}
        if status in READ:
            values |= ENDED | {"progress": 1.0, "ready_at": self._now()}
        with self._database.writing() as connection:
            published = _changed(connection, document_id, attempt, values)
            replaced = connection.scalar(select(documents.c.replaces).where(documents.c.id == document_id))
            if published and replaced is not None and status in READ:
                _delete_whole(connection, replaced, self._now(), but=document_id)
        return published

    def delete(self, document_id: str) -> Document:
        undeleted = and_(documents.c.id == document_id, _undeleted)
        with self._database.writing() as connection:
            last = _document(connection, document_id)
            hidden = connection.execute(update(documents).where(undeleted).values(deleted_at=self._now()))
            if hidden.rowcount == 0:
                raise Gone("the document was deleted")
        return last

    def delete_whole(self, document_id: str) -> tuple[Document, ...]:
        with self._database.writing() as connection:
            document = _document(connection, document_id)
            return (document, *_delete_whole(connection, document_id, self._now()))

    def erase(self, document_id: str) -> None:
        """Raises Conflict for a document that is not deleted."""
        with self._database.writing() as connection:
            row = connection.execute(select(documents.c.deleted_at).where(documents.c.id == document_id)).one_or_none()
            if row is None:
                return
            if row.deleted_at is None:
                raise Conflict("the document is not deleted")
            _inserted(connection, tombstones, {"id": document_id, "deleted_at": row.deleted_at})
            connection.execute(delete(chunks).where(chunks.c.document_id == document_id))
            connection.execute(delete(documents).where(documents.c.id == document_id))
            _forget_empty_collections(connection)

    def bytes_wanted(self, sha256: str) -> bool:
        with self._database.reading() as connection:
            return bool(connection.scalar(select(exists().where(documents.c.sha256 == sha256))))

    # ------------------------------------------------------------ chunks

    def replace_chunks(self, document_id: str, attempt: int, chunks: Sequence[Chunk], batch: int = 0) -> bool:
        """Raises ValueError when they are another document's or batch's, or not distinct."""
        check_chunks(document_id, chunks, batch)
        of_document = tables.chunks.c.document_id == document_id
        with self._database.writing() as connection:
            if not _changed(connection, document_id, attempt, {}):
                return False
            replaced = and_(of_document, tables.chunks.c.batch == batch) if batch else of_document
            connection.execute(delete(tables.chunks).where(replaced))
            if chunks:
                connection.execute(insert(tables.chunks), [tables.row_of_chunk(chunk) for chunk in chunks])
            placed = and_(of_document, tables.chunks.c.ordinal >= 0)  # an outline has no place in the reading order
            kinds = select(tables.chunks.c.kind, count()).where(placed).group_by(tables.chunks.c.kind)
            counted = {kind: number for kind, number in connection.execute(kinds)}
            connection.execute(update(documents).where(documents.c.id == document_id).values(chunks=counted))
        return True

    def describe(self, document_id: str, attempt: int, chunks: Sequence[Chunk]) -> bool:
        with self._database.writing() as connection:
            if not _changed(connection, document_id, attempt, {}):
                return False
            for chunk in chunks:
                this = and_(tables.chunks.c.id == chunk.id, tables.chunks.c.document_id == document_id)
                values = {name: getattr(chunk, name) for name in DESCRIBED}
                connection.execute(update(tables.chunks).where(this).values(values))
        return True

    def chunks(
        self, document_id: str, after: int = -1, limit: int | None = None, batch: int | None = None
    ) -> tuple[Chunk, ...]:
        wanted = (
            select(chunks)
            .join(documents)
            .where(chunks.c.document_id == document_id, chunks.c.ordinal > after, _undeleted)
            .order_by(chunks.c.ordinal)
        )
        if batch is not None:
            wanted = wanted.where(chunks.c.batch == batch)
        with self._database.reading() as connection:
            return tuple(chunk_of(row) for row in connection.execute(wanted if limit is None else wanted.limit(limit)))

    def evidence(self, chunk_ids: Sequence[str], collection_ids: Iterable[str]) -> tuple[Evidence, ...]:
        """Each chunk once; its document comes without the page report."""
        allowed = frozenset(collection_ids)
        joined: dict[str, Evidence] = {}
        with self._database.reading() as connection:
            for ids in _batches(chunk_ids):
                joined.update((evidence.id, evidence) for evidence in _evidence(connection, ids))
        asked = dict.fromkeys(chunk_ids)
        return tuple(joined[id] for id in asked if id in joined and joined[id].document.collection_id in allowed)

    def standing(
        self, chunk_ids: Sequence[str], collection_ids: Iterable[str], placed: bool = True
    ) -> tuple[Chunk, ...]:
        allowed = frozenset(collection_ids)
        found: dict[str, Chunk] = {}
        with self._database.reading() as connection:
            for ids in _batches(chunk_ids):
                found.update((chunk.id, chunk) for chunk in _standing(connection, ids, allowed, placed))
        return tuple(found[id] for id in dict.fromkeys(chunk_ids) if id in found)

    def chunk(self, chunk_id: str) -> Evidence:
        with self._database.reading() as connection:
            for found in _evidence(connection, [chunk_id]):
                return found
            document = _document(connection, document_id_of(chunk_id), "evidence")
            is_there = connection.scalar(select(exists().where(chunks.c.id == chunk_id)))
        if is_there or not document.findable:
            raise Missing(f"the document is {document.status}, so this can't be found in it now")
        raise Gone("the document was read again, and no longer holds this")

    # ------------------------------------------------------------ leases of workers

    def hold_lease(self, worker_id: str, seconds: float) -> None:
        expires_at = self._now() + timedelta(seconds=seconds)
        renewed = update(leases).where(leases.c.worker_id == worker_id).values(expires_at=expires_at)
        with self._database.writing() as connection:
            if connection.execute(renewed).rowcount:
                return
            if not _inserted(connection, leases, {"worker_id": worker_id, "expires_at": expires_at}):
                connection.execute(renewed)

    def release_lease(self, worker_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.worker_id == worker_id))

    def expired_leases(self) -> tuple[str, ...]:
        """Until they are renewed or released."""
        expired = select(leases.c.worker_id).where(leases.c.expires_at <= self._now()).order_by(leases.c.expires_at)
        with self._database.reading() as connection:
            return tuple(connection.scalars(expired))

    # ------------------------------------------------------------ parts

    def _ensure_default(self, connection: Connection) -> None:
        if connection.scalar(select(~exists(_undeleted_collections().where(collections.c.name == DEFAULT)))):
            self._insert_collection(connection, DEFAULT, {})

    def _insert_collection(self, connection: Connection, name: str, metadata: Mapping[str, Any]) -> Collection | None:
        """None when the name is taken."""
        new = Collection(uuid4().hex, name, self._now(), metadata)
        if not _inserted(connection, collections, tables.row_of_collection(new)):
            return None
        return _collection(connection, name)

    def _every(self, *conditions: ColumnElement[bool]) -> tuple[Document, ...]:
        wanted = _documents().where(*conditions).order_by(documents.c.created_at, documents.c.id)
        with self._database.reading() as connection:
            return tuple(document_of(row) for row in connection.execute(wanted))

    def _begin_anew(self, document_id: str, *conditions: ColumnElement[bool]) -> Document:
        allowed = and_(documents.c.id == document_id, _undeleted, *conditions)
        again = update(documents).where(allowed).values(ANEW | {"attempt": documents.c.attempt + 1})
        with self._database.writing() as connection:
            begun = connection.execute(again).rowcount
            document = _document(connection, document_id)
            if not begun:
                raise Conflict(f"the document is {document.status}, in attempt {document.attempt}")
            return document


# ---------------------------------------------------------------- shared with the in-memory twin


def check_duplicate(document: Document, there: Document) -> None:
    """The same bytes as the document to be replaced change nothing, and those of its new version come again. Raises
    Conflict for those of a third."""
    if document.replaces is not None and there.id != document.replaces and there.replaces != document.replaces:
        raise Conflict(
            f"These bytes are in the collection already, as the document {there.id} ({there.name}): delete "
            f"{document.replaces} instead of replacing it."
        )


def check_replaceable(document: Document, old: Document, rivals: Sequence[Document]) -> None:
    """Raises Conflict."""
    if old.collection_id != document.collection_id:
        raise Conflict(f"The document {old.id} is in another collection, {old.collection}.")
    for rival in rivals:
        raise Conflict(f"The document {old.id} is being replaced already, by {rival.id}: wait for that, or cancel it.")


def check_publishable(status: Status) -> None:
    if status not in READ and status != "running":
        raise ValueError(f"{status} is not findable")


def check_chunks(document_id: str, chunks: Sequence[Chunk], batch: int) -> None:
    ids = {chunk.id for chunk in chunks}
    if len(ids) < len(chunks):
        raise ValueError(f"two chunks of document {document_id} have the same id")
    if any(chunk.document_id != document_id or document_id_of(chunk.id) != document_id for chunk in chunks):
        raise ValueError(f"a chunk is not of document {document_id}")
    if any(chunk.batch != batch for chunk in chunks):
        raise ValueError(f"a chunk is not of batch {batch}")


def with_reindex(standing: Collection, encoders: Mapping[str, str], reindex_id: str) -> Collection:
    if not standing.encoders or dict(standing.encoders) == dict(encoders):
        return replace(standing, reindex=None)
    under_way = (
        standing.reindex is not None and standing.reindex.live and dict(standing.reindex.encoders) == dict(encoders)
    )
    return standing if under_way else replace(standing, reindex=Reindexing(reindex_id, dict(encoders)))


# ---------------------------------------------------------------- statements


def _undeleted_collections() -> Select[Any]:
    columns = (column for column in collections.c if column.name != "deleted_at")
    return select(*columns).where(collections.c.deleted_at.is_(None))


def _documents(columns: Sequence[ColumnElement[Any]] = _whole) -> Select[Any]:
    return select(*columns).select_from(documents.join(collections))


def _orphans(wholes: Sequence[str]) -> Select[Any]:
    """The documents that came inside one of these, and inside nothing that is still there."""
    others, whole = parts.alias(), documents.alias()
    held = exists().where(
        others.c.part_id == documents.c.id, others.c.whole_id == whole.c.id, whole.c.deleted_at.is_(None)
    )
    inside = select(parts.c.part_id).where(parts.c.whole_id.in_(wholes))
    return _documents().where(documents.c.id.in_(inside), _undeleted, ~held)


def _unmarked(reindex_id: str) -> ColumnElement[bool]:
    return documents.c.re_embedded.is_distinct_from(reindex_id)


def _after(columns: Any, cursor: str) -> ColumnElement[bool]:
    created_at, id = decode_cursor(cursor)
    return tuple_(columns.created_at, columns.id) > tuple_(
        literal(created_at, tables.Moment), literal(id, tables.Words)
    )


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), AT_ONCE):
        yield distinct[start : start + AT_ONCE]


_FACTS = select(documents.c.id, documents.c.pages, documents.c.metadata)


def _may_match(narrowed: Narrowed) -> Iterator[ColumnElement[bool]]:
    """In the metadata's JSON as it is stored: the same value stands there in the same letters, wherever it stands."""
    if narrowed.ids is not None and len(narrowed.ids) <= AT_ONCE:
        yield documents.c.id.in_(sorted(narrowed.ids))
    stored = cast(documents.c.metadata, Text)
    for values in narrowed.values:
        texts = {text for value in values for text in json_texts(value)}
        if len(texts) <= MOST_TEXTS:
            yield or_(false(), *(stored.contains(text, autoescape=True) for text in sorted(texts)))


# Made once: to make one takes as long as to carry it out.
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_CHUNKS = select(chunks).where(chunks.c.id.in_(_IDS))
_READ_CHUNKS = select(*_read).where(chunks.c.id.in_(_IDS))
_THEIR_DOCUMENTS = _documents(_light).where(documents.c.id.in_(_IDS), _undeleted)
_THEIR_PUBLISHED = select(documents.c.id, documents.c.published, documents.c.collection_id).where(
    documents.c.id.in_(_IDS), _undeleted
)


# ---------------------------------------------------------------- steps within a transaction


def _inserted(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """False, and the transaction goes on, when a unique index says no."""
    insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert_into(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(new).one_or_none() is not None


def _hold_replaceable(connection: Connection, document: Document, old_id: str) -> None:
    """Whoever else replaces it at this moment waits for us, and then sees our document. Raises Missing, Gone,
    Conflict."""
    connection.execute(select(documents.c.id).where(documents.c.id == old_id).with_for_update())
    coming = and_(documents.c.replaces == old_id, documents.c.status.in_(UNFINISHED), _undeleted)
    rivals = [document_of(row) for row in connection.execute(_documents().where(coming))]
    check_replaceable(document, _document(connection, old_id), rivals)


def _delete_whole(connection: Connection, document_id: str, at: datetime, but: str = "") -> list[Document]:
    """Hides the document; returns what came only inside it, hidden too, but for one document."""
    lost, waiting = list[Document](), [document_id]
    while waiting:
        doomed = and_(documents.c.id.in_(waiting), _undeleted)
        connection.execute(update(documents).where(doomed).values(deleted_at=at))
        orphans = [document_of(row) for row in connection.execute(_orphans(waiting)) if row.id != but]
        lost += orphans
        waiting = [orphan.id for orphan in orphans]
    return lost


def _came_again(connection: Connection, document_id: str, part_of: str | None) -> None:
    """Sent on its own, it stands on its own from now on; inside another, it is one more that holds it."""
    if part_of is None:
        connection.execute(delete(parts).where(parts.c.part_id == document_id))
    elif part_of != document_id and connection.scalar(select(exists().where(parts.c.part_id == document_id))):
        _inserted(connection, parts, {"whole_id": part_of, "part_id": document_id})


def _collection(connection: Connection, name: str, for_update: bool = False) -> Collection:
    wanted = _undeleted_collections().where(collections.c.name == name)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise Missing(f"there is no collection named {name}")
    return collection_of(row)


def _collection_of_id(connection: Connection, collection_id: str, for_update: bool = False) -> Collection:
    wanted = _undeleted_collections().where(collections.c.id == collection_id)
    row = connection.execute(wanted.with_for_update() if for_update else wanted).one_or_none()
    if row is None:
        raise Missing("there is no such collection")
    return collection_of(row)


def _put(connection: Connection, collection: Collection) -> Collection:
    """Its encoders, those it has and those it is to get."""
    values = {"encoders": dict(collection.encoders), "reindex": tables.reindex_row(collection.reindex)}
    connection.execute(update(collections).where(collections.c.id == collection.id).values(values))
    return collection


def _under_way(connection: Connection, collection_id: str, reindex_id: str) -> tuple[Collection, Reindexing] | None:
    """The collection, held, and its reindexing, if that is under way and has this id."""
    try:
        standing = _collection_of_id(connection, collection_id, for_update=True)
    except Missing:
        return None
    reindex = standing.reindex
    return (standing, reindex) if reindex is not None and reindex.live and reindex.id == reindex_id else None


def _hold_collection(connection: Connection, collection_id: str) -> None:
    """Whoever deletes the collection meanwhile waits for us, and then hides our document too."""
    there = _undeleted_collections().where(collections.c.id == collection_id).with_for_update(read=True)
    if connection.execute(there).one_or_none() is None:
        raise Missing("there is no such collection")


def _forget_empty_collections(connection: Connection) -> None:
    holds_some = exists().where(documents.c.collection_id == collections.c.id)
    connection.execute(delete(collections).where(collections.c.deleted_at.is_not(None), ~holds_some))


def _document(connection: Connection, document_id: str, wanted: str = "document") -> Document:
    row = connection.execute(_documents().where(documents.c.id == document_id, _undeleted)).one_or_none()
    if row is not None:
        return document_of(row)
    if _known(connection, document_id):
        raise Gone("the document was deleted")
    raise Missing(f"there is no such {wanted}")


def _known(connection: Connection, document_id: str) -> bool:
    """Whether a document has, or once had, this id."""
    there = exists().where(documents.c.id == document_id)
    erased = exists().where(tombstones.c.id == document_id)
    return bool(connection.scalar(select(there | erased)))


def _changed(connection: Connection, document_id: str, attempt: int, values: Mapping[str, Any]) -> bool:
    """The compare-and-set of a run. Naming the attempt among the values makes an empty change a valid one."""
    this_run = and_(
        documents.c.id == document_id,
        documents.c.attempt == attempt,
        documents.c.status.in_(UNFINISHED),
        _undeleted,
    )
    return connection.execute(update(documents).where(this_run).values({**values, "attempt": attempt})).rowcount > 0


def _evidence(connection: Connection, chunk_ids: Sequence[str]) -> tuple[Evidence, ...]:
    """Two look-ups by primary key, not a join, and no status among the conditions: without statistics SQLite
    begins at all that is findable (and took half a second for 50 of 100,000 chunks). The documents are read last,
    so one that is deleted in between takes its chunks along."""
    found = [chunk_of(row) for row in connection.execute(_CHUNKS, {"ids": chunk_ids}).all()]
    of_these = {"ids": list({chunk.document_id for chunk in found})}
    rows = connection.execute(_THEIR_DOCUMENTS, of_these).all() if found else ()
    findable = {document.id: document for document in map(document_of, rows) if document.findable}
    pairs = ((chunk, findable.get(chunk.document_id)) for chunk in found)
    return tuple(
        Evidence(chunk, document) for chunk, document in pairs if document and chunk.batch < document.published
    )


def _standing(
    connection: Connection, chunk_ids: Sequence[str], allowed: frozenset[str], placed: bool
) -> Iterator[Chunk]:
    """The same two look-ups."""
    found = [chunk_of(row) for row in connection.execute(_CHUNKS if placed else _READ_CHUNKS, {"ids": chunk_ids}).all()]
    of_these = {"ids": list({chunk.document_id for chunk in found})}
    rows = connection.execute(_THEIR_PUBLISHED, of_these).all() if found else ()
    published = {id: batches for id, batches, collection_id in rows if collection_id in allowed}
    return (chunk for chunk in found if chunk.batch < published.get(chunk.document_id, 0))
