"""Collections of several models in one search: each is asked by its own, and what can't be asked is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from answering.question.read import read
from domain.documents import Collection, Reindexing
from domain.errors import ModelMismatch, ModelUnavailable
from domain.evidence import Space
from domain.ports import Retriever
from domain.searches import Found, Hit, Query, Vote
from retrievers.stamped import Stamped

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Way:
    """Finds two chunks in each collection; its similarities are on a scale of its own."""

    def __init__(self, space: Space, scale: float) -> None:
        self.space, self.scale = space, scale
        self.asked: list[tuple[str, ...]] = []

    async def retrieve(self, query: Query, k: int) -> Found:
        self.asked.append(tuple(collection.id for collection in query.collections))
        scored = [(f"{one.id}.{n}", self.scale / (n + 1)) for one in query.collections for n in range(2)]
        hits = tuple(
            Hit(id, score, {self.space: rank}, {self.space: score})
            for rank, (id, score) in enumerate(sorted(scored, key=lambda one: -one[1]), start=1)
        )
        return Found(hits[:k], (Vote(self.space, True, found=len(hits), took_ms=1.0),), len(hits) <= k)


class Loading:
    def __init__(self, way: Way | None) -> None:
        self.way, self.loaded = way, list[str]()

    def __call__(self, encoder: str) -> Retriever | None:
        self.loaded.append(encoder)
        if encoder == "gone":
            raise ModelUnavailable("it can't be fetched")
        return self.way if encoder == "former" else None


def collection(id: str, encoder: str = "", reindex: Reindexing | None = None) -> Collection:
    encoders = {"text": encoder, "image": encoder} if encoder else {}
    return Collection(id, f"name-{id}", NOW, encoders=encoders, reindex=reindex)


def asked(*collections: Collection, image: bytes | None = None) -> Query:
    return Query(read("boat"), image, collections)


async def test_what_is_of_the_services_encoder_or_of_none_is_left_to_it() -> None:
    own, load = Way("text", 0.9), Loading(None)
    found = await Stamped("text", "own", own, load).retrieve(asked(collection("a", "own"), collection("b")), 9)
    assert (own.asked, load.loaded) == ([("a", "b")], [])
    assert [hit.score for hit in found.hits] == [0.9, 0.9, 0.45, 0.45]


async def test_a_former_encoder_that_is_at_hand_is_loaded_once_and_searches_alone() -> None:
    own, former = Way("text", 0.9), Way("text", 0.1)
    load = Loading(former)
    stamped = Stamped("text", "own", own, load)
    for _ in range(2):
        found = await stamped.retrieve(asked(collection("a", "former")), 9)
        assert [hit.chunk_id for hit in found.hits] == ["a.0", "a.1"]
    assert (own.asked, former.asked, load.loaded) == ([], [("a",), ("a",)], ["former"])


async def test_hits_of_two_models_stand_side_by_side_whatever_their_scales() -> None:
    stamped = Stamped("text", "own", Way("text", 0.9), Loading(Way("text", 0.1)))
    found = await stamped.retrieve(asked(collection("a", "own"), collection("b", "former")), 3)
    assert [hit.chunk_id for hit in found.hits] == ["a.0", "b.0", "a.1"]
    assert [hit.ranks["text"] for hit in found.hits] == [1, 2, 3]
    assert [hit.scores["text"] for hit in found.hits] == [0.9, 0.1, 0.45]
    assert (found.exhausted, found.votes[0].voted, found.votes[0].found) == (False, True, 3)
    assert (await stamped.retrieve(asked(collection("a", "own"), collection("b", "former")), 4)).exhausted


@pytest.mark.parametrize("encoder", ["unknown", "gone"])
async def test_one_that_is_not_at_hand_leaves_its_collection_out_and_says_so(encoder: str) -> None:
    stamped = Stamped("text", "own", Way("text", 0.9), Loading(None))
    found = await stamped.retrieve(asked(collection("a", "own"), collection("b", encoder)), 9)
    assert [hit.chunk_id for hit in found.hits] == ["a.0", "a.1"]
    assert found.votes[0].unread == ("name-b",)
    alone = await stamped.retrieve(asked(collection("b", encoder)), 9)
    assert (alone.hits, alone.votes[0].voted, alone.votes[0].unread) == ((), False, ("name-b",))


async def test_a_search_by_picture_that_nothing_could_answer_is_an_error_that_names_the_command() -> None:
    stamped = Stamped("image", "own", Way("image", 0.9), Loading(None))
    assert (await stamped.retrieve(asked(collection("b", "other")), 9)).votes[0].unread == ("name-b",)
    with pytest.raises(ModelMismatch, match="`exhibit reindex name-b`"):
        await stamped.retrieve(asked(collection("b", "other"), image=b"png"), 9)
    under_way = collection("b", "other", Reindexing("r", {"image": "own"}, "running", 3, 9))
    with pytest.raises(ModelMismatch, match="3 of 9"):
        await stamped.retrieve(asked(under_way, image=b"png"), 9)


async def test_where_no_words_are_searched_a_text_search_is_that_error_too() -> None:
    stamped = Stamped("text", "own", Way("text", 0.9), Loading(None), insists=True)
    with pytest.raises(ModelMismatch, match="other"):
        await stamped.retrieve(asked(collection("b", "other")), 9)
