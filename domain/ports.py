"""What the services need of the outside, as small Protocols; `app/adapters/` and `retrievers/` provide them.

Catalogue, blobs and indexes are synchronous and thread-safe (they are called from the event loop through
threads, and from the workers of the queue); retrievers and generators are asynchronous. None of them keeps
anything bound to an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.types import (
    Chunk,
    Collection,
    Delta,
    Document,
    Evidence,
    Facts,
    Found,
    Kind,
    Narrowed,
    PageReport,
    Problem,
    Prompt,
    Query,
    ReindexState,
    Space,
    Stage,
    Status,
    Trace,
)

Vectors = NDArray[np.float32]  # (n, dimensions), each row of unit length
Vector = NDArray[np.float32]  # (dimensions,)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None = None


# ---------------------------------------------------------------- the catalogue: the truth


class Catalogue(Protocol):
    """Collections, documents and chunks. Deleted things are invisible to every read from that moment on."""

    # collections; names are unique among those that are not deleted
    def create_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        """Raises Conflict when the name is taken."""
        ...

    def collection(self, name: str) -> Collection:
        """Raises Missing."""
        ...

    def collection_of_id(self, collection_id: str) -> Collection:
        """Raises Missing."""
        ...

    def collections(self, limit: int, cursor: str | None = None) -> Paged[Collection]: ...
    def update_collection(self, name: str, metadata: Mapping[str, Any]) -> Collection: ...
    def stamp(self, collection_id: str, encoders: Mapping[str, str]) -> Collection:
        """Records the encoders on first use; an existing stamp is left as it is. Returns what stands."""
        ...

    # giving a collection other encoders
    def begin_reindex(self, collection_id: str, encoders: Mapping[str, str], reindex_id: str) -> Collection:
        """Records that the collection is to get these encoders, under a new id. Where it has them, or none yet, there
        is nothing to do, and what a former reindexing left unfinished is given up; one that is under way to the same
        encoders stands. Returns what stands. Raises Missing."""
        ...

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
        """Changes what is given; False when this reindexing is not under way (any more)."""
        ...

    def to_re_embed(self, collection_id: str, reindex_id: str, limit: int) -> tuple[Document, ...]:
        """Findable documents that are finished, and that this reindexing has yet to go through as they are now."""
        ...

    def re_embedded(self, document: Document, reindex_id: str) -> bool:
        """Marks the document as gone through; False when it has been published anew since it was read, or deleted.
        Publishing takes the mark away."""
        ...

    def switch(self, collection_id: str, reindex_id: str) -> bool:
        """Gives the collection the encoders it was to get, in one transaction: only if every findable document is
        marked and none is running, whose vectors would be the former encoders'. False otherwise, and when this
        reindexing is not under way."""
        ...

    def delete_collection(self, name: str) -> tuple[Document, ...]:
        """Hides the collection and its documents at once; returns those documents, to be erased."""
        ...

    # documents
    def record(self, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        """Stores a new document; or, when the collection already holds the same bytes (sha256), returns that
        one and True (duplicate). Two callers at the same moment get one document.

        `part_of`: the document it came inside of (Gone or Missing when that is no longer there), which
        `delete_whole` takes it along with. One that somebody sent on its own, before or after, stands on its own."""
        ...

    def document(self, document_id: str) -> Document:
        """Raises Missing (never existed) or Gone (deleted)."""
        ...

    def documents(
        self,
        collection_id: str,
        status: Status | None,
        limit: int,
        cursor: str | None = None,
        *,
        sha256: str | None = None,
        name: str | None = None,
    ) -> Paged[Document]: ...

    def documents_in(self, collection_ids: Iterable[str]) -> tuple[Document, ...]:
        """Every findable document of these collections."""
        ...

    def facts_in(self, collection_ids: Iterable[str], narrowed: Narrowed) -> tuple[Facts, ...]:
        """Of every findable document of these collections what filters look at, in any order. What `narrowed` rules
        out may be left out, and need not be."""
        ...

    def unfinished(self) -> tuple[Document, ...]:
        """Documents that are queued or running."""
        ...

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
        """Changes what is given, if the document is queued or running in this attempt and not deleted; False
        when it is not (a cancelled or superseded run must stop). A finished status clears `stage` and
        `time_left_s`, and what was published is findable no more."""
        ...

    def requeue(self, document_id: str) -> Document:
        """A failed, cancelled or partial document becomes `queued` in a new attempt; Conflict otherwise."""
        ...

    def reattempt(self, document_id: str, attempt: int) -> Document:
        """A queued or running document of this attempt becomes `queued` in the next; Conflict otherwise."""
        ...

    def publish(self, document_id: str, attempt: int, status: Status, batches: int = 1) -> bool:
        """Makes the chunks of the first batches findable, in one transaction; False as for `update`. The document
        ends as `ready` or `partial`, or stays `running` when there are more batches to come."""
        ...

    def delete(self, document_id: str) -> Document:
        """Unfindable from now on. Raises Missing or Gone."""
        ...

    def delete_whole(self, document_id: str) -> tuple[Document, ...]:
        """Deletes the document, and what came only inside it or inside what is deleted here; the document comes
        first. Raises Missing or Gone."""
        ...

    def deleted(self) -> tuple[Document, ...]:
        """Deleted documents whose rows are still to be erased."""
        ...

    def erase(self, document_id: str) -> None:
        """Removes the rows of a deleted document; a tombstone of its id alone stays. Idempotent."""
        ...

    def bytes_wanted(self, sha256: str) -> bool:
        """Whether any document that is not erased has these original bytes."""
        ...

    # chunks
    def replace_chunks(self, document_id: str, attempt: int, chunks: Sequence[Chunk], batch: int = 0) -> bool:
        """All chunks of a batch at once, in one transaction; False as for `update`. The first batch begins the
        document anew: it replaces all others too."""
        ...

    def describe(self, document_id: str, attempt: int, chunks: Sequence[Chunk]) -> bool:
        """Changes description, describing model and search text of these chunks, and nothing else; False as for
        `update`."""
        ...

    def chunks(
        self, document_id: str, after: int = -1, limit: int | None = None, batch: int | None = None
    ) -> tuple[Chunk, ...]:
        """Chunks by ordinal, those greater than `after`, of one batch or of all; also what is not findable yet."""
        ...

    def evidence(self, chunk_ids: Sequence[str], collection_ids: Iterable[str]) -> tuple[Evidence, ...]:
        """The join: of these, the chunks of findable, undeleted documents of these collections, in the order
        asked for (score and ranks are left for the caller)."""
        ...

    def standing(
        self, chunk_ids: Sequence[str], collection_ids: Iterable[str], placed: bool = True
    ) -> tuple[Chunk, ...]:
        """The chunks of `evidence` without their documents, which are most of what that costs. Not `placed`, they may
        come without regions and place."""
        ...

    def chunk(self, chunk_id: str) -> Evidence:
        """Raises Missing, or Gone when its document was deleted or the chunk no longer stands."""
        ...

    # leases of workers
    def hold_lease(self, worker_id: str, seconds: float) -> None: ...
    def release_lease(self, worker_id: str) -> None: ...
    def expired_leases(self) -> tuple[str, ...]: ...
    def compact(self) -> None:
        """Gives back the room of what was erased. A database server does so by itself."""
        ...

    def close(self) -> None: ...


class Traces(Protocol):
    """The newest traces, for some days: a bounded number, kept over a restart."""

    def keep(self, traces: Sequence[Trace]) -> None:
        """One that is kept again replaces the former; the oldest beyond the bounds are forgotten."""
        ...

    def find(self, trace_id: str) -> Trace:
        """Raises Missing."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- bytes


class Blobs(Protocol):
    """Bytes under keys like `originals/ab12…` (sha256) and `documents/{id}/crops/{sha256}.png`.

    A key is relative, of `[A-Za-z0-9._-]` segments. Writes are atomic: a reader sees all or nothing.
    """

    def put(self, key: str, data: bytes) -> None: ...
    def read(self, key: str) -> bytes:
        """Raises Missing."""
        ...

    def exists(self, key: str) -> bool: ...
    def path(self, key: str) -> Path:
        """A local file with these bytes, to be read only. Raises Missing."""
        ...

    def temporary(self) -> Path:
        """A fresh path on the same disk, to be written and then handed to `adopt`."""
        ...

    def adopt(self, path: Path, key: str) -> None:
        """Moves a finished temporary file to its key, flushed to disk; an existing key keeps its bytes."""
        ...

    def keys(self, prefix: str) -> tuple[str, ...]: ...
    def delete(self, prefix: str) -> None:
        """The key itself, and every key under it as a folder. Idempotent."""
        ...


# ---------------------------------------------------------------- indexes: they only propose


@dataclass(frozen=True, slots=True)
class IndexName:
    """One vector index: per collection, space and encoder."""

    collection_id: str
    space: Space
    encoder: str


@dataclass(frozen=True, slots=True)
class VectorRow:
    chunk_id: str
    document_id: str
    kind: Kind
    vector: Vector


class VectorIndex(Protocol):
    def add(self, index: IndexName, rows: Sequence[VectorRow]) -> None:
        """Idempotent: a chunk id that is there already gets the new vector."""
        ...

    def search(
        self, index: IndexName, vector: Vector, k: int, kinds: frozenset[Kind] = frozenset()
    ) -> tuple[tuple[str, float], ...]:
        """(chunk id, cosine similarity), best first; fewer than k only when there are no more."""
        ...

    def stored(self, index: IndexName, chunk_ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Those of these chunks that it really holds a vector of, and the vectors."""
        ...

    def remove(self, index: IndexName, chunk_ids: Sequence[str]) -> None: ...
    def remove_document(self, index: IndexName, document_id: str) -> None: ...
    def ids(self, index: IndexName) -> frozenset[str]: ...
    def drop(self, collection_id: str) -> None: ...
    def drop_index(self, index: IndexName) -> None:
        """Also one that can't be opened; it is made again by the next addition."""
        ...

    def indexes(self) -> tuple[IndexName, ...]: ...
    def compact(self) -> bool:
        """Gives back the room of what was removed, while searches go on. False: it is not ours to compact."""
        ...

    def close(self) -> None: ...


class KeptVectors(Protocol):
    """What was encoded, kept apart from the index: any index can be built again from it without a model."""

    def keep(
        self, document_id: str, space: Space, encoder: str, part: int, chunk_ids: Sequence[str], vectors: Vectors
    ) -> None:
        """A part that is kept again replaces the former."""
        ...

    def load(self, document_id: str, space: Space, encoder: str, part: int | None = None) -> tuple[list[str], Vectors]:
        """Chunk ids and their unit vectors, of one part or of all; nothing kept is no error."""
        ...

    def next_part(self, document_id: str, space: Space, encoder: str) -> int: ...
    def forget(self, document_id: str, space: Space, encoder: str) -> None:
        """Also what is damaged."""
        ...

    def keep_only(self, document_id: str, encoders: Mapping[Space, str]) -> None:
        """Forgets what is of any other encoder."""
        ...

    def folders(self, encoders: Mapping[Space, str]) -> frozenset[str]:
        """The names, under a document's `vectors/`, of what is kept of these encoders."""
        ...


@dataclass(frozen=True, slots=True)
class WordsRow:
    """A chunk's words, and where they stand: a chunk is also found by the words around it on its page."""

    chunk_id: str
    document_id: str
    kind: Kind
    text: str
    page: int | None = None
    ordinal: int = 0  # in reading order


def words_row(chunk: Chunk) -> WordsRow:
    return WordsRow(chunk.id, chunk.document_id, chunk.kind, chunk.search_text, chunk.page, chunk.ordinal)


class WordsIndex(Protocol):
    """BM25, one index per collection, so that idf is its own."""

    def add(self, collection_id: str, rows: Sequence[WordsRow]) -> None:
        """Idempotent by chunk id; durable when it returns."""
        ...

    def search(
        self,
        collection_id: str,
        text: str,
        k: int,
        kinds: frozenset[Kind] = frozenset(),
        documents: frozenset[str] | None = None,
        hints: str = "",
    ) -> tuple[tuple[str, float], ...]:
        """(chunk id, score), best first; any text is a plain bag of words, never query syntax.

        The score is BM25 of the chunk and of what stands around it, as a share of the most that these words could
        score in this collection: so questions, and collections, can be compared. The words of `hints` count less.
        """
        ...

    def remove(self, collection_id: str, chunk_ids: Sequence[str]) -> None: ...
    def remove_document(self, collection_id: str, document_id: str) -> None: ...
    def ids(self, collection_id: str) -> frozenset[str]: ...
    def collections(self) -> frozenset[str]: ...
    def rebuild(self, collection_id: str, rows: Callable[[frozenset[str]], Iterable[Sequence[WordsRow]]]) -> None:
        """Fills a new index with what `rows` makes of the ids it holds, and puts it in its place; searches go on
        meanwhile, and changes wait."""
        ...

    def drop(self, collection_id: str) -> None: ...
    def close(self) -> None: ...


# ---------------------------------------------------------------- models


class TextEncoder(Protocol):
    """Thread-safe, synchronous; `name` goes into the stamp of every vector made with it."""

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions), unit rows, in the order given. Longer texts are cut at `max_tokens`."""
        ...

    def encode_query(self, text: str) -> Vector: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
    def token_counter(self) -> Callable[[Sequence[str]], list[int]]:
        """`count_tokens` by itself: light, and can be sent to another process."""
        ...

    def sees(self, text: str) -> bool:
        """False when over 20 % of the tokens are unknown to the model: such a text is not encoded."""
        ...


class ImageEncoder(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def threshold(self) -> float:
        """The similarity of a text query to an image above which the image space may vote (model card)."""
        ...

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        """Encoded images (PNG, JPEG, …) to (n, dimensions), unit rows. Raises Unreadable for a bad one."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions), unit rows."""
        ...


class Retriever(Protocol):
    """One way of finding. A fused retriever is a retriever of retrievers."""

    async def retrieve(self, query: Query, k: int) -> Found: ...


class Generator(Protocol):
    """Writes the answer, with markers `[1]` that point into `prompt.evidence` (from 1)."""

    @property
    def model(self) -> str: ...
    async def room(self) -> int | None:
        """How many tokens a prompt may have, as the model counts; None where nobody knows. Never raises."""
        ...

    def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        """Raises ModelUnavailable. Closing the iterator aborts the generation."""
        ...


class Judge(Protocol):
    """A model that tells whether a text says what a claim says."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """For each (claim, text) 0..1; None where it can't tell. Never raises: the rules' word stands then."""
        ...


# ---------------------------------------------------------------- work that outlives a request


RunState = Literal["live", "done", "cancelled", "broken", "unknown"]


class Jobs(Protocol):
    """The durable queue, seen from the services; runs are known by document id and attempt."""

    async def ingest(self, document_id: str, attempt: int) -> None:
        """Enqueues; the same id and attempt twice is one run."""
        ...

    async def forget(self, document_id: str, collection_id: str) -> None:
        """Enqueues the erasing of a deleted document's vectors, words, blobs and rows."""
        ...

    async def drop(self, collection_id: str) -> None:
        """Enqueues the removal of a deleted collection's indexes."""
        ...

    async def reindex(self, collection_id: str, reindex_id: str) -> None:
        """Enqueues the re-embedding of a collection; the same id twice is one run."""
        ...

    async def reindex_state(self, reindex_id: str) -> RunState: ...
    async def cancel(self, document_id: str, attempt: int) -> None:
        """Stops the run, and the child process that works for it, within seconds."""
        ...

    async def state(self, document_id: str, attempt: int) -> RunState:
        """`unknown`: never enqueued, or collected since; `broken`: it failed in a way it could not record."""
        ...

    async def forgetting(self, document_id: str) -> bool: ...
    async def collect(self) -> int:
        """Removes what the queue remembers of runs long finished; returns how many."""
        ...

    async def compact(self) -> None:
        """Removes what it remembers of all that is finished, and gives the room back."""
        ...
