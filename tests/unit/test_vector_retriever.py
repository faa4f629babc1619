"""Finding by vectors: who votes, and that few documents, many and several collections give the true nearest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from answering.question.read import read
from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.vectors.kept import KeptInBlobs
from domain.documents import Collection
from domain.errors import Missing, ModelMismatch
from domain.ports import IndexName, Vector, VectorRow, Vectors, WordsRow
from domain.searches import Found, Query
from retrievers.vector import FEW_DOCUMENTS, Look, Seen, VectorRetriever, seeing_images, seeing_text
from retrievers.words import WordsRetriever

WIDTH = 8
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def collection(id: str, **encoders: str) -> Collection:
    return Collection(id, f"name of {id}", NOW, encoders=encoders)


def unit(n: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, WIDTH)).astype(np.float16).astype(np.float32)
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def one(seed: int = 0) -> Vector:
    vector: Vector = unit(1, seed)[0]
    return vector


class Shelf:
    """Documents of five chunks each, in an index and among the kept vectors."""

    def __init__(self, documents: int, collections: int = 1, blobs: MemoryBlobs | None = None) -> None:
        self.blobs, self.index = blobs or MemoryBlobs(), MemoryVectors()
        self.kept = KeptInBlobs(self.blobs)
        self.vectors: dict[str, Vector] = {}
        for n in range(documents):
            ids = [f"d{n}.{i}" for i in range(5)]
            made = unit(5, seed=n)
            name = IndexName(f"c{n % collections}", "text", "m")
            self.index.add(name, [VectorRow(one, f"d{n}", "text", v) for one, v in zip(ids, made, strict=True)])
            self.kept.keep(f"d{n}", "text", "m", 0, ids, made)
            self.vectors.update(zip(ids, made, strict=True))

    def nearest(self, vector: Vector, documents: set[str] | None = None) -> list[str]:
        near = sorted(self.vectors, key=lambda one: -float(self.vectors[one] @ vector))
        return [one for one in near if documents is None or one.split(".")[0] in documents]

    def retriever(self, look: Look | None = None) -> VectorRetriever:
        return VectorRetriever("text", "m", look or looking(unit(1, seed=999)[0]), self.index, self.kept)


def looking(vector: Vector, threshold: float = -1.0) -> Look:
    async def look(query: Query) -> Seen | str:
        return Seen(vector, threshold)

    return look


def ids(found: Found) -> list[str]:
    return [hit.chunk_id for hit in found.hits]


ASKED = unit(1, seed=999)[0]


async def test_the_nearest_of_several_collections_are_merged_by_similarity() -> None:
    shelf = Shelf(9, collections=3)
    found = await shelf.retriever().retrieve(
        Query(read("q"), collections=tuple(collection(f"c{n}") for n in range(3))), 12
    )
    assert ids(found) == shelf.nearest(ASKED)[:12]
    assert [hit.ranks for hit in found.hits[:2]] == [{"text": 1}, {"text": 2}]


async def test_what_was_cut_off_in_merging_is_not_called_all_there_is() -> None:
    shelf = Shelf(4, collections=2)  # ten chunks in each
    query = Query(read("q"), collections=(collection("c0"), collection("c1")))
    assert not (await shelf.retriever().retrieve(query, 11)).exhausted
    assert (await shelf.retriever().retrieve(query, 21)).exhausted


@pytest.mark.parametrize("few", [1, 3, FEW_DOCUMENTS, FEW_DOCUMENTS + 1, 150])
async def test_narrowed_to_documents_the_nearest_are_true_and_not_doubled(few: int) -> None:
    shelf = Shelf(160, collections=2)
    documents = {f"d{n}" for n in range(few)}
    query = Query(read("q"), collections=(collection("c0"), collection("c1")), documents=frozenset(documents))
    found = await shelf.retriever().retrieve(query, 7)
    assert ids(found) == shelf.nearest(ASKED, documents)[:7]


async def test_documents_that_are_all_far_away_are_found_still() -> None:
    shelf = Shelf(0)
    far = -ASKED
    near = unit(1, seed=999)[0]
    rows = [VectorRow(f"n{i}.a", f"n{i}", "text", near) for i in range(6000)]
    rows += [VectorRow(f"f{i}.a", f"f{i}", "text", far) for i in range(70)]
    shelf.index.add(IndexName("c0", "text", "m"), rows)
    for i in range(70):
        shelf.kept.keep(f"f{i}", "text", "m", 0, [f"f{i}.a"], far[np.newaxis])
    query = Query(read("q"), collections=(collection("c0"),), documents=frozenset(f"f{i}" for i in range(70)))
    assert len((await shelf.retriever().retrieve(query, 7)).hits) == 7


async def test_no_document_is_nothing_found() -> None:
    query = Query(read("q"), collections=(collection("c0"),), documents=frozenset())
    found = await Shelf(3).retriever().retrieve(query, 5)
    assert (found.hits, found.exhausted) == ((), True)


async def test_a_damaged_kept_blob_does_not_stop_a_narrowed_search() -> None:
    shelf = Shelf(5)
    [key] = shelf.blobs.keys("documents/d1")
    shelf.blobs.delete(key)
    shelf.blobs.put(key, b"PK\x03\x04 half of it")
    query = Query(read("q"), collections=(collection("c0"),), documents=frozenset({"d1", "d2"}))
    assert ids(await shelf.retriever().retrieve(query, 4)) == shelf.nearest(ASKED, {"d1", "d2"})[:4]


class Erasing(MemoryBlobs):
    """Each blob of d1 is gone by the time that it is read."""

    def read(self, key: str) -> bytes:
        if key.startswith("documents/d1/"):
            raise Missing(f"there is no blob {key}")
        return super().read(key)


async def test_a_document_erased_while_it_is_read_does_not_stop_a_narrowed_search() -> None:
    shelf = Shelf(5, blobs=Erasing())
    query = Query(read("q"), collections=(collection("c0"),), documents=frozenset({"d1", "d2"}))
    assert ids(await shelf.retriever().retrieve(query, 9)) == shelf.nearest(ASKED, {"d2"})


async def test_vectors_of_another_model_are_an_error_that_says_so() -> None:
    query = Query(read("q"), collections=(collection("c0", text="other-model"),))
    with pytest.raises(ModelMismatch, match="other-model"):
        await Shelf(1).retriever().retrieve(query, 5)


async def test_a_space_where_nothing_comes_close_does_not_vote() -> None:
    found = (
        await Shelf(3).retriever(looking(ASKED, 0.999)).retrieve(Query(read("q"), collections=(collection("c0"),)), 5)
    )
    assert (found.hits, found.votes[0].voted, found.exhausted) == ((), False, True)
    assert "close enough" in found.votes[0].why


class TextModel:
    name, dimensions, max_tokens = "m", WIDTH, 256

    def encode(self, texts: object) -> Vectors:
        return unit(1)

    def encode_query(self, text: str) -> Vector:
        return one()

    def count_tokens(self, texts: object) -> list[int]:
        return [1]

    def token_counter(self) -> Callable[[Sequence[str]], list[int]]:
        return self.count_tokens

    def sees(self, text: str) -> bool:
        return text.isascii()


class ImageModel:
    name, dimensions, threshold = "clip", WIDTH, 0.25

    def encode_images(self, images: object) -> Vectors:
        assert images == [b"plain png"], "nothing that came from outside is decoded here"
        return unit(1, seed=1)

    def encode_texts(self, texts: object) -> Vectors:
        raise NotImplementedError


async def encode(text: str) -> Vector:
    return one()


async def plain(image: bytes) -> bytes:
    return b"plain " + image


@pytest.mark.parametrize(("text", "seen"), [("what is it?", True), ("这是什么？", False), ("  ", False)])
async def test_the_text_space_votes_where_its_model_can_read(text: str, seen: bool) -> None:
    looked = await seeing_text(TextModel(), encode)(Query(read(text)))
    assert isinstance(looked, Seen) is seen


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("Which figure shows the pump?", -1.0),
        ("the bar chart of revenue", -1.0),
        ("销售额的图表", -1.0),
        ("那张照片里有什么", -1.0),
        ("how much revenue in 2019", 0.25),
        ("figured out the graphite cost", 0.25),
        ("图书馆的收入是多少", 0.25),
    ],
)
async def test_words_reach_the_image_space_freely_only_if_they_name_a_picture(text: str, threshold: float) -> None:
    looked = await seeing_images(ImageModel(), encode, plain)(Query(read(text)))
    assert isinstance(looked, Seen)
    assert looked.threshold == threshold


async def test_an_image_is_searched_for_itself() -> None:
    looked = await seeing_images(ImageModel(), encode, plain)(Query(read("how much revenue?"), image=b"png"))
    assert isinstance(looked, Seen)
    assert (looked.threshold, looked.vector.tolist()) == (-1.0, unit(1, seed=1)[0].tolist())
    assert isinstance(await seeing_images(ImageModel(), encode, plain)(Query(read(" "))), str)


async def test_words_of_several_collections_are_merged_and_what_was_cut_off_is_not_all() -> None:
    words = MemoryWords()
    for n in range(2):
        words.add(f"c{n}", [WordsRow(f"d{n}.{i}", f"d{n}", "text", "turbine") for i in range(3)])
    query = Query(read("turbine"), collections=(collection("c0"), collection("c1")))
    cut, whole = await WordsRetriever(words).retrieve(query, 4), await WordsRetriever(words).retrieve(query, 7)
    assert (len(cut.hits), cut.exhausted) == (4, False)
    assert (len(whole.hits), whole.exhausted) == (6, True)
    assert not (await WordsRetriever(words).retrieve(Query(image=b"png"), 5)).votes[0].voted
