"""`python -m lab.bench.search_speed [--chunks 10000 100000]`: what a search costs as a collection grows.

The data folder is filled as the service would fill it, with made-up vectors and real words (encoding so many texts
would take hours and change nothing here); then Exhibit's own search is asked in process, one client after the other
and 16 at once, with distinct questions; filtered; and over HTTP. Beside it LangChain's Chroma over the same vectors,
in the same process, with the same encoder, and with the same weights in sentence-transformers by default.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from answering.ask import Ask
from answering.parts import Scope
from app.adapters.blobs import LocalBlobs
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.encoders.image import load_image_encoder
from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.text import in_torch, load_text_encoder
from app.adapters.lexical.tantivy import TantivyWords
from app.adapters.vectors.chroma import ChromaVectors
from app.adapters.vectors.kept import KeptInBlobs
from app.compose import running
from app.settings import Settings
from domain.documents import Box, Chunk, Document, Region
from domain.ports import IndexName, TextEncoder, VectorRow, Vectors, WordsRow
from evaluation.machine import in_words, machine
from evaluation.metrics import percentile
from evaluation.service import running_service
from evaluation.tables import table
from lab.bench.environment import CONSTRAINTS, ROOT
from lab.bench.memory import pss_mb, tree

TOP_K = 8
CLIENTS = 16
ONE_CLIENT, EACH_OF_MANY = 200, 12  # questions
CHUNKS_A_DOCUMENT = 50
WORDS_A_CHUNK = 120
WORDS_A_TITLE = 5
PICTURED = 10  # one chunk in so many has a picture
FILL_AT_ONCE = 2_000  # chunks
MILLION = 1_000_000
TARGETS_MS = {10_000: 60.0, 100_000: 120.0}


@dataclass(frozen=True, slots=True)
class Times:
    p50_ms: float
    p95_ms: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size."""

    chunks: int
    fill_s: float
    one: Times
    many: Times
    filtered: Times
    http_one: Times
    http_many: Times
    memory_mb: float  # of the service, once it has searched
    disk_mb: float
    langchain_one: Times | None = None
    langchain_many: Times | None = None
    langchain_torch_one: Times | None = None
    langchain_torch_many: Times | None = None


# ---------------------------------------------------------------- what is searched


class Corpus:
    """Texts of real words, as often as words are (Zipf), and questions of a few of them."""

    def __init__(self, seed: int = 11) -> None:
        self.random = np.random.default_rng(seed)
        self.words = np.array(vocabulary())
        weights = 1.0 / np.arange(2, len(self.words) + 2)
        self.weights = weights / weights.sum()

    def text(self, words: int = WORDS_A_CHUNK) -> str:
        return " ".join(self.random.choice(self.words, words, p=self.weights))

    def questions(self, n: int) -> list[str]:
        """Distinct, and of the length that people ask in."""
        return [f"What does {self.text(int(self.random.integers(3, 9)))} mean for {i}?" for i in range(n)]

    def vectors(self, n: int, dimensions: int) -> Vectors:
        """Around a few hundred centres, as embeddings of documents are."""
        centres = np.random.default_rng(3).normal(size=(400, dimensions))
        made = centres[self.random.integers(0, 400, n)] + 0.7 * self.random.normal(size=(n, dimensions))
        unit: Vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        return unit


def vocabulary() -> list[str]:
    """The words of the project's own texts, the commonest first."""
    counted: dict[str, int] = {}
    for path in [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted(ROOT.rglob("app/**/*.py")),
    ]:
        for word in path.read_text(encoding="utf-8").replace("_", " ").split():
            bare = word.strip("`*.,;:()[]{}\"'=|#").lower()
            if bare.isalpha() and 2 < len(bare) < 20:
                counted[bare] = counted.get(bare, 0) + 1
    return sorted(counted, key=lambda word: (-counted[word], word))


# ---------------------------------------------------------------- filling


class Filling:
    """Writes what the pipeline writes, by the same adapters."""

    def __init__(self, data: Path, text: tuple[str, int], image: tuple[str, int]) -> None:
        self.text, self.image = text, image
        self.catalogue = SqlCatalogue(f"sqlite:///{data.absolute() / 'catalogue.db'}")
        self.vectors, self.words = ChromaVectors(data / "chroma"), TantivyWords(data / "words")
        self.kept = KeptInBlobs(LocalBlobs(data / "blobs"))
        collection = self.catalogue.collections.find("default")
        self.collection = self.catalogue.collections.stamp(collection.id, {"text": text[0], "image": image[0]})

    def fill(self, corpus: Corpus, chunks: int) -> None:
        for start in range(0, chunks, FILL_AT_ONCE):
            self._batch(corpus, start, min(start + FILL_AT_ONCE, chunks))

    def close(self) -> None:
        self.vectors.close()
        self.words.close()
        self.catalogue.close()

    def _batch(self, corpus: Corpus, start: int, end: int) -> None:
        rows: list[WordsRow] = []
        text: list[VectorRow] = []
        image: list[VectorRow] = []
        for n in range(start, end, CHUNKS_A_DOCUMENT):
            made = self._document(corpus, n, min(n + CHUNKS_A_DOCUMENT, end))
            rows += [WordsRow(one.id, one.document_id, one.kind, one.search_text) for one in made]
            text += self._vectors(corpus, made, "text", *self.text)
            image += self._vectors(corpus, [one for one in made if one.kind == "figure"], "image", *self.image)
        self.words.add(self.collection.id, rows)
        self.vectors.add(IndexName(self.collection.id, "text", self.text[0]), text)
        self.vectors.add(IndexName(self.collection.id, "image", self.image[0]), image)

    def _document(self, corpus: Corpus, start: int, end: int) -> list[Chunk]:
        id = f"{start // CHUNKS_A_DOCUMENT:032x}"
        now = datetime.now(UTC)
        document = Document(
            id, self.collection.id, self.collection.name, f"{id}.pdf", "application/pdf", 1, id, "queued", now,
            metadata={"year": 2000 + start % 25, "group": start // CHUNKS_A_DOCUMENT % 100},
        )  # fmt: skip
        self.catalogue.documents.record(document)
        self.catalogue.runs.update(id, 1, status="running", pages=end - start)
        title = corpus.text(WORDS_A_TITLE)
        made = [_chunk(id, n, title, corpus.text()) for n in range(end - start)]
        self.catalogue.chunks.replace(id, 1, made)
        self.catalogue.runs.publish(id, 1, "ready")
        return made

    def _vectors(
        self, corpus: Corpus, chunks: Sequence[Chunk], space: Any, encoder: str, dimensions: int
    ) -> Iterator[VectorRow]:
        vectors = corpus.vectors(len(chunks), dimensions)
        if chunks:
            self.kept.keep(chunks[0].document_id, space, encoder, 0, [one.id for one in chunks], vectors)
        yield from (VectorRow(one.id, one.document_id, one.kind, v) for one, v in zip(chunks, vectors, strict=True))


def _chunk(document_id: str, n: int, title: str, text: str) -> Chunk:
    """As the pipeline makes them: what is searched begins with the document's title."""
    pictured = n % PICTURED == 0
    return Chunk(
        id=f"{document_id}.{n:016x}",
        document_id=document_id,
        ordinal=n,
        kind="figure" if pictured else "text",
        text=text,
        search_text=f"{title}\n{text}",
        page=n + 1,
        regions=(Region(n + 1, Box(0.1, 0.1, 0.9, 0.2)),),
    )


# ---------------------------------------------------------------- asking

Asking = Callable[[str], Awaitable[object]]


async def one_client(ask: Asking, questions: Sequence[str]) -> Times:
    began = time.perf_counter()
    return _times([await _timed(ask, question) for question in questions], time.perf_counter() - began)


async def many_clients(ask: Asking, questions: Sequence[str], clients: int = CLIENTS) -> Times:
    """Each waits for its answer, then asks its next question."""

    async def client(own: Sequence[str]) -> list[float]:
        return [await _timed(ask, question) for question in own]

    began = time.perf_counter()
    found = await asyncio.gather(*(client(questions[n::clients]) for n in range(clients)))
    return _times([ms for times in found for ms in times], time.perf_counter() - began)


async def _timed(ask: Asking, question: str) -> float:
    began = time.perf_counter()
    await ask(question)
    return (time.perf_counter() - began) * 1000


def _times(ms: Sequence[float], seconds: float) -> Times:
    return Times(round(percentile(ms, 50), 1), round(percentile(ms, 95), 1), round(len(ms) / seconds, 1))


@dataclass(frozen=True, slots=True)
class InProcess:
    ask: Ask

    async def __call__(self, question: str) -> object:
        return await self.ask.search(Scope(top_k=TOP_K), question)

    async def filtered(self, question: str) -> object:
        """One document in a hundred, by its metadata."""
        where = {"metadata.group": {"eq": len(question) % 100}}
        return await self.ask.search(Scope(where=where, top_k=TOP_K), question)


@dataclass(frozen=True, slots=True)
class OverHttp:
    http: httpx.AsyncClient

    async def __call__(self, question: str) -> object:
        return (await self.http.post("/v1/search", json={"query": question, "top_k": TOP_K})).raise_for_status()


class InThreads:
    """A synchronous search, asked from as many threads as there are clients."""

    def __init__(self, search: Callable[[str], object]) -> None:
        self._search = search
        self._threads = ThreadPoolExecutor(CLIENTS)

    async def __call__(self, question: str) -> object:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._search, question)


# ---------------------------------------------------------------- LangChain's Chroma


def langchain_search(
    folder: Path, encoder: TextEncoder, vectors: Vectors, texts: Sequence[str]
) -> Callable[[str], object]:
    """`similarity_search` over the same vectors; its package lies beside ours, which needs none of it."""
    beside = ROOT / ".cache" / "langchain-chroma"
    if not beside.is_dir():
        version = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("langchain-chroma=="))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(beside), version]
        subprocess.run(command, check=True)
    if str(beside) not in sys.path:
        sys.path.append(str(beside))
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

    class Same(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = encoder.encode(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = encoder.encode_query(text).tolist()
            return vector

    client = chromadb.PersistentClient(folder, settings=ChromaSettings(anonymized_telemetry=False))
    store = Chroma(collection_name="bench", embedding_function=Same(), client=client)
    for start in range(0, len(texts), 1_000):
        part = slice(start, start + 1_000)
        store._collection.add(
            ids=[str(n) for n in range(start, min(start + 1_000, len(texts)))],
            embeddings=vectors[part],
            documents=list(texts[part]),
            metadatas=[{"source": "a.pdf", "page": 1}] * len(texts[part]),
        )
    return lambda question: store.similarity_search(question, k=TOP_K)


# ---------------------------------------------------------------- one size


def measure(chunks: int, scratch: Path, langchain: bool) -> Size:
    data = scratch / f"data-{chunks}"
    data.mkdir(parents=True)
    settings = Settings(_env_file=None, data_dir=data, traces=2_000)  # type: ignore[call-arg]
    encoder = load_text_encoder("bundled", settings.cache_dir, questions=True)
    clip = load_image_encoder("bundled", settings.cache_dir)
    began = time.monotonic()
    filling = Filling(data, (encoder.name, encoder.dimensions), (clip.name, clip.dimensions))
    filling.fill(Corpus(), chunks)
    filling.close()
    fill_s = time.monotonic() - began
    print(f"  {chunks:,} chunks are there after {fill_s:.0f} s", flush=True)
    corpus = Corpus(seed=chunks)
    inside = asyncio.run(_inside(settings, corpus))
    outside, memory_mb = _outside(data, corpus)
    peers = (encoder, in_torch(bundled_minilm())) if langchain else ()
    folder = scratch / f"langchain-{chunks}"
    beside = [times for peer in peers for times in _beside(folder, peer, chunks, corpus)]
    disk_mb = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / 2**20
    size = Size(chunks, round(fill_s, 1), *inside, *outside, round(memory_mb), round(disk_mb), *beside)
    shutil.rmtree(data, ignore_errors=True)
    return size


async def _inside(settings: Settings, corpus: Corpus) -> tuple[Times, Times, Times]:
    async with running(settings) as services:
        ask = InProcess(services.ask)
        await one_client(ask, corpus.questions(30))  # so that nothing measured is a cold start
        await one_client(ask.filtered, corpus.questions(5))
        one = await one_client(ask, corpus.questions(ONE_CLIENT))
        many = await many_clients(ask, corpus.questions(CLIENTS * EACH_OF_MANY))
        return one, many, await one_client(ask.filtered, corpus.questions(60))


def _outside(data: Path, corpus: Corpus) -> tuple[tuple[Times, Times], float]:
    with running_service(data) as service:

        async def asked() -> tuple[Times, Times]:
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                ask = OverHttp(http)
                await one_client(ask, corpus.questions(20))
                one = await one_client(ask, corpus.questions(ONE_CLIENT))
                return one, await many_clients(ask, corpus.questions(CLIENTS * EACH_OF_MANY))

        return asyncio.run(asked()), pss_mb(tree(service.pid))


def _beside(folder: Path, encoder: TextEncoder, chunks: int, corpus: Corpus) -> tuple[Times, Times]:
    made = Corpus()
    texts = [] if folder.exists() else [made.text() for _ in range(chunks)]
    ask = InThreads(langchain_search(folder, encoder, made.vectors(len(texts), encoder.dimensions), texts))

    async def asked() -> tuple[Times, Times]:
        await one_client(ask, corpus.questions(30))
        one = await one_client(ask, corpus.questions(ONE_CLIENT))
        return one, await many_clients(ask, corpus.questions(CLIENTS * EACH_OF_MANY))

    return asyncio.run(asked())


# ---------------------------------------------------------------- reporting


def speed_table(sizes: Sequence[Size]) -> str:
    def row(name: str, times: Callable[[Size], Times | None]) -> tuple[str, ...]:
        return name, *(_told(times(size)) for size in sizes)

    return table(
        [
            ("a search, p50 / p95 ms, searches/s", *(f"{size.chunks:,} chunks" for size in sizes)),
            row("one client, in process", lambda size: size.one),
            row("one client, a hundredth of the documents by filter", lambda size: size.filtered),
            row(f"{CLIENTS} clients, in process", lambda size: size.many),
            row("one client, over HTTP", lambda size: size.http_one),
            row(f"{CLIENTS} clients, over HTTP", lambda size: size.http_many),
            row("LangChain's Chroma, one client", lambda size: size.langchain_one),
            row(f"LangChain's Chroma, {CLIENTS} clients", lambda size: size.langchain_many),
            row("… with sentence-transformers, one client", lambda size: size.langchain_torch_one),
            row(f"… with sentence-transformers, {CLIENTS} clients", lambda size: size.langchain_torch_many),
            ("memory of the service, MB", *(f"{size.memory_mb:,.0f}" for size in sizes)),
            ("disk, MB", *(f"{size.disk_mb:,.0f}" for size in sizes)),
        ]
    )


def _told(times: Times | None) -> str:
    return "-" if times is None else f"{times.p50_ms:.1f} / {times.p95_ms:.1f}, {times.per_s:.0f}/s"


def verdicts(sizes: Sequence[Size]) -> list[str]:
    lines = []
    for size in sizes:
        lines.append(
            f"{size.chunks:,} chunks: p95 {size.one.p95_ms} ms"
            + (f" (aim {TARGETS_MS[size.chunks]:.0f})" if size.chunks in TARGETS_MS else "")
            + f"; {CLIENTS} clients' p95 is {size.many.p95_ms / size.one.p95_ms:.1f}x one client's (aim 8)"
        )
        if size.langchain_many is not None:
            ratio = size.many.per_s / size.langchain_many.per_s
            lines[-1] += f"; {ratio:.2f}x the searches/s of LangChain's Chroma (aim 1.5)"
        if size.langchain_torch_many is not None:
            lines[-1] += f", {size.many.per_s / size.langchain_torch_many.per_s:.2f}x with sentence-transformers"
    return lines + ([to_a_million(sizes)] if len(sizes) > 1 else [])


def to_a_million(sizes: Sequence[Size]) -> str:
    """By the slope between the smallest and the largest size that was measured."""
    first, last = min(sizes, key=lambda size: size.chunks), max(sizes, key=lambda size: size.chunks)

    def reach(of: Callable[[Size], float]) -> float:
        slope = (of(last) - of(first)) / (last.chunks - first.chunks)
        return of(last) + slope * (MILLION - last.chunks)

    return (
        f"a million chunks, computed from the slope between {first.chunks:,} and {last.chunks:,}: p50 "
        f"{reach(lambda size: size.one.p50_ms):.0f} ms, p95 {reach(lambda size: size.one.p95_ms):.0f} ms, "
        f"{reach(lambda size: size.memory_mb) / 1024:.1f} GB of memory, "
        f"{reach(lambda size: size.disk_mb) / 1024:.1f} GB on disk"
    )


def search_speed(sizes: Sequence[int], scratch: Path, langchain: bool = True) -> dict[str, Any]:
    """Measures, prints and returns the numbers."""
    measured = [measure(chunks, scratch, langchain) for chunks in sizes]
    print(f"\n{speed_table(measured)}\n")
    print("\n".join(verdicts(measured)), flush=True)
    return {"sizes": [asdict(size) for size in measured], "verdicts": verdicts(measured)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.search_speed", description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=sorted(TARGETS_MS))
    parser.add_argument("--no-langchain", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("reports/search_speed.json"))
    options = parser.parse_args()
    about = machine()
    print(in_words(about))
    scratch = Path(tempfile.mkdtemp(prefix="exhibit-speed-"))
    try:
        report = {"machine": about} | search_speed(options.chunks, scratch, not options.no_langchain)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(f"written to {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
