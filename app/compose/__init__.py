"""The composition root: the only room that names concrete adapters. What is opened here is closed here."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from app.adapters.dbos_jobs import DbosJobs
from app.adapters.web import Web
from app.api.deps import Services
from app.compose.answering import answering, explaining
from app.compose.encoders import load_encoders, normalised
from app.compose.retrieval import retrieval
from app.compose.stores import open_stores, own_folder
from app.compose.workers import (
    Ingestion,
    closed_with,
    executor_of,
    forgetting,
    ingestion,
    room_for_deletions,
    verification,
    watched,
    work,
)
from app.services.conversations import ConversationKeeper
from app.services.doorkeeper import Doorkeeper
from app.services.intake import Intake
from app.services.library import Library
from app.services.pages import Pages
from app.services.reindex import Reindex
from app.settings import Settings
from domain.documents import Fetched
from domain.errors import Forbidden, Unavailable
from domain.ports import Blobs, Catalogue, Collections, Jobs
from ingest.identify import media_type_of
from ingest.originals import key
from ingest.parser import SandboxedParser
from ingest.unpack import Unpacked, UnpackLimits, unpack
from system.outages import Outages
from system.sandbox import Sandbox

UNPACK_TIMEOUT_S = 300.0
READY_TIMEOUT_S = 5.0

# A search allocates thousands of objects, hardly one of them in a reference cycle. The garbage collector's default of
# 700 objects (Python 3.11) took a sixth of the CPU time of 16 searches at once.
COLLECT = (20_000, 20, 20)

# Reading rows from SQLite releases Python's lock for each row, and then waits up to this long (default: 5 ms) for it.
SWITCH_S = 0.0005


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Services]:
    """Opens everything, and closes it in the opposite order. Raises BadConfiguration, ModelUnavailable."""
    async with AsyncExitStack() as stack:
        _tune_interpreter(stack)
        own_folder(stack, settings)
        opened = await open_stores(stack, settings)
        encoders = await load_encoders(stack, settings)
        await asyncio.to_thread(opened.vectors.wait)  # the index has been opening meanwhile
        stores = opened.stores
        executor, outages, ending = executor_of(settings), Outages(), asyncio.Event()
        ingesting = ingestion(stack, settings, opened, encoders, executor)
        jobs = DbosJobs(settings.queue_url)
        stack.callback(jobs.close)
        if settings.role != "api":
            await work(stack, settings, opened, jobs, ingesting, executor, outages)
        watched(stack, settings, opened, outages)
        forgetting(stack, settings, opened)

        # a sandbox of its own: ingestion keeps the other busy for minutes
        for_requests = closed_with(stack, Sandbox(1, settings.parse_memory_mb, nice=0))
        catalogue = stores.catalogue
        library = _library(catalogue, jobs, ingesting, room_for_deletions(stack, settings))
        retriever = await retrieval(settings, stores, encoders, partial(normalised, for_requests), outages)
        explain = explaining(stack, stores, opened.traces)
        yield Services(
            collections=catalogue.collections,
            documents=catalogue.documents,
            chunks=catalogue.chunks,
            blobs=stores.blobs,
            library=library,
            intake=_intake(stack, settings, library, stores.blobs),
            ask=answering(settings, stores, encoders, retriever, explain, for_requests),
            explain=explain,
            conversations=ConversationKeeper(opened.conversations, catalogue.chunks, catalogue.documents),
            doorkeeper=Doorkeeper(opened.sessions, settings.session_days),
            pages=Pages(
                catalogue.documents, catalogue.chunks, stores.blobs, SandboxedParser(for_requests, stores.blobs)
            ),
            fetch=_fetch(settings, stores.blobs),
            verify=verification(settings, opened, jobs, ingesting),
            reindex=Reindex(
                catalogue.collections, catalogue.reindexes, jobs, settings.models, ingesting.models.encoders
            ),
            max_upload_bytes=settings.max_upload_bytes,
            limits=settings.limits,
            ready=partial(_ready, catalogue.collections, ending),
            outages=outages,
            ending=ending,
        )


def _library(catalogue: Catalogue, jobs: Jobs, ingesting: Ingestion, give_room: Callable[[], bool]) -> Library:
    return Library(
        catalogue.collections,
        catalogue.documents,
        catalogue.runs,
        catalogue.erasure,
        jobs,
        ingesting.originals.take,
        media_type_of,
        give_room,
    )


def _tune_interpreter(stack: AsyncExitStack) -> None:
    stack.callback(gc.set_threshold, *gc.get_threshold())
    stack.callback(sys.setswitchinterval, sys.getswitchinterval())
    gc.set_threshold(*COLLECT)
    sys.setswitchinterval(SWITCH_S)


def _intake(stack: AsyncExitStack, settings: Settings, library: Library, blobs: Blobs) -> Intake:
    # for archives and mails; its process starts with the first of them
    unpacking = closed_with(stack, Sandbox(1, settings.parse_memory_mb, nice=0))
    return Intake(
        library,
        partial(_unpacked, unpacking),
        lambda document: blobs.path(key(document)),
        blobs.temporary,
        media_type_of,
        settings.max_upload_bytes,
        settings.max_attachments,
    )


async def _unpacked(sandbox: Sandbox, file: Path, media_type: str, folder: Path, limits: UnpackLimits) -> Unpacked:
    return await sandbox.run(unpack, file, media_type, folder, limits, timeout_s=UNPACK_TIMEOUT_S)


def _fetch(settings: Settings, blobs: Blobs) -> Callable[[str], Awaitable[Fetched]]:
    async def refuse(address: str) -> Fetched:
        raise Forbidden("This service fetches no web pages (EXHIBIT_FETCH).")

    return Web(blobs.temporary, settings.max_upload_bytes).fetch if settings.fetch else refuse


async def _ready(collections: Collections, ending: asyncio.Event) -> None:
    if ending.is_set():
        raise Unavailable("This process was told to end; it answers what is under way.")
    try:
        await asyncio.wait_for(asyncio.to_thread(collections.find, "default"), READY_TIMEOUT_S)
    except TimeoutError as error:
        raise Unavailable("The catalogue does not answer.") from error
