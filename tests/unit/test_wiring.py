"""Another store or reranker is one row in a table of `app/compose/`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from answering.question.read import read
from app.adapters.encoders.batching import BatchedQueries
from app.adapters.memory.encoders import MemoryImageEncoder, MemoryTextEncoder
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.compose.answering import language_model
from app.compose.choice import Option, always
from app.compose.encoders import Encoders
from app.compose.retrieval import RERANKERS, LoadReranker, Reranker, reranked, retrieval
from app.compose.stores import WORDS_INDEXES, VectorStore, WordsStore, open_stores
from app.settings import LanguageModel, Settings
from domain.documents import Chunk, Collection, Document
from domain.ports import IndexName, VectorRow, words_row
from domain.searches import Found, Hit, Query
from ingest.stores import Stores
from system.outages import Outages
from tests.contract.toy_vectors import open_toy_vectors
from tests.contract.toy_words import open_toy_words
from tests.unit.test_pipeline import House, take_in


def settings(folder: Path, **given: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[call-arg,arg-type]


@dataclass
class ShortestFirst:
    """A reranking server, as far as the wiring sees one."""

    asked: list[str] = field(default_factory=list)

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append(question)
        return [1 / len(text) for text in texts]


@dataclass(frozen=True)
class AsGiven:
    hits: tuple[Hit, ...]

    async def retrieve(self, query: Query, k: int) -> Found:
        return Found(self.hits[:k])


async def test_a_second_vector_store_and_words_index_are_a_row_each_and_are_searched(tmp_path: Path) -> None:
    """Their contract suites run against the same rows: `tests/contract/stores.py`."""
    async with AsyncExitStack() as stack:
        opened = await open_stores(
            stack, settings(tmp_path), [Option(always, open_toy_vectors)], [Option(always, open_toy_words)]
        )
        text, image = MemoryTextEncoder(), MemoryImageEncoder()
        questions, of_pictures = BatchedQueries(text.encode), BatchedQueries(image.encode_texts)
        stack.callback(questions.close)
        stack.callback(of_pictures.close)
        here = put_in(opened.stores, text, "The goat Biscuit carries letters.", "The lantern burns oil.")
        encoders = Encoders(text, image, questions, of_pictures)
        joined = await retrieval(settings(tmp_path), opened.stores, encoders, as_it_is, Outages())
        found = await joined.search(Query(read("What carries letters?"), collections=(here,)), 1)
    assert [one.id for one in found.evidence] == ["d.0"]
    assert {"words", "text"} <= found.evidence[0].ranks.keys()
    assert {path.name for path in tmp_path.iterdir()} >= {"toy-vectors", "toy-words"}


def put_in(stores: Stores, encoder: MemoryTextEncoder, *texts: str) -> Collection:
    here = stores.catalogue.collections.find("default")
    chunks = [Chunk(f"d.{n}", "d", n, "text", text, text) for n, text in enumerate(texts)]
    new = Document("d", here.id, here.name, "d.txt", "text/plain", 1, "d", "queued", datetime.now(UTC))
    stores.catalogue.documents.record(new)
    stores.catalogue.chunks.replace("d", 1, chunks)
    stores.catalogue.runs.publish("d", 1, "ready")
    stores.words.add(here.id, [words_row(chunk) for chunk in chunks])
    vectors = zip(chunks, encoder.encode(texts), strict=True)
    stores.vectors.add(
        IndexName(here.id, "text", encoder.name),
        [VectorRow(chunk.id, "d", "text", vector) for chunk, vector in vectors],
    )
    return stores.catalogue.collections.stamp(here.id, {"text": encoder.name})


async def as_it_is(image: bytes) -> bytes:
    return image


async def test_a_row_that_does_not_apply_opens_nothing(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        rows = [Option(lambda settings: False, lambda settings: WordsStore(MemoryWords())), *WORDS_INDEXES]
        vectors = [Option(lambda settings: True, lambda settings, died: VectorStore(MemoryVectors()))]
        opened = await open_stores(stack, settings(tmp_path), vectors, rows)
    assert not isinstance(opened.stores.words, MemoryWords)


async def test_another_reranker_is_a_row(tmp_path: Path) -> None:
    house, model = House(), ShortestFirst()
    document = house.upload()
    await take_in(house, document)
    chunks = house.catalogue.chunks.of_document(document.id)
    hits = tuple(Hit(chunk.id, 0.5, {"words": at}, {"words": 0.5}) for at, chunk in enumerate(chunks, start=1))
    toy: Option[LoadReranker] = Option(lambda settings: True, lambda settings: Reranker(model.scores, len(hits)))
    retriever = await reranked(settings(tmp_path), AsGiven(hits), house.catalogue.chunks, [toy, *RERANKERS])
    here = (house.catalogue.collections.find("default"),)
    found = await retriever.retrieve(Query(read("Which is the shortest?"), collections=here), len(hits))
    assert model.asked == ["Which is the shortest?"]
    assert found.hits[0].chunk_id == min(chunks, key=lambda chunk: len(chunk.search_text)).id


def test_the_language_model_is_set_up_from_the_settings() -> None:
    model = language_model(LanguageModel(url="http://localhost:1", model="m", api_key=SecretStr("k")))
    assert model is not None
    assert model.model == "m"
    assert language_model(LanguageModel()) is None
