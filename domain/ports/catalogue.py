"""The catalogue, which is the truth about collections, documents and chunks and their state.

Deleted things are invisible to every read from that moment on. Each port is one noun with few verbs; whoever needs
two nouns takes two ports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypedDict, TypeVar, Unpack

from domain.documents import (
    Chunk,
    Collection,
    Document,
    Facts,
    Narrowed,
    PageReport,
    Part,
    Problem,
    ReindexState,
    Stage,
    Status,
)
from domain.evidence import Evidence
from domain.searches import Trace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class Collections(Protocol):
    """Names are unique among the collections that are not deleted."""

    def create(self, name: str, metadata: Mapping[str, Any]) -> Collection:
        """Raises Conflict when the name is taken."""
        ...

    def find(self, name: str) -> Collection:
        """Raises Missing."""
        ...

    def find_by_id(self, collection_id: str) -> Collection:
        """Raises Missing."""
        ...

    def page(self, limit: int, cursor: str | None = None) -> Paged[Collection]: ...
    def update(self, name: str, metadata: Mapping[str, Any]) -> Collection: ...
    def rename(self, name: str, new_name: str) -> Collection:
        """Raises Missing, and Conflict when the new name is taken or the collection is `default`."""
        ...

    def stamp(self, collection_id: str, encoders: Mapping[str, str]) -> Collection:
        """Records the encoders on first use; an existing stamp is left as it is. Returns what stands."""
        ...

    def delete(self, name: str) -> tuple[Document, ...]:
        """Hides the collection and its documents at once; returns those documents, to be erased."""
        ...


class Reindexes(Protocol):
    """Re-embedding a collection by other encoders."""

    def begin(self, collection_id: str, encoders: Mapping[str, str], reindex_id: str) -> Collection:
        """Records that the collection is to get these encoders, under a new id. Where it has them, or none yet, there
        is nothing to do, and what a former reindexing left unfinished is given up; one that is under way to the same
        encoders stands. Returns what stands. Raises Missing."""
        ...

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
        """Changes what is given; False when this reindexing is not under way (any more)."""
        ...

    def pending(self, collection_id: str, reindex_id: str, limit: int) -> tuple[Document, ...]:
        """Findable documents that are finished, and that this reindexing has yet to go through as they are now."""
        ...

    def mark(self, document: Document, reindex_id: str) -> bool:
        """Marks the document as gone through; False when it has been published anew since it was read, or deleted.
        Publishing takes the mark away."""
        ...

    def switch(self, collection_id: str, reindex_id: str) -> bool:
        """Gives the collection the encoders it was to get, in one transaction: only if every findable document is
        marked and none is running, whose vectors would be the former encoders'. False otherwise, and when this
        reindexing is not under way."""
        ...


class Documents(Protocol):
    def record(self, document: Document, part_of: str | None = None) -> tuple[Document, bool]:
        """Stores a new document; or, when the collection already holds the same bytes (sha256), returns that
        one and True (duplicate). Two callers at the same moment get one document.

        `part_of`: the document it came inside of (Gone or Missing when that is no longer there), which
        `Erasure.delete` takes it along with. One that somebody sent on its own, before or after, stands on its
        own."""
        ...

    def find(self, document_id: str) -> Document:
        """Raises Missing (never existed) or Gone (deleted)."""
        ...

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
        """Documents of more than MOST_LISTED_PAGES pages come without their page reports."""
        ...

    def findable(self, collection_ids: Iterable[str]) -> tuple[Document, ...]:
        """Every findable document of these collections."""
        ...

    def facts(self, collection_ids: Iterable[str], narrowed: Narrowed) -> tuple[Facts, ...]:
        """Of every findable document of these collections what filters look at, in any order. What `narrowed` rules
        out may be left out, and need not be."""
        ...

    def unfinished(self) -> tuple[Document, ...]:
        """Documents that are queued or running."""
        ...

    def undescribed(self, limit: int) -> tuple[Document, ...]:
        """Documents that are `ready` or `partial`, and wait for the language model; the oldest first."""
        ...


class RunChanges(TypedDict, total=False):
    """What a run may change of its document; None changes nothing."""

    status: Status | None
    stage: Stage | None
    progress: float | None
    pages: int | None
    media_type: str | None
    title: str | None
    problems: Sequence[Problem] | None
    page_report: Sequence[PageReport] | None
    time_left_s: float | None
    waiting_for: Part | Literal["", None]  # "": it waits no more


class Runs(Protocol):
    """A document's runs on the queue, attempt by attempt."""

    def update(self, document_id: str, attempt: int, **changes: Unpack[RunChanges]) -> bool:
        """Changes what is given, if the document is queued or running in this attempt and not deleted; False
        when it is not (a cancelled or superseded run must stop). A finished status clears `stage`,
        `time_left_s` and `waiting_for`, and what was published is findable no more."""
        ...

    def requeue(self, document_id: str) -> Document:
        """A failed, cancelled or partial document becomes `queued` in a new attempt; Conflict otherwise."""
        ...

    def reattempt(self, document_id: str, attempt: int) -> Document:
        """A queued or running document of this attempt becomes `queued` in the next; Conflict otherwise."""
        ...

    def describe_again(self, document_id: str, attempt: int) -> Document:
        """A document of `undescribed`, in this attempt, becomes `running` in the next, and stays findable; Conflict
        otherwise."""
        ...

    def publish(self, document_id: str, attempt: int, status: Status, batches: int = 1) -> bool:
        """Makes the chunks of the first batches findable, in one transaction; False as for `update`. The document
        ends as `ready` or `partial`, or stays `running` when there are more batches to come. One that waits for the
        language model goes on waiting for its descriptions."""
        ...


class Erasure(Protocol):
    """Deletes at once by hiding; the rows are erased later, after the indexes and blobs of the document."""

    def delete(self, document_id: str) -> tuple[Document, ...]:
        """Deletes the document, and what came only inside it or inside what is deleted here; the document comes
        first. Raises Missing or Gone."""
        ...

    def deleted(self, among: Sequence[str] | None = None) -> tuple[Document, ...]:
        """Deleted documents whose rows are still to be erased; all, or those of these ids. Without page reports."""
        ...

    def erase(self, document_id: str) -> None:
        """Removes the rows of a deleted document; a tombstone of its id alone stays. Idempotent."""
        ...

    def bytes_wanted(self, sha256: str) -> bool:
        """Whether any document that is not erased has these original bytes."""
        ...


class Chunks(Protocol):
    def replace(self, document_id: str, attempt: int, chunks: Sequence[Chunk], batch: int = 0) -> bool:
        """All chunks of a batch at once, in one transaction; False as for `Runs.update`. The first batch begins the
        document anew: it replaces all others too."""
        ...

    def describe(self, document_id: str, attempt: int, chunks: Sequence[Chunk]) -> bool:
        """Changes description, describing model and search text of these chunks, and nothing else; False as for
        `Runs.update`."""
        ...

    def of_document(
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

    def find(self, chunk_id: str) -> Evidence:
        """Raises Missing, or Gone when its document was deleted or the chunk no longer stands."""
        ...


class Leases(Protocol):
    """A worker holds one while it lives. When it has expired, another worker may claim it, once, to take over its work;
    from then on the former one writes nothing more."""

    def hold(self, worker_id: str, seconds: float) -> None: ...
    def renew(self, worker_id: str, seconds: float) -> bool:
        """False when it was claimed: this worker has to end."""
        ...

    def release(self, worker_id: str) -> None: ...
    def claim(self, worker_id: str) -> tuple[str, ...]:
        """The workers whose work this one takes over now: their leases have expired, and no living worker has claimed
        them. Again until they are released."""
        ...


class Catalogue(Protocol):
    """All of it, as it is opened; whoever uses a part of it takes that port."""

    @property
    def collections(self) -> Collections: ...
    @property
    def reindexes(self) -> Reindexes: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def erasure(self) -> Erasure: ...
    @property
    def chunks(self) -> Chunks: ...
    @property
    def leases(self) -> Leases: ...


class Traces(Protocol):
    """The newest traces: a bounded number, for a bounded time, kept over a restart."""

    def keep(self, traces: Sequence[Trace]) -> None:
        """One that is kept again replaces the former; the oldest beyond the bounds are forgotten."""
        ...

    def find(self, trace_id: str) -> Trace:
        """Raises Missing."""
        ...

    def close(self) -> None: ...
