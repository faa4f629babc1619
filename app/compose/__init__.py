"""The composition root: the only file that names concrete adapters. What is opened here is closed here."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import sys
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from answering.ask import Ask
from answering.explain import Explain
from answering.extractive.reader import ExtractiveReader
from answering.grounding.check import Checker
from answering.library_questions import Librarian
from answering.question.condense import Condense
from app.adapters.blobs import LocalBlobs, folder_size
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.traces import SqlTraces
from app.adapters.dbos_jobs import DbosJobs, DbosWorker
from app.adapters.encoders import clip, cross_encoder
from app.adapters.encoders import text as sentence
from app.adapters.encoders.batching import BatchedQueries
from app.adapters.encoders.bulk import EncodingProcess
from app.adapters.encoders.decoding import fitted_picture, plain_picture
from app.adapters.encoders.image import load_image_encoder
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.llm.judges import ModelJudge, NliJudge
from app.adapters.llm.openai_chat import OpenAIChat
from app.adapters.vectors.chroma_process import ChromaProcess
from app.adapters.vectors.kept import KeptVectors
from app.adapters.web import Web
from app.api.deps import Services
from app.services.intake import Intake
from app.services.library import Library
from app.services.pages import Pages
from app.services.reindex import Reindex, coming_encoders
from app.services.upkeep.reconcile import keep_lease, tend, tend_for_ever
from app.services.upkeep.repair import mend, mend_at_start_and_after, mend_indexes, sweep_at_start
from app.services.upkeep.verify import Compact, Compacting, Mending, Stores, Verify, compact_words
from app.settings import Settings
from domain.errors import BadConfiguration, Forbidden, Unavailable
from domain.ports import (
    Blobs,
    Catalogue,
    Generator,
    ImageEncoder,
    Judge,
    Retriever,
    TextEncoder,
    Vector,
    VectorIndex,
    Vectors,
)
from domain.types import Chunk, Fetched, Space
from ingest.describe import Describer
from ingest.embed import encoded, wants
from ingest.identify import media_type_of
from ingest.originals import Originals, key
from ingest.parser import SandboxedParser
from ingest.pipeline import Pipeline
from ingest.reindex import Reindexer
from ingest.unpack import Limits, Unpacked, unpack
from retrievers.closest import closest
from retrievers.cross_encoded import CrossEncoded
from retrievers.cues import names_pages
from retrievers.fused import Fused
from retrievers.hydrated import Joined
from retrievers.learned import Learned, shipped
from retrievers.query_cleaning import Asked, without_form
from retrievers.reranked import Rank, Reranked, in_turn
from retrievers.stamped import Stamped
from retrievers.vector import SHORT, Look, VectorRetriever, seeing_images, seeing_text
from retrievers.words import WordsRetriever
from system.folder_lock import FolderLock
from system.sandbox import Sandbox

log = logging.getLogger(__name__)

EMBEDDED = "embedded"  # the one executor of a data folder: constant, so that its own runs are found again

PICTURE_TIMEOUT_S = 20.0
ENCODER_IDLE_S = 60.0  # of the bundled models, which are loaded again in two seconds; a hub's take a minute
UNPACK_TIMEOUT_S = 300.0
MAX_DESCRIPTION_TOKENS = 320

# A search makes thousands of objects that end with it, hardly one of them in a reference cycle. Looking for these every
# 700 objects, as Python 3.11 does, took a sixth of a search's CPU with 16 at once.
COLLECT = (20_000, 20, 20)

# Who reads rows from SQLite gives Python's lock away for each, and waited 5 ms for it while anything else computed.
SWITCH_S = 0.0005

Encode = Callable[[str], Awaitable[Vector]]  # a question


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[Services]:
    """Everything open and warm; closed in the opposite order. Raises BadConfiguration, ModelUnavailable."""
    async with AsyncExitStack() as stack:
        stack.callback(gc.set_threshold, *gc.get_threshold())
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        gc.set_threshold(*COLLECT)
        sys.setswitchinterval(SWITCH_S)
        _make_folder(settings.data_dir)
        embedded = settings.embedded
        if embedded:
            lock = FolderLock(settings.data_dir)
            stack.callback(lock.release)

        blobs = LocalBlobs(settings.blobs_dir)
        catalogue = await asyncio.to_thread(SqlCatalogue, settings.catalogue_url)
        stack.callback(catalogue.close)
        lost = asyncio.Event()
        vectors = _vectors(settings, lost)
        stack.callback(vectors.close)
        text_encoder, image_encoder = await _encoders(settings)
        if isinstance(vectors, ChromaProcess):  # it has been opening its folder meanwhile
            await asyncio.to_thread(vectors.opened)
        words = TantivyWords(settings.data_dir / "words")
        stack.callback(words.close)
        kept = KeptVectors(blobs)
        sandbox = Sandbox(settings.parse_workers, settings.parse_memory_mb)
        stack.callback(sandbox.close)
        bulk = EncodingProcess(
            _text_encoder(settings),
            partial(_image_encoder(settings), pictures_only=True),
            idle_s=ENCODER_IDLE_S if settings.models == "bundled" else None,
        )
        stack.callback(bulk.close)
        # Pictures are read by one child on all cores: two on one core each take twice its memory (about 1 GB) for less
        reading = Sandbox(1, settings.parse_memory_mb)
        stack.callback(reading.close)
        parser = SandboxedParser(sandbox, blobs, reading, hidden_text=settings.hidden_text == "include")
        for_requests = Sandbox(1, settings.parse_memory_mb, nice=0)  # of its own: ingestion fills the other for minutes
        stack.callback(for_requests.close)
        originals = Originals(catalogue, blobs)
        describer = _describer(settings, blobs, parser)
        pipeline = Pipeline(
            catalogue,
            blobs,
            originals,
            parser,
            text_encoder,
            image_encoder,
            bulk,
            kept,
            vectors,
            words,
            describer,
            parse_at_once=max(1, settings.parse_workers // 2),  # each has two parts of its pages parsed side by side
        )

        jobs = DbosJobs(settings.queue_url)
        stack.callback(jobs.close)
        if settings.role != "api":
            await _work(stack, settings, catalogue, jobs, pipeline, _reindexer(pipeline), lost)

        queries, of_pictures = BatchedQueries(text_encoder.encode), BatchedQueries(image_encoder.encode_texts)
        stack.callback(queries.close)
        stack.callback(of_pictures.close)
        normalise = partial(_normalised, for_requests)
        fused = fused_ways(settings, pipeline, words, queries.encode, of_pictures.encode, normalise)
        retriever = await _reranked(settings, fused, catalogue)
        generator = _generator(settings, text_encoder)
        opening = Sandbox(1, settings.parse_memory_mb, nice=0)  # archives and mails: only when there are some
        stack.callback(opening.close)
        library = Library(catalogue, jobs, originals.take, media_type_of)
        intake = Intake(
            library,
            partial(_unpacked, opening),
            lambda document: blobs.path(key(document)),
            blobs.temporary,
            media_type_of,
            settings.max_upload_bytes,
        )
        explain = _explaining(stack, settings, catalogue)
        ask = Ask(
            catalogue,
            blobs,
            Joined(retriever, catalogue),
            generator,
            settings.llm.images,
            explain,
            Condense(generator if settings.llm.url is not None else None),
            Librarian(catalogue, Joined(WordsRetriever(words), catalogue)),
            Checker(text_encoder, _judge(settings)),
            partial(_fitted, for_requests),
            ExtractiveReader(text_encoder).confidence,
            at_once=(os.cpu_count() or 1) + 1,
            coming=partial(_coming, settings, text_encoder, queries, of_pictures),
        )
        yield Services(
            catalogue=catalogue,
            blobs=blobs,
            library=library,
            intake=intake,
            ask=ask,
            explain=explain,
            pages=Pages(catalogue, blobs, SandboxedParser(for_requests, blobs)),
            fetch=_fetch(settings, blobs),
            verify=_verify(settings, pipeline, jobs, words),
            reindex=Reindex(catalogue, jobs, settings.models, pipeline.encoders),
            max_upload_bytes=settings.max_upload_bytes,
            ready=_readiness(catalogue),
        )


def _explaining(stack: AsyncExitStack, settings: Settings, catalogue: SqlCatalogue) -> Explain:
    explain = Explain(catalogue, SqlTraces(catalogue.database, settings.traces, settings.traces_days))
    stack.callback(explain.close)
    return explain


async def _encoders(settings: Settings) -> tuple[TextEncoder, ImageEncoder]:
    """Side by side; a hub's one after the other: where it can't be reached, that is told once, and soon."""
    text, image = partial(_text_encoder(settings), questions=True), _image_encoder(settings)
    if settings.models == "standard":
        return await asyncio.to_thread(text), await asyncio.to_thread(image)
    both = await asyncio.gather(asyncio.to_thread(text), asyncio.to_thread(image))
    return both


async def _work(
    stack: AsyncExitStack,
    settings: Settings,
    catalogue: Catalogue,
    jobs: DbosJobs,
    pipeline: Pipeline,
    reindexer: Reindexer,
    lost: asyncio.Event,
) -> None:
    """Works the queue off until the stack closes, and keeps queue and catalogue in step, indexes and kept vectors."""
    executor = EMBEDDED if settings.embedded else f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}".lower()
    worker = DbosWorker(settings.queue_url, executor, pipeline, settings.parallel_documents, reindexer=reindexer)
    await worker.start()
    stack.push_async_callback(worker.stop)
    await tend(catalogue, jobs)
    _in_background(stack, tend_for_ever(catalogue, jobs))
    _in_background(stack, worker.look_after())
    mending = partial(mend, catalogue, pipeline.kept, pipeline.vectors, pipeline.words, pipeline.text_encoder.sees)
    _in_background(stack, mend_at_start_and_after(lost, mending))
    if settings.embedded:  # the folder is ours alone
        _in_background(stack, sweep_at_start(pipeline.originals.keys, pipeline.originals.sweep))
    else:
        _in_background(stack, keep_lease(catalogue, executor, worker.recover))
        stack.callback(catalogue.release_lease, executor)


def _verify(settings: Settings, pipeline: Pipeline, jobs: DbosJobs, words: TantivyWords) -> Verify:
    stores = Stores(pipeline.catalogue, pipeline.blobs, pipeline.kept, pipeline.vectors, words)
    mending = Mending(
        partial(wants, pipeline.text_encoder),
        partial(_encoded_again, pipeline),
        pipeline.erase,
        pipeline.originals.sweep,
        partial(coming_encoders, pipeline.catalogue),
    )
    return Verify(stores, mending, Compacting(_compacting(settings, pipeline, jobs, words), partial(_sizes, settings)))


async def _encoded_again(
    pipeline: Pipeline, space: Space, encoder: str, chunks: Sequence[Chunk]
) -> tuple[list[str], Vectors]:
    if pipeline.encoders[space] != encoder:
        raise Unavailable(f"They are of {encoder}, which this service does not run.")
    return await encoded(pipeline.bulk, pipeline.blobs, space, chunks)


def _reindexer(pipeline: Pipeline) -> Reindexer:
    compare = partial(mend_indexes, pipeline.catalogue, pipeline.kept, pipeline.vectors, pipeline.text_encoder.sees)
    return Reindexer(
        pipeline.catalogue,
        pipeline.blobs,
        pipeline.text_encoder,
        pipeline.encoders,
        pipeline.bulk,
        pipeline.kept,
        pipeline.vectors,
        compare,
    )


def fused_ways(
    settings: Settings,
    pipeline: Pipeline,
    words: TantivyWords,
    encode_words: Encode,
    encode_for_pictures: Encode,
    normalise: Callable[[bytes], Awaitable[bytes]],
) -> Fused:
    """Where the service runs other models than the bundled ones, these are at hand for collections of theirs."""
    text, image, insists = pipeline.text_encoder, pipeline.image_encoder, "words" not in settings.spaces

    def by_text(name: str, look: Look) -> VectorRetriever:
        return VectorRetriever("text", name, look, pipeline.vectors, pipeline.kept)

    def by_image(name: str, look: Look) -> VectorRetriever:
        return VectorRetriever("image", name, look, pipeline.vectors, pipeline.kept)

    def bundled_text(name: str) -> Retriever | None:
        if settings.models == "bundled" or name != bundled_minilm().stamp:
            return None
        former = sentence.load_text_encoder("bundled", settings.cache_dir)
        return by_text(name, seeing_text(former, one_by_one(former.encode)))

    def bundled_image(name: str) -> Retriever | None:
        if settings.models == "bundled" or name != clip.bundled_name():
            return None
        former = load_image_encoder("bundled", settings.cache_dir)
        return by_image(name, seeing_images(former, one_by_one(former.encode_texts), normalise))

    own_text = by_text(text.name, seeing_text(text, encode_words))
    own_image = by_image(image.name, seeing_images(image, encode_for_pictures, normalise))
    ways: dict[Space, Retriever] = {
        "words": WordsRetriever(words),
        "text": Stamped("text", text.name, own_text, bundled_text, insists),
        "image": Stamped("image", image.name, own_image, bundled_image, insists),
    }
    return Fused({space: way for space, way in ways.items() if space in settings.spaces})


def _coming(
    settings: Settings, text_encoder: TextEncoder, queries: BatchedQueries, of_pictures: BatchedQueries, question: str
) -> None:
    """Questions that wait for their turn are encoded together."""
    about = without_form(question)
    if "text" in settings.spaces and len(about) <= SHORT and text_encoder.sees(about):
        queries.coming(about)
    if "image" in settings.spaces:
        of_pictures.coming(about)


def one_by_one(encode: Callable[[Sequence[str]], Vectors]) -> Encode:
    """For models that are asked seldom."""

    async def encoded(text: str) -> Vector:
        vector: Vector = (await asyncio.to_thread(encode, [text]))[0]
        return vector

    return encoded


def _compacting(settings: Settings, pipeline: Pipeline, jobs: DbosJobs, words: TantivyWords) -> dict[str, Compact]:
    async def vectors() -> str | None:
        ours = await asyncio.to_thread(pipeline.vectors.compact)
        return None if ours else "Chroma runs as a server, which is to be compacted there (`chroma vacuum`)."

    async def catalogue() -> None:
        await asyncio.to_thread(pipeline.catalogue.compact)

    async def words_indexes() -> None:
        await asyncio.to_thread(compact_words, pipeline.catalogue, words)
        if settings.embedded:
            await asyncio.to_thread(words.sweep)

    return {"vectors": vectors, "words": words_indexes, "catalogue": catalogue, "queue": jobs.compact}


def _sizes(settings: Settings) -> dict[str, int]:
    """Bytes, by part of the data folder; what is on a server is not counted."""
    data = settings.data_dir
    parts = {"vectors": list(data.glob("chroma*")), "words": [data / "words"], "blobs": [settings.blobs_dir]}
    sizes = {part: sum(map(folder_size, folders)) for part, folders in parts.items()}
    for part, name in (("catalogue", "catalogue.db"), ("queue", "queue.db")):
        sizes[part] = sum(file.stat().st_size for file in data.glob(f"{name}*"))
    return sizes


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"The data folder {folder} can't be made: {error.strerror}.") from error


async def _fitted(sandbox: Sandbox, image: bytes, side: int) -> bytes:
    return await sandbox.run(fitted_picture, image, side, timeout_s=PICTURE_TIMEOUT_S)


async def _normalised(sandbox: Sandbox, image: bytes) -> bytes:
    return await sandbox.run(plain_picture, image, timeout_s=PICTURE_TIMEOUT_S)


async def _unpacked(sandbox: Sandbox, file: Path, media_type: str, folder: Path, limits: Limits) -> Unpacked:
    return await sandbox.run(unpack, file, media_type, folder, limits, timeout_s=UNPACK_TIMEOUT_S)


def _tell_why_it_ended(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task ended", exc_info=error)


def _vectors(settings: Settings, lost: asyncio.Event) -> VectorIndex:
    if settings.chroma_url is not None:
        from app.adapters.vectors.chroma import ChromaVectors  # a second or two that only a server's clients need spend

        return ChromaVectors(url=settings.chroma_url)
    loop = asyncio.get_running_loop()

    def died() -> None:
        with suppress(RuntimeError):  # the loop has ended: so do we
            loop.call_soon_threadsafe(lost.set)

    process = ChromaProcess(settings.data_dir / "chroma", died)
    process.start()
    return process


def _in_background(stack: AsyncExitStack, work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    task.add_done_callback(_tell_why_it_ended)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


def _text_encoder(settings: Settings) -> Callable[..., TextEncoder]:
    return partial(sentence.load_text_encoder, settings.models, settings.cache_dir)


def _image_encoder(settings: Settings) -> Callable[..., ImageEncoder]:
    return partial(load_image_encoder, settings.models, settings.cache_dir)


async def _reranked(settings: Settings, fused: Retriever, catalogue: Catalogue) -> Retriever:
    """Bundled: by learned weights; standard: then by a cross-encoder too."""
    if not settings.rerank:
        return Asked(fused)
    ranking = shipped()
    rank: Rank = closest(Learned(ranking.weights), ExtractiveReader().best_fits)
    if settings.models == "standard":
        encoder = await asyncio.to_thread(cross_encoder.load_cross_encoder)
        rank = in_turn(rank, CrossEncoded(encoder.scores), cross_encoder.MOST)
    return Asked(Reranked(fused, catalogue, rank, spread=ranking.spread, placed=names_pages))


def _generator(settings: Settings, text_encoder: TextEncoder) -> Generator:
    llm = settings.llm
    if llm.url is None:
        return ExtractiveReader(text_encoder)
    key = llm.api_key.get_secret_value() if llm.api_key else None
    return OpenAIChat(llm.url, llm.model, key, timeout_s=llm.timeout_s, context=llm.context)


def _fetch(settings: Settings, blobs: Blobs) -> Callable[[str], Awaitable[Fetched]]:
    async def refuse(address: str) -> Fetched:
        raise Forbidden("This service fetches no web pages (EXHIBIT_FETCH).")

    return Web(blobs.temporary, settings.max_upload_bytes).fetch if settings.fetch else refuse


def _judge(settings: Settings) -> Judge | None:
    if settings.judge == "nli":
        return NliJudge(settings.nli_model)
    if settings.judge == "llm" and settings.llm.url is not None:
        key = settings.llm.api_key.get_secret_value() if settings.llm.api_key else None
        return ModelJudge(settings.llm.url, settings.llm.model, key)
    return None


def _describer(settings: Settings, blobs: Blobs, parser: SandboxedParser) -> Describer | None:
    llm = settings.llm
    if llm.url is None or llm.describes is False or (llm.describes is None and llm.images == 0):
        return None
    key = llm.api_key.get_secret_value() if llm.api_key else None
    generator = OpenAIChat(
        llm.url, llm.model, key, timeout_s=llm.timeout_s, max_tokens=MAX_DESCRIPTION_TOKENS, context=llm.context
    )
    return Describer(generator, blobs, parser.render, insists=llm.describes is True)


def _readiness(catalogue: Catalogue) -> Callable[[], Awaitable[None]]:
    async def ready() -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(catalogue.collection, "default"), timeout=5)
        except TimeoutError as error:
            raise Unavailable("The catalogue does not answer.") from error

    return ready
