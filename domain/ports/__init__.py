"""What the services need of the outside, as small Protocols; `app/adapters/` and `retrievers/` provide them.

Catalogue, blobs and indexes are synchronous and thread-safe (they are called from the event loop through
threads, and from the workers of the queue); retrievers and generators are asynchronous. None of them keeps
anything bound to an event loop.
"""

from domain.ports.blobs import Blobs
from domain.ports.catalogue import (
    Catalogue,
    Chunks,
    Collections,
    Documents,
    Erasure,
    Leases,
    Paged,
    Reindexes,
    RunChanges,
    Runs,
    Traces,
)
from domain.ports.conversations import Conversations, Sessions
from domain.ports.indexes import (
    IndexName,
    KeptVectors,
    Vector,
    VectorIndex,
    VectorRow,
    Vectors,
    VectorSearch,
    VectorUpkeep,
    WordsIndex,
    WordsRow,
    WordsSearch,
    WordsUpkeep,
    words_row,
)
from domain.ports.jobs import ALONE, Jobs, Queueing, QueueStates, RunState, Share
from domain.ports.models import Generator, ImageEncoder, Judge, Retriever, TextEncoder, TokenEncoder, Tokens

__all__ = [
    "ALONE",
    "Blobs",
    "Catalogue",
    "Chunks",
    "Collections",
    "Conversations",
    "Documents",
    "Erasure",
    "Generator",
    "ImageEncoder",
    "IndexName",
    "Jobs",
    "Judge",
    "KeptVectors",
    "Leases",
    "Paged",
    "QueueStates",
    "Queueing",
    "Reindexes",
    "Retriever",
    "RunChanges",
    "RunState",
    "Runs",
    "Sessions",
    "Share",
    "TextEncoder",
    "TokenEncoder",
    "Tokens",
    "Traces",
    "Vector",
    "VectorIndex",
    "VectorRow",
    "VectorSearch",
    "VectorUpkeep",
    "Vectors",
    "WordsIndex",
    "WordsRow",
    "WordsSearch",
    "WordsUpkeep",
    "words_row",
]
