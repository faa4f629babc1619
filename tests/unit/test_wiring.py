"""Another store or reranker is one row in a table of `app/compose/`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.compose.answering import language_model
from app.compose.choice import Option
from app.compose.retrieval import RERANKERS, LoadReranker, Reranker, reranked
from app.compose.stores import VECTOR_STORES, WORDS_INDEXES, VectorStore, WordsStore, open_stores
from app.settings import LanguageModel, Settings
from domain.types import Found, Hit, Query
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


async def test_a_second_vector_store_and_words_index_are_a_row_each(tmp_path: Path) -> None:
    vectors, words = MemoryVectors(), MemoryWords()
    async with AsyncExitStack() as stack:
        opened = await open_stores(
            stack,
            settings(tmp_path),
            [Option(lambda settings: True, lambda settings, died: VectorStore(vectors)), *VECTOR_STORES],
            [Option(lambda settings: True, lambda settings: WordsStore(words)), *WORDS_INDEXES],
        )
    assert opened.stores.vectors is vectors
    assert opened.stores.words is words


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
    found = await retriever.retrieve(Query("Which is the shortest?", collections=here), len(hits))
    assert model.asked == ["Which is the shortest?"]
    assert found.hits[0].chunk_id == min(chunks, key=lambda chunk: len(chunk.search_text)).id


def test_the_language_model_is_set_up_from_the_settings() -> None:
    model = language_model(LanguageModel(url="http://localhost:1", model="m", api_key=SecretStr("k")))
    assert model is not None
    assert model.model == "m"
    assert language_model(LanguageModel()) is None
