"""Wires the stores: catalogue, blobs, vectors, words. Another store is one adapter file and one row here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.adapters.blobs import LocalBlobs, folder_size
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.installation import SqlInstallation
from app.adapters.catalogue.traces import SqlTraces
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.vectors.chroma_process import ChromaProcess
from app.adapters.vectors.kept import KeptInBlobs
from app.compose.choice import Option, always, chosen
from app.services.installation import marked
from app.settings import Settings
from domain.errors import BadConfiguration
from domain.ports import Conversations, Sessions, Traces, VectorIndex, WordsIndex
from ingest.stores import Stores
from system.folder_lock import FolderLock


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class VectorStore:
    """`wait` returns when the index is open; it may open while the models are loaded. `elsewhere`: why the index can't
    be compacted from here."""

    index: VectorIndex
    wait: Callable[[], None] = _nothing
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class WordsStore:
    """`sweep` removes indexes that former versions or interrupted rebuilds have left in the data folder."""

    index: WordsIndex
    sweep: Callable[[], None] = _nothing


def _chroma_server(settings: Settings, died: Callable[[], None]) -> VectorStore:
    from app.adapters.vectors.chroma import ChromaVectors  # takes a second or two to import

    elsewhere = "Chroma runs as a server, which is to be compacted there (`chroma vacuum`)."
    return VectorStore(ChromaVectors(url=settings.chroma_url, lost=died), elsewhere=elsewhere)


def _chroma_here(settings: Settings, died: Callable[[], None]) -> VectorStore:
    process = ChromaProcess(settings.data_dir / "chroma", died)
    process.start()
    return VectorStore(process, process.opened)


def _tantivy(settings: Settings) -> WordsStore:
    words = TantivyWords(settings.data_dir / "words")
    return WordsStore(words, words.sweep)


OpenVectors = Callable[[Settings, Callable[[], None]], VectorStore]  # the callback: it has lost something
OpenWords = Callable[[Settings], WordsStore]

VECTOR_STORES: Sequence[Option[OpenVectors]] = (
    Option(lambda settings: settings.chroma_url is not None, _chroma_server),
    Option(always, _chroma_here),
)
WORDS_INDEXES: Sequence[Option[OpenWords]] = (Option(always, _tantivy),)


@dataclass(frozen=True, slots=True)
class OpenStores:
    """The stores, and what only the wiring needs of them. `fenced`: the stores of a worker, which it can no longer
    write when its lease was claimed. `lost` is set when the vector index may have lost something."""

    stores: Stores
    fenced: Callable[[str], Stores]
    traces: Traces
    conversations: Conversations
    sessions: Sessions
    compact_catalogue: Callable[[], None]
    vectors: VectorStore
    words: WordsStore
    lost: asyncio.Event
    lose: Callable[[], None]  # sets it, from any thread


async def open_stores(
    stack: AsyncExitStack,
    settings: Settings,
    vector_stores: Sequence[Option[OpenVectors]] = VECTOR_STORES,
    words_indexes: Sequence[Option[OpenWords]] = WORDS_INDEXES,
) -> OpenStores:
    """Closed with the stack. Raises BadConfiguration."""
    blobs = LocalBlobs(settings.blobs_dir)
    catalogue = await asyncio.to_thread(SqlCatalogue, settings.catalogue_url, connections=settings.database_connections)
    stack.callback(catalogue.close)
    if not settings.embedded:
        folders = sorted({settings.data_dir, settings.blobs_dir})
        await asyncio.to_thread(SqlInstallation(catalogue.database).agree, partial(marked, folders))
    lost = asyncio.Event()
    lose = _from_any_thread(lost)
    vectors = chosen(vector_stores, settings)(settings, lose)
    stack.callback(vectors.index.close)
    words = chosen(words_indexes, settings)(settings)
    stack.callback(words.index.close)
    stores = Stores(catalogue, blobs, KeptInBlobs(blobs), vectors.index, words.index)
    traces = SqlTraces(catalogue.database, settings.traces, settings.traces_days)

    def fenced(worker_id: str) -> Stores:
        return replace(stores, catalogue=catalogue.fenced(worker_id))

    return OpenStores(
        stores,
        fenced,
        traces,
        catalogue.conversations,
        catalogue.sessions,
        catalogue.compact,
        vectors,
        words,
        lost,
        lose,
    )


def _from_any_thread(event: asyncio.Event) -> Callable[[], None]:
    loop = asyncio.get_running_loop()

    def set_event() -> None:
        with suppress(RuntimeError):  # the event loop has ended
            loop.call_soon_threadsafe(event.set)

    return set_event


def own_folder(stack: AsyncExitStack, settings: Settings) -> None:
    """Creates the data folder, and locks it if only one process may use it. What this process and its children write
    from now on, indexes too, is for the owner of the folder alone. Raises BadConfiguration."""
    folder = settings.data_dir
    os.umask(0o077)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"The data folder {folder} can't be made: {error.strerror}.") from error
    _close_to_others(folder)
    if settings.embedded:
        stack.callback(FolderLock(folder).release)


def _close_to_others(folder: Path) -> None:
    """What former versions left readable by all: the folders in it, and with them what they hold."""
    for kept in (*folder.glob("chroma*"), *folder.glob("words*"), *folder.glob("blobs*")):
        with suppress(OSError):  # another user's, who has to see to it
            if kept.is_dir() and not kept.is_symlink():
                kept.chmod(0o700)


@contextmanager
def catalogue_of(folder: Path) -> Iterator[SqlCatalogue]:
    """The catalogue of a data folder, for programs that look at what a service has made."""
    with closing(SqlCatalogue(f"sqlite:///{folder.absolute() / 'catalogue.db'}")) as catalogue:
        yield catalogue


@contextmanager
def own_catalogue(settings: Settings) -> Iterator[tuple[SqlCatalogue, LocalBlobs]]:
    """The catalogue and the blobs of these settings, without indexes and models. Raises BadConfiguration."""
    with closing(SqlCatalogue(settings.catalogue_url)) as catalogue:
        yield catalogue, LocalBlobs(settings.blobs_dir)


def sizes(settings: Settings) -> dict[str, int]:
    """Bytes, by part of the data folder; stores on servers are not counted."""
    data = settings.data_dir
    parts = {"vectors": list(data.glob("chroma*")), "words": [data / "words"], "blobs": [settings.blobs_dir]}
    sizes = {part: sum(map(folder_size, folders)) for part, folders in parts.items()}
    for part, name in (("catalogue", "catalogue.db"), ("queue", "queue.db")):
        sizes[part] = sum(file.stat().st_size for file in data.glob(f"{name}*"))
    return sizes
