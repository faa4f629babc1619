"""Work that outlives a request: the durable queue, seen from the services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

RunState = Literal["live", "done", "cancelled", "broken", "unknown"]


@dataclass(frozen=True, slots=True)
class Share:
    """Whose work it is: what waits is taken in turn from the flows, and from each in its order."""

    flow: str = ""  # one caller's uploads to one collection
    place: int = 0  # of the file among those of its request, from 0


ALONE = Share()


class Queueing(Protocol):
    """What is asked of the queue; runs are known by document id and attempt."""

    async def ingest(self, document_id: str, attempt: int, share: Share = ALONE) -> None:
        """Enqueues; the same id and attempt twice is one run."""
        ...

    async def describe(self, document_id: str, attempt: int) -> None:
        """Enqueues the describing of a document whose text and pictures are in; the same id and attempt twice is one
        run."""
        ...

    async def forget(self, document_ids: Sequence[str], collection_id: str) -> None:
        """Enqueues the erasing of deleted documents' vectors, words, blobs and rows: as one run, so a few dozen at a
        time."""
        ...

    async def drop(self, collection_id: str) -> None:
        """Enqueues the removal of a deleted collection's indexes."""
        ...

    async def reindex(self, collection_id: str, reindex_id: str) -> None:
        """Enqueues the re-embedding of a collection; the same id twice is one run."""
        ...

    async def cancel(self, document_id: str, attempt: int) -> None:
        """Stops the run, and the child process that works for it, within seconds."""
        ...


class QueueStates(Protocol):
    """What the queue knows of its runs."""

    async def state(self, document_id: str, attempt: int) -> RunState:
        """`unknown`: never enqueued, or collected since; `broken`: it failed in a way it could not record."""
        ...

    async def reindex_state(self, reindex_id: str) -> RunState: ...
    async def forgetting(self) -> frozenset[str]:
        """The documents whose erasing is queued or running."""
        ...

    async def collect(self) -> int:
        """Removes the records of runs that finished long ago; returns how many."""
        ...


class Jobs(Queueing, QueueStates, Protocol):
    """The whole queue; whoever only asks for work takes that port."""

    async def compact(self) -> None:
        """Removes the records of all finished runs, and gives the space back to the disk."""
        ...
