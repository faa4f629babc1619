"""Chunks in SQL, and the join that makes evidence of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, exists, insert, select, update
from sqlalchemy.sql.functions import count

from app.adapters.catalogue import tables
from app.adapters.catalogue.database import Transactions
from app.adapters.catalogue.statements import LIGHT, batches, changed, document_by_id, select_documents, undeleted
from app.adapters.catalogue.tables import chunk_of, chunks, document_of, documents
from domain.chunk_ids import document_id_of
from domain.documents import Chunk
from domain.errors import Gone, Missing
from domain.evidence import Evidence

DESCRIBED = ("description", "described_by", "search_text")

_read = tuple(column for column in chunks.c if column.name not in ("regions", "place"))  # text without its place

# Made once: to make one takes as long as to carry it out.
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_CHUNKS = select(chunks).where(chunks.c.id.in_(_IDS))
_READ_CHUNKS = select(*_read).where(chunks.c.id.in_(_IDS))
_THEIR_DOCUMENTS = select_documents(LIGHT).where(documents.c.id.in_(_IDS), undeleted)
_THEIR_PUBLISHED = select(documents.c.id, documents.c.published, documents.c.collection_id).where(
    documents.c.id.in_(_IDS), undeleted
)


class SqlChunks:
    def __init__(self, database: Transactions) -> None:
        self._database = database

    def replace(self, document_id: str, attempt: int, chunks: Sequence[Chunk], batch: int = 0) -> bool:
        """Raises ValueError when they are another document's or batch's, or not distinct."""
        _check_chunks(document_id, chunks, batch)
        of_document = tables.chunks.c.document_id == document_id
        with self._database.writing() as connection:
            if not changed(connection, document_id, attempt, {}):
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
            if not changed(connection, document_id, attempt, {}):
                return False
            for chunk in chunks:
                this = and_(tables.chunks.c.id == chunk.id, tables.chunks.c.document_id == document_id)
                values = {name: getattr(chunk, name) for name in DESCRIBED}
                connection.execute(update(tables.chunks).where(this).values(values))
        return True

    def of_document(
        self, document_id: str, after: int = -1, limit: int | None = None, batch: int | None = None
    ) -> tuple[Chunk, ...]:
        wanted = (
            select(chunks)
            .join(documents)
            .where(chunks.c.document_id == document_id, chunks.c.ordinal > after, undeleted)
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
            for ids in batches(chunk_ids):
                joined.update((evidence.id, evidence) for evidence in _evidence(connection, ids))
        asked = dict.fromkeys(chunk_ids)
        return tuple(joined[id] for id in asked if id in joined and joined[id].document.collection_id in allowed)

    def standing(
        self, chunk_ids: Sequence[str], collection_ids: Iterable[str], placed: bool = True
    ) -> tuple[Chunk, ...]:
        allowed = frozenset(collection_ids)
        found: dict[str, Chunk] = {}
        with self._database.reading() as connection:
            for ids in batches(chunk_ids):
                found.update((chunk.id, chunk) for chunk in _standing(connection, ids, allowed, placed))
        return tuple(found[id] for id in dict.fromkeys(chunk_ids) if id in found)

    def find(self, chunk_id: str) -> Evidence:
        with self._database.reading() as connection:
            for found in _evidence(connection, [chunk_id]):
                return found
            document = document_by_id(connection, document_id_of(chunk_id), "evidence")
            is_there = connection.scalar(select(exists().where(chunks.c.id == chunk_id)))
        if is_there or not document.findable:
            raise Missing(f"the document is {document.status}, so this can't be found in it now")
        raise Gone("the document was read again, and no longer holds this")


def _check_chunks(document_id: str, chunks: Sequence[Chunk], batch: int) -> None:
    ids = {chunk.id for chunk in chunks}
    if len(ids) < len(chunks):
        raise ValueError(f"two chunks of document {document_id} have the same id")
    if any(chunk.document_id != document_id or document_id_of(chunk.id) != document_id for chunk in chunks):
        raise ValueError(f"a chunk is not of document {document_id}")
    if any(chunk.batch != batch for chunk in chunks):
        raise ValueError(f"a chunk is not of batch {batch}")


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
