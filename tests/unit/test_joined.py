"""The join: proposals that must not be shown never are, and enough are fetched to make up for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from answering.question.read import read
from domain.documents import Chunk, Collection, Document, Kind
from domain.errors import BadRequest
from domain.evidence import Evidence
from domain.searches import Found, Hit, Query
from retrievers.hydrated import Joined
from tests.catalogues import fresh_catalogue

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Proposing:
    """A retriever that proposes these, in order, and remembers how many it was asked for."""

    def __init__(self, chunk_ids: Sequence[str], ever_more: bool = False) -> None:
        self.chunk_ids, self.ever_more = chunk_ids, ever_more
        self.asked: list[int] = []

    async def retrieve(self, query: Query, k: int) -> Found:
        self.asked.append(k)
        hits = tuple(Hit(one, -float(n), {"words": n + 1}) for n, one in enumerate(self.chunk_ids[:k]))
        return Found(hits, (), not self.ever_more and k >= len(self.chunk_ids))


class Shelf:
    def __init__(self) -> None:
        self.catalogue = fresh_catalogue()
        self.collection = self.catalogue.collections.find("default")

    def put(self, id: str, chunks: int, kind: Kind = "text", collection: Collection | None = None) -> list[str]:
        """A findable document with one chunk a page."""
        into = collection or self.collection
        self.catalogue.documents.record(Document(id, into.id, into.name, id, "text/plain", 1, id, "queued", NOW))
        made = [Chunk(f"{id}.{n}", id, n, kind, "text", "text", page=n + 1) for n in range(chunks)]
        self.catalogue.chunks.replace(id, 1, made)
        self.catalogue.runs.publish(id, 1, "ready")
        return [chunk.id for chunk in made]

    async def search(self, retriever: Proposing, k: int, **narrowed: Any) -> list[str]:
        query = Query(read("q"), collections=(self.collection,), **narrowed)
        return [one.id for one in (await Joined(retriever, self.catalogue.chunks).search(query, k)).evidence]


async def test_evidence_keeps_the_order_scores_and_ranks_of_the_proposals() -> None:
    shelf = Shelf()
    ids = shelf.put("d", 5)
    query = Query(read("q"), collections=(shelf.collection,))
    evidence = (await Joined(Proposing(ids[::-1]), shelf.catalogue.chunks).search(query, 2)).evidence
    assert [(one.id, one.score, one.ranks) for one in evidence] == [
        ("d.4", 0.0, {"words": 1}),
        ("d.3", -1.0, {"words": 2}),
    ]


async def test_the_deleted_the_unfinished_the_unknown_and_others_are_dropped() -> None:
    shelf = Shelf()
    good = shelf.put("good", 2)
    deleted = shelf.put("deleted", 2)
    shelf.catalogue.erasure.delete("deleted")
    elsewhere = shelf.put("elsewhere", 2, collection=shelf.catalogue.collections.create("other", {}))
    proposed = [*deleted, *elsewhere, "never.was", "", *good]
    assert await shelf.search(Proposing(proposed), 8) == good


async def test_more_is_asked_for_until_enough_survive() -> None:
    shelf = Shelf()
    good = shelf.put("good", 3)
    retriever = Proposing([f"orphan.{n}" for n in range(100)] + good)
    assert await shelf.search(retriever, 2) == good[:2]
    assert retriever.asked == [8, 16, 32, 64, 128]


async def test_nothing_is_asked_for_again_when_enough_survived() -> None:
    shelf = Shelf()
    retriever = Proposing(shelf.put("d", 100))
    assert len(await shelf.search(retriever, 8)) == 8
    assert retriever.asked == [32]


async def test_an_index_that_has_no_more_ends_the_search_whatever_it_says() -> None:
    shelf = Shelf()
    retriever = Proposing(shelf.put("d", 3), ever_more=True)
    assert len(await shelf.search(retriever, 8)) == 3
    assert len(retriever.asked) == 2


async def test_kinds_documents_and_pages_are_checked_again() -> None:
    shelf = Shelf()
    text, figures = shelf.put("d", 4), shelf.put("e", 4, "figure")
    proposed = [*text, *figures]
    assert await shelf.search(Proposing(proposed), 8, kinds=frozenset({"figure"})) == figures
    assert await shelf.search(Proposing(proposed), 8, documents=frozenset({"d"})) == text
    assert await shelf.search(Proposing(proposed), 8, where={"page": {"gte": 4}}) == ["d.3", "e.3"]


async def test_a_filter_that_is_not_understood_is_refused() -> None:
    with pytest.raises(BadRequest, match="colour"):
        await Shelf().search(Proposing([]), 8, where={"colour": {"eq": 1}})


async def test_no_more_is_looked_up_than_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    ids = shelf.put("d", 400)
    asked: list[int] = []
    real = shelf.catalogue.chunks.evidence

    def counted(chunk_ids: Sequence[str], collections: Sequence[str]) -> Sequence[Evidence]:
        asked.append(len(chunk_ids))
        return real(chunk_ids, collections)

    monkeypatch.setattr(shelf.catalogue.chunks, "evidence", counted)
    assert await shelf.search(Proposing(ids), 50) == ids[:50]
    assert asked == [50]
