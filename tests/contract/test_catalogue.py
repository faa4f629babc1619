"""What every catalogue keeps to: in SQLite and in Postgres."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.adapters.catalogue.catalogue import SqlCatalogue
from domain.documents import (
    KINDS,
    MOST_LISTED_PAGES,
    Box,
    Chunk,
    Document,
    Facts,
    Narrowed,
    PageReport,
    Place,
    Problem,
    Region,
    Reindexing,
    Status,
)
from domain.errors import BadRequest, Conflict, Gone, Missing, Unavailable
from domain.ports import Catalogue
from retrievers.filters import narrowed, parse, possible

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STATUSES: tuple[Status, ...] = ("queued", "running", "ready", "partial", "failed", "cancelled")
HOSTILE = "a\x00b\ud800c\udfff𝄞\u202e'\"--;%_\\"
HARMLESS = "a\ufffdb\ufffdc\ufffd𝄞'\"--;%_\\"


class Clock:
    """Goes on by a second whenever it is read, so that everything has its own moment."""

    def __init__(self) -> None:
        self.at = NOON
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self.at += timedelta(seconds=1)
            return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Catalogue]:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    opened = SqlCatalogue(url, clock)
    yield opened
    opened.close()


@pytest.fixture
def home(catalogue: Catalogue) -> str:
    return catalogue.collections.find("default").id


@pytest.fixture
def new(home: str) -> Callable[..., Document]:
    """A document that no catalogue has seen; each arrives a second later than the one before."""
    count = iter(range(1, 100_000))

    def new(**given: Any) -> Document:
        n = next(count)
        plain: dict[str, Any] = {
            "id": f"d{n:05}",
            "collection_id": home,
            "collection": "default",
            "name": f"{n}.pdf",
            "media_type": "application/pdf",
            "size": 10,
            "sha256": f"{n:064x}",
            "status": "queued",
            "created_at": NOON + timedelta(seconds=n),
        }
        return Document(**(plain | given))

    return new


New = Callable[..., Document]


def chunk_in(document: Document, digest: str = "a", ordinal: int = 0, **given: Any) -> Chunk:
    plain: dict[str, Any] = {"kind": "text", "text": "words", "search_text": "title words"}
    return Chunk(f"{document.id}.{digest}", document.id, ordinal, **(plain | given))


def publish(catalogue: Catalogue, document: Document, *chunks: Chunk, status: Status = "ready") -> Document:
    """Records it, if it is new, and takes it all the way."""
    kept, _ = catalogue.documents.record(document)
    assert catalogue.chunks.replace(kept.id, kept.attempt, chunks or [chunk_in(document)])
    assert catalogue.runs.publish(kept.id, kept.attempt, status)
    return catalogue.documents.find(kept.id)


def bring_to(catalogue: Catalogue, document: Document, status: Status) -> Document:
    kept, _ = catalogue.documents.record(document)
    if status in ("ready", "partial"):
        assert catalogue.runs.publish(kept.id, 1, status)
    else:
        assert catalogue.runs.update(kept.id, 1, status=status)
    return catalogue.documents.find(kept.id)


# ---------------------------------------------------------------- collections


def test_the_collection_default_always_exists(catalogue: Catalogue) -> None:
    assert catalogue.collections.find("default").name == "default"
    catalogue.collections.delete("default")
    assert catalogue.collections.find("default").name == "default"


def test_deleting_default_empties_it_and_takes_its_stamp(catalogue: Catalogue, home: str, new: New) -> None:
    catalogue.collections.stamp(home, {"text": "minilm"})
    document = publish(catalogue, new())
    assert [lost.id for lost in catalogue.collections.delete("default")] == [document.id]
    fresh = catalogue.collections.find("default")
    assert fresh.id != home
    assert fresh.encoders == {}
    assert catalogue.documents.page(fresh.id, None, 10).items == ()


def test_a_collection_is_kept_as_it_was_given(catalogue: Catalogue) -> None:
    metadata = {"année": 2026, "deep": {"list": [1, 2.5, True, None, "报告"]}}
    created = catalogue.collections.create("报告_α-1", metadata)
    assert created.metadata == metadata
    assert created.created_at.tzinfo is not None
    assert created.created_at.utcoffset() == timedelta(0)
    assert catalogue.collections.find("报告_α-1") == created


def test_an_unknown_collection_is_missing(catalogue: Catalogue) -> None:
    for verb in (
        catalogue.collections.find,
        catalogue.collections.delete,
        lambda name: catalogue.collections.update(name, {}),
        lambda name: catalogue.collections.rename(name, "somewhere"),
    ):
        with pytest.raises(Missing):
            verb("nowhere")
    with pytest.raises(Missing):
        catalogue.collections.stamp("nowhere", {"text": "minilm"})


def test_names_are_unique_among_the_undeleted(catalogue: Catalogue) -> None:
    first = catalogue.collections.create("a", {})
    with pytest.raises(Conflict):
        catalogue.collections.create("a", {})
    catalogue.collections.delete("a")
    assert catalogue.collections.create("a", {}).id != first.id


def test_names_differ_by_case(catalogue: Catalogue) -> None:
    assert catalogue.collections.create("A", {}).id != catalogue.collections.create("a", {}).id


def test_a_renamed_collection_is_the_same_under_its_new_name(catalogue: Catalogue) -> None:
    made = catalogue.collections.create("boats", {"year": 2025})
    renamed = catalogue.collections.rename("boats", "船")
    assert (renamed.id, renamed.name, renamed.metadata) == (made.id, "船", {"year": 2025})
    assert catalogue.collections.find("船") == renamed
    with pytest.raises(Missing):
        catalogue.collections.find("boats")
    assert catalogue.collections.rename("船", "船") == renamed


def test_a_collection_gets_no_name_that_is_taken_and_default_keeps_its_own(catalogue: Catalogue) -> None:
    catalogue.collections.create("a", {})
    catalogue.collections.create("b", {})
    for name, new in (("a", "b"), ("a", "default"), ("default", "c")):
        with pytest.raises(Conflict):
            catalogue.collections.rename(name, new)
    assert [one.name for one in catalogue.collections.page(10).items] == ["default", "a", "b"]


def test_of_many_creators_of_one_name_one_wins(catalogue: Catalogue) -> None:
    def create(_: int) -> bool:
        try:
            catalogue.collections.create("popular", {})
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(16))) == 1


def test_metadata_is_kept_without_what_nobody_sees(catalogue: Catalogue) -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    made = catalogue.collections.create("a", {f"note{hidden}": [f"pay\u202e{hidden}", {"emoji": "\u2764\ufe0f"}]})
    assert made.metadata == {"note": ["pay", {"emoji": "\u2764\ufe0f"}]}


def test_metadata_is_replaced_whole(catalogue: Catalogue) -> None:
    catalogue.collections.create("a", {"old": 1})
    assert catalogue.collections.update("a", {"new": 2}).metadata == {"new": 2}
    assert catalogue.collections.find("a").metadata == {"new": 2}


@pytest.mark.parametrize(
    "metadata", [{"x": float("nan")}, {"x": [float("inf")]}, {"x": b"bytes"}, {1: "x"}, {"x": {"y": {2: 3}}}], ids=repr
)
def test_metadata_that_is_not_json_is_refused(catalogue: Catalogue, metadata: Any) -> None:
    with pytest.raises(BadRequest):
        catalogue.collections.create("a", metadata)
    with pytest.raises(BadRequest):
        catalogue.collections.update("default", metadata)
    assert len(catalogue.collections.page(10).items) == 1


def test_metadata_without_a_bottom_is_refused(catalogue: Catalogue) -> None:
    bottomless: dict[str, Any] = {}
    bottomless["self"] = bottomless
    with pytest.raises(BadRequest):
        catalogue.collections.update("default", bottomless)


def test_the_first_stamp_stands(catalogue: Catalogue, home: str) -> None:
    assert catalogue.collections.stamp(home, {"text": "minilm", "image": "clip"}).encoders == {
        "text": "minilm",
        "image": "clip",
    }
    assert catalogue.collections.stamp(home, {"text": "bge"}).encoders == {"text": "minilm", "image": "clip"}
    assert catalogue.collections.find("default").encoders == {"text": "minilm", "image": "clip"}


def test_of_many_stamps_at_once_everyone_sees_the_same(catalogue: Catalogue, home: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stamped = list(pool.map(lambda n: catalogue.collections.stamp(home, {"text": f"encoder{n}"}), range(16)))
    assert len({collection.encoders["text"] for collection in stamped}) == 1


# ---------------------------------------------------------------- giving a collection other encoders

OLD, NEW = {"text": "minilm", "image": "clip"}, {"text": "bge", "image": "siglip"}


def begun(catalogue: Catalogue, home: str, reindex_id: str = "r1") -> None:
    catalogue.collections.stamp(home, OLD)
    assert catalogue.reindexes.begin(home, NEW, reindex_id).reindex == Reindexing(reindex_id, NEW)


def test_a_collection_is_known_by_its_id_too(catalogue: Catalogue, home: str) -> None:
    assert catalogue.collections.find_by_id(home) == catalogue.collections.find("default")
    catalogue.collections.delete("default")
    with pytest.raises(Missing):
        catalogue.collections.find_by_id(home)
    with pytest.raises(Missing):
        catalogue.reindexes.begin(home, NEW, "r1")


@pytest.mark.parametrize("stamp", [{}, NEW])
def test_where_no_vector_is_of_another_encoder_there_is_nothing_to_reindex(
    catalogue: Catalogue, home: str, stamp: dict[str, str]
) -> None:
    catalogue.collections.stamp(home, stamp)
    assert catalogue.reindexes.begin(home, NEW, "r1").reindex is None


def test_a_reindexing_under_way_stands_and_a_failed_one_is_begun_again(catalogue: Catalogue, home: str) -> None:
    begun(catalogue, home)
    assert catalogue.reindexes.update(home, "r1", state="running", done=3, total=9)
    standing = Reindexing("r1", NEW, "running", 3, 9)
    assert catalogue.reindexes.begin(home, NEW, "r2").reindex == standing
    assert catalogue.collections.find("default").reindex == standing
    assert catalogue.reindexes.update(home, "r1", state="failed", problem="the disk is full")
    failed = catalogue.collections.find("default").reindex
    assert failed == Reindexing("r1", NEW, "failed", 3, 9, "the disk is full")
    assert not catalogue.reindexes.update(home, "r1", done=4)
    assert catalogue.reindexes.begin(home, NEW, "r2").reindex == Reindexing("r2", NEW)


def test_a_reindexing_to_yet_other_encoders_takes_its_place(catalogue: Catalogue, home: str) -> None:
    begun(catalogue, home)
    assert catalogue.reindexes.begin(home, {"text": "e5"}, "r2").reindex == Reindexing("r2", {"text": "e5"})
    assert not catalogue.reindexes.update(home, "r1", done=1)
    assert not catalogue.reindexes.switch(home, "r1")
    assert catalogue.reindexes.begin(home, OLD, "r3").reindex is None  # given up


def test_encoders_switch_once_every_findable_document_is_gone_through(
    catalogue: Catalogue, home: str, new: New
) -> None:
    begun(catalogue, home)
    one, two = publish(catalogue, new()), publish(catalogue, new(), status="partial")
    bring_to(catalogue, new(), "failed")
    bring_to(catalogue, new(), "queued")
    assert [document.id for document in catalogue.reindexes.pending(home, "r1", 9)] == [one.id, two.id]
    assert [document.id for document in catalogue.reindexes.pending(home, "r1", 1)] == [one.id]
    assert catalogue.reindexes.mark(one, "r1")
    assert not catalogue.reindexes.switch(home, "r1")
    assert catalogue.reindexes.mark(two, "r1")
    assert catalogue.reindexes.pending(home, "r1", 9) == ()
    assert catalogue.reindexes.switch(home, "r1")
    assert (catalogue.collections.find("default").encoders, catalogue.collections.find("default").reindex) == (
        NEW,
        None,
    )
    assert not catalogue.reindexes.switch(home, "r1")


def test_a_document_under_way_holds_the_switch_up_and_once_published_is_to_be_gone_through(
    catalogue: Catalogue, home: str, new: New
) -> None:
    begun(catalogue, home)
    document, _ = catalogue.documents.record(new())
    assert catalogue.runs.update(document.id, 1, status="running")
    assert not catalogue.reindexes.switch(home, "r1")
    assert catalogue.runs.publish(document.id, 1, "running")
    assert catalogue.reindexes.pending(home, "r1", 9) == ()  # its pictures are still to come
    assert not catalogue.reindexes.mark(catalogue.documents.find(document.id), "r1")
    assert catalogue.runs.publish(document.id, 1, "ready", 2)
    assert not catalogue.reindexes.switch(home, "r1")
    assert [one.id for one in catalogue.reindexes.pending(home, "r1", 9)] == [document.id]


def test_a_mark_is_of_what_was_published_then(catalogue: Catalogue, home: str, new: New) -> None:
    begun(catalogue, home)
    before = publish(catalogue, new(), status="partial")
    assert catalogue.reindexes.mark(before, "r1")
    again = publish(catalogue, catalogue.runs.requeue(before.id))
    assert not catalogue.reindexes.mark(before, "r1")
    assert not catalogue.reindexes.switch(home, "r1")
    assert catalogue.reindexes.mark(again, "r1")
    assert catalogue.reindexes.switch(home, "r1")


def test_deleted_documents_and_other_collections_hold_nothing_up(catalogue: Catalogue, home: str, new: New) -> None:
    begun(catalogue, home)
    gone, other = publish(catalogue, new()), catalogue.collections.create("other", {})
    publish(catalogue, new(collection_id=other.id, collection="other"))
    catalogue.erasure.delete(gone.id)
    assert not catalogue.reindexes.mark(gone, "r1")
    assert catalogue.reindexes.switch(home, "r1")


def test_a_collection_deleted_meanwhile_is_not_reindexed(catalogue: Catalogue, home: str) -> None:
    begun(catalogue, home)
    catalogue.collections.delete("default")
    assert not catalogue.reindexes.update(home, "r1", done=1)
    assert not catalogue.reindexes.switch(home, "r1")
    assert catalogue.collections.find("default").reindex is None


# ---------------------------------------------------------------- collections, listed


def test_collections_are_listed_in_order_of_creation_and_paged(catalogue: Catalogue) -> None:
    for name in ("c", "a", "b"):
        catalogue.collections.create(name, {})
    catalogue.collections.delete("a")
    first = catalogue.collections.page(2)
    rest = catalogue.collections.page(2, first.next_cursor)
    assert [one.name for one in first.items + rest.items] == ["default", "c", "b"]
    assert rest.next_cursor is None


def test_a_deleted_collection_takes_its_documents_along_at_once(catalogue: Catalogue, new: New) -> None:
    doomed = catalogue.collections.create("doomed", {})
    inside, outside = publish(catalogue, new(collection_id=doomed.id)), publish(catalogue, new())
    assert [lost.id for lost in catalogue.collections.delete("doomed")] == [inside.id]
    with pytest.raises(Missing):
        catalogue.collections.find("doomed")
    with pytest.raises(Gone):
        catalogue.documents.find(inside.id)
    with pytest.raises(Gone):
        catalogue.chunks.find(f"{inside.id}.a")
    assert catalogue.chunks.evidence([f"{inside.id}.a", f"{outside.id}.a"], [doomed.id, outside.collection_id]) == (
        catalogue.chunks.find(f"{outside.id}.a"),
    )
    assert catalogue.documents.findable([doomed.id]) == ()
    assert [gone.id for gone in catalogue.erasure.deleted()] == [inside.id]


def test_documents_deleted_before_their_collection_are_not_handed_out_again(catalogue: Catalogue, new: New) -> None:
    doomed = catalogue.collections.create("doomed", {})
    early = publish(catalogue, new(collection_id=doomed.id))
    catalogue.erasure.delete(early.id)
    assert catalogue.collections.delete("doomed") == ()
    assert [gone.collection for gone in catalogue.erasure.deleted()] == ["doomed"]
    catalogue.erasure.erase(early.id)
    assert catalogue.erasure.deleted() == ()


def test_nothing_is_recorded_in_a_collection_that_is_not_there(catalogue: Catalogue, new: New) -> None:
    doomed = catalogue.collections.create("doomed", {})
    catalogue.collections.delete("doomed")
    for collection_id in (doomed.id, "never"):
        with pytest.raises(Missing):
            catalogue.documents.record(new(collection_id=collection_id))


# ---------------------------------------------------------------- documents: recording


def test_a_document_is_kept_as_it_was_given(catalogue: Catalogue, new: New) -> None:
    given = new(
        name="年报 ü.pdf",
        title="Ein Titel",
        size=5 * 2**40,
        metadata={"year": 2026, "tags": ["a", "b"]},
        problems=(Problem("bad page", 3), Problem("odd")),
        page_report=(PageReport(1, "text"), PageReport(2, "ocr", 0.75)),
        pages=2,
        stage="parse",
        status="running",
        progress=0.5,
        attempt=4,
    )
    assert catalogue.documents.record(given) == (given, False)
    assert catalogue.documents.find(given.id) == given


def test_times_come_back_in_utc_whatever_zone_they_came_in(catalogue: Catalogue, new: New) -> None:
    tokyo = new().created_at.astimezone(ZoneInfo("Asia/Tokyo"))
    kept, _ = catalogue.documents.record(new(created_at=tokyo))
    assert catalogue.documents.find(kept.id).created_at == tokyo
    assert catalogue.documents.find(kept.id).created_at.utcoffset() == timedelta(0)


def test_documents_are_found_by_bytes_and_by_name(catalogue: Catalogue, home: str, new: New) -> None:
    first, second = (catalogue.documents.record(new())[0] for _ in range(2))
    assert catalogue.documents.page(home, None, 10, sha256=second.sha256).items == (second,)
    assert {one.id for one in catalogue.documents.page(home, None, 10, name=first.name).items} >= {first.id}
    assert catalogue.documents.page(home, None, 10, name="no such name\ud800").items == ()
    assert catalogue.documents.page(home, "ready", 10, sha256=first.sha256).items == ()


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_bytes_again_are_the_document_that_is_there_as_it_is(
    catalogue: Catalogue, new: New, status: Status
) -> None:
    there = bring_to(catalogue, new(sha256="ab"), status)
    assert catalogue.documents.record(new(sha256="ab")) == (there, True)
    assert catalogue.documents.find(there.id).status == status


def test_the_same_bytes_in_another_collection_are_another_document(catalogue: Catalogue, new: New) -> None:
    other = catalogue.collections.create("other", {})
    catalogue.documents.record(new(sha256="ab"))
    assert catalogue.documents.record(new(sha256="ab", collection_id=other.id))[1] is False


def test_the_same_bytes_after_a_deletion_are_a_new_document(catalogue: Catalogue, new: New) -> None:
    first, _ = catalogue.documents.record(new(sha256="ab"))
    catalogue.erasure.delete(first.id)
    second, duplicate = catalogue.documents.record(new(sha256="ab"))
    assert not duplicate
    assert second.id != first.id


def test_an_id_is_given_once(catalogue: Catalogue, new: New) -> None:
    first, _ = catalogue.documents.record(new())
    with pytest.raises(Conflict):
        catalogue.documents.record(new(id=first.id))
    catalogue.erasure.delete(first.id)
    catalogue.erasure.erase(first.id)
    with pytest.raises(Conflict):
        catalogue.documents.record(new(id=first.id))


def test_callers_at_the_same_moment_get_one_document(catalogue: Catalogue, new: New) -> None:
    rivals = [new(sha256="ab") for _ in range(16)]
    together = threading.Barrier(8)

    def record(rival: Document) -> tuple[Document, bool]:
        together.wait()
        return catalogue.documents.record(rival)

    with ThreadPoolExecutor(8) as pool:
        recorded = list(pool.map(record, rivals))
    assert len({document.id for document, _ in recorded}) == 1
    assert [duplicate for _, duplicate in recorded].count(False) == 1


def test_a_document_recorded_while_its_collection_is_deleted_is_refused_or_hidden(
    catalogue: Catalogue, new: New
) -> None:
    for n in range(8):
        doomed = catalogue.collections.create(f"doomed{n}", {})
        rivals = [new(collection_id=doomed.id) for _ in range(3)]

        def record(rival: Document) -> None:
            try:
                catalogue.documents.record(rival)
            except Missing:
                return

        with ThreadPoolExecutor(4) as pool:
            deleted = pool.submit(catalogue.collections.delete, doomed.name)
            list(pool.map(record, rivals))
        assert deleted.exception() is None
        assert catalogue.documents.page(doomed.id, None, 10).items == ()


# ---------------------------------------------------------------- documents: reading


def test_an_unknown_document_is_missing(catalogue: Catalogue) -> None:
    for verb in (catalogue.documents.find, catalogue.runs.requeue, catalogue.erasure.delete):
        with pytest.raises(Missing):
            verb("never")
    with pytest.raises(Missing):
        catalogue.runs.reattempt("never", 1)
    catalogue.erasure.erase("never")


def test_documents_are_listed_in_order_of_arrival(catalogue: Catalogue, home: str, new: New) -> None:
    recorded = [catalogue.documents.record(new())[0] for _ in range(5)]
    assert catalogue.documents.page(home, None, 5).items == tuple(recorded)
    assert catalogue.documents.page(home, None, 5).next_cursor is None


def test_pages_of_a_list_give_each_document_once(catalogue: Catalogue, home: str, new: New) -> None:
    same_moment = [catalogue.documents.record(new(created_at=NOON))[0].id for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = catalogue.documents.page(home, None, 2, cursor)
        seen += [document.id for document in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == same_moment


def test_cursors_stay_where_they_are_when_documents_come_and_go(catalogue: Catalogue, home: str, new: New) -> None:
    a, b, c, d = (catalogue.documents.record(new())[0] for _ in range(4))
    cursor = catalogue.documents.page(home, None, 2).next_cursor
    catalogue.erasure.delete(b.id)  # the very one that the cursor names
    catalogue.documents.record(new(created_at=a.created_at - timedelta(days=1)))
    assert [one.id for one in catalogue.documents.page(home, None, 9, cursor).items] == [c.id, d.id]


def test_documents_are_listed_by_status(catalogue: Catalogue, home: str, new: New) -> None:
    for status in STATUSES:
        bring_to(catalogue, new(), status)
    for status in STATUSES:
        assert [one.status for one in catalogue.documents.page(home, status, 10).items] == [status]
    assert [one.status for one in catalogue.documents.unfinished()] == ["queued", "running"]
    assert [one.status for one in catalogue.documents.findable([home])] == ["ready", "partial"]


FORGED = (
    "WyIyMDI2LTAxLTAxIiwieCJd",  # a moment without a zone
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzEwOjAwIiwieCJd",  # one before time began
    "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiw1XQ",  # an id that is a number
)


@pytest.mark.parametrize(
    "cursor",
    [*("x", "!!!!", "bm9wZQ", "W10", "WzEsMl0", "WyJ4IiwieSJd", "游标", "\ud800", "[" * 9), *FORGED],
    ids=ascii,
)
def test_a_cursor_that_no_list_gave_out_is_a_bad_request(catalogue: Catalogue, home: str, cursor: str) -> None:
    with pytest.raises(BadRequest):
        catalogue.documents.page(home, None, 10, cursor)
    with pytest.raises(BadRequest):
        catalogue.collections.page(10, cursor)


def test_an_empty_cursor_is_none(catalogue: Catalogue, home: str, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    assert [one.id for one in catalogue.documents.page(home, None, 10, "").items] == [document.id]
    assert catalogue.collections.page(10, "").items == catalogue.collections.page(10).items


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_a_bad_request(catalogue: Catalogue, home: str, limit: int) -> None:
    with pytest.raises(BadRequest):
        catalogue.documents.page(home, None, limit)
    with pytest.raises(BadRequest):
        catalogue.collections.page(limit)


def test_filters_see_the_findable_documents_of_the_collections_asked_for(
    catalogue: Catalogue, home: str, new: New
) -> None:
    other, third = catalogue.collections.create("other", {}), catalogue.collections.create("third", {})
    mine = publish(catalogue, new(metadata={"year": 2026}, pages=3))
    theirs = publish(catalogue, new(collection_id=other.id))
    publish(catalogue, new(collection_id=third.id))
    catalogue.documents.record(new())
    catalogue.erasure.delete(publish(catalogue, new()).id)
    assert catalogue.documents.findable([home, other.id, other.id]) == (mine, theirs)
    assert catalogue.documents.findable([]) == ()
    facts = catalogue.documents.facts([home, other.id, other.id], Narrowed())
    assert sorted(one.id for one in facts) == sorted([mine.id, theirs.id])
    assert Facts(mine.id, 3, {"year": 2026}) in facts
    assert catalogue.documents.facts([], Narrowed()) == ()


@pytest.mark.parametrize(
    ("where", "n"),
    [
        ({"metadata.year": {"eq": 2026}}, 2),
        ({"metadata.year": {"eq": 2026.0}}, 2),
        ({"metadata.year": {"eq": "2026"}}, 0),
        ({"metadata.year": {"in": [1, 0]}}, 1),
        ({"metadata.year": {"gte": 2000}}, 2),
        ({"metadata.tags": {"eq": '100% "new"_\\ 中文'}}, 1),
        ({"metadata.tags": {"eq": "a"}}, 2),
        ({"metadata.tags": {"eq": "A"}}, 0),
        ({"metadata.deep.er": {"eq": True}}, 1),
        ({"metadata.deep.er": {"ne": True}}, 4),
        ({"metadata.none": {"eq": None}}, 1),
        ({"metadata.tags": {"in": []}}, 0),
        ({"metadata.year": {"in": [*range(1_000)]}}, 1),
        ({"or": [{"metadata.tags": {"eq": "a"}}, {"metadata.year": {"eq": 0}}]}, 3),
        ({"not": {"metadata.tags": {"eq": "a"}}}, 3),
        ({"document": ["never", "", HOSTILE]}, 0),
    ],
)
def test_filters_lose_no_document_by_narrowing(
    catalogue: Catalogue, home: str, new: New, where: dict[str, Any], n: int
) -> None:
    about: list[dict[str, Any]] = [
        {"year": 2026, "tags": ["x", "a"], "deep": {"er": True}},
        {"year": 2026.0, "tags": 'a100% "new"_\\ 中文'},
        {"year": -0.0, "tags": ['100% "new"_\\ 中文'], "none": None},
        {"tags": {"a": "b"}},
        {"tags": "a", "year": "26"},
    ]
    ids = {publish(catalogue, new(metadata=metadata)).id for metadata in about}
    condition = parse(where)
    facts = catalogue.documents.facts([home], narrowed(condition))
    assert {one.id for one in facts} <= ids
    assert len([one for one in facts if possible(condition, one)]) == n
    (first, *_) = ids
    within = catalogue.documents.facts([home], narrowed(parse({"document": [first]})))
    assert first in {one.id for one in within}


# ---------------------------------------------------------------- documents: a run


def test_a_run_changes_what_it_gives_and_nothing_else(catalogue: Catalogue, new: New) -> None:
    before, _ = catalogue.documents.record(new(metadata={"a": 1}))
    problems, report = (Problem("torn", 2),), (PageReport(1, "ocr", 0.5),)
    assert catalogue.runs.update(before.id, 1, status="running", stage="parse", progress=0.25)
    assert catalogue.runs.update(before.id, 1, pages=2, media_type="image/png", title="T")
    assert catalogue.runs.update(before.id, 1, problems=problems, page_report=report)
    assert catalogue.runs.update(before.id, 1)
    assert catalogue.documents.find(before.id) == replace(
        before,
        status="running",
        stage="parse",
        progress=0.25,
        pages=2,
        media_type="image/png",
        title="T",
        problems=problems,
        page_report=report,
    )


def test_an_empty_list_of_problems_is_a_change(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new(problems=(Problem("torn"),)))
    assert catalogue.runs.update(document.id, 1, problems=(), progress=0.0)
    assert catalogue.documents.find(document.id).problems == ()


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_finished_status_clears_the_stage(catalogue: Catalogue, new: New, status: Status) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.runs.update(document.id, 1, status="running", stage="embed")
    assert catalogue.runs.update(document.id, 1, status=status, problems=[Problem("why")])
    kept = catalogue.documents.find(document.id)
    assert (kept.status, kept.stage, kept.problems) == (status, None, (Problem("why"),))


def test_only_publishing_makes_findable(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    with pytest.raises(ValueError, match="publish"):
        catalogue.runs.update(document.id, 1, status="ready")
    with pytest.raises(ValueError, match="findable"):
        catalogue.runs.publish(document.id, 1, "failed")
    assert not catalogue.documents.find(document.id).findable


def test_the_text_of_a_running_document_is_findable_and_its_pictures_when_they_are_published(
    catalogue: Catalogue, home: str, new: New
) -> None:
    document, _ = catalogue.documents.record(new())
    text, picture = chunk_in(document, "text", 0), chunk_in(document, "picture", 1, kind="figure", batch=3)
    assert catalogue.chunks.replace(document.id, 1, [text])
    assert catalogue.runs.publish(document.id, 1, "running")
    assert catalogue.chunks.replace(document.id, 1, [picture], batch=3)
    running = catalogue.documents.find(document.id)
    assert (running.status, running.findable, running.ready_at) == ("running", True, None)
    assert [one.chunk for one in catalogue.chunks.evidence([picture.id, text.id], [home])] == [text]
    assert catalogue.chunks.standing([picture.id, text.id], [home]) == (text,)
    assert [one.id for one in catalogue.documents.findable([home])] == [document.id]
    with pytest.raises(Missing):
        catalogue.chunks.find(picture.id)
    assert catalogue.runs.publish(document.id, 1, "ready", batches=4)
    assert [one.chunk for one in catalogue.chunks.evidence([picture.id, text.id], [home])] == [picture, text]
    assert catalogue.chunks.standing([picture.id, text.id], [home]) == (picture, text)
    assert catalogue.documents.find(document.id).chunks == {"text": 1, "figure": 1}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_ends_unread_is_no_longer_findable(catalogue: Catalogue, home: str, new: New, status: Status) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.chunks.replace(document.id, 1, [chunk_in(document)])
    catalogue.runs.publish(document.id, 1, "running")
    catalogue.runs.update(document.id, 1, status=status)
    assert not catalogue.documents.find(document.id).findable
    assert catalogue.chunks.evidence([f"{document.id}.a"], [home]) == ()


def test_the_time_left_is_forgotten_at_the_end(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.runs.update(document.id, 1, status="running", time_left_s=4.5)
    assert catalogue.documents.find(document.id).time_left_s == 4.5
    catalogue.runs.publish(document.id, 1, "ready")
    assert catalogue.documents.find(document.id).time_left_s is None


def test_what_a_document_waits_for_is_forgotten_when_it_goes_on_and_at_the_end(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    assert document.waiting_for is None
    catalogue.runs.update(document.id, 1, status="running", waiting_for="the vector index")
    catalogue.runs.update(document.id, 1, progress=0.5)
    assert catalogue.documents.find(document.id).waiting_for == "the vector index"
    catalogue.runs.update(document.id, 1, waiting_for="")
    assert catalogue.documents.find(document.id).waiting_for is None
    catalogue.runs.update(document.id, 1, waiting_for="the vector index")
    catalogue.runs.publish(document.id, 1, "ready")
    assert catalogue.documents.find(document.id).waiting_for is None


def test_a_document_that_is_ready_may_still_wait_for_its_descriptions(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.runs.update(document.id, 1, status="running", waiting_for="the language model")
    catalogue.runs.publish(document.id, 1, "partial")
    assert catalogue.documents.find(document.id).waiting_for == "the language model"
    assert catalogue.runs.requeue(document.id).waiting_for is None


def test_a_document_without_descriptions_is_described_again_and_stays_findable(
    catalogue: Catalogue, home: str, new: New
) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.chunks.replace(document.id, 1, [chunk_in(document)])
    catalogue.runs.update(document.id, 1, status="running", waiting_for="the language model")
    assert catalogue.documents.undescribed(9) == ()  # it is still on its way
    catalogue.runs.publish(document.id, 1, "ready")
    [waiting] = catalogue.documents.undescribed(9)
    assert waiting.id == document.id
    assert catalogue.documents.undescribed(0) == ()
    begun = catalogue.runs.describe_again(document.id, 1)
    assert (begun.status, begun.attempt, begun.findable, begun.waiting_for) == ("running", 2, True, None)
    assert len(catalogue.chunks.evidence([f"{document.id}.a"], [home])) == 1
    with pytest.raises(Conflict):
        catalogue.runs.describe_again(document.id, 1)
    assert catalogue.runs.publish(document.id, 2, "ready")
    assert catalogue.documents.undescribed(9) == ()


def changes_of_a_run(catalogue: Catalogue, document: Document, attempt: int) -> list[bool]:
    return [
        catalogue.runs.update(document.id, attempt, status="running", progress=0.9),
        catalogue.runs.update(document.id, attempt),
        catalogue.chunks.replace(document.id, attempt, [chunk_in(document, "late")]),
        catalogue.runs.publish(document.id, attempt, "ready"),
    ]


@pytest.mark.parametrize("status", ["ready", "partial", "failed", "cancelled"])
def test_a_finished_run_changes_nothing_more(catalogue: Catalogue, new: New, status: Status) -> None:
    before = bring_to(catalogue, new(), status)
    assert changes_of_a_run(catalogue, before, 1) == [False] * 4
    assert catalogue.documents.find(before.id) == before
    assert catalogue.chunks.of_document(before.id) == ()


@pytest.mark.parametrize("attempt", [0, 1, 3])
def test_a_run_of_another_attempt_changes_nothing(catalogue: Catalogue, new: New, attempt: int) -> None:
    document, _ = catalogue.documents.record(new())
    before = catalogue.runs.reattempt(document.id, 1)
    assert changes_of_a_run(catalogue, document, attempt) == [False] * 4
    assert catalogue.documents.find(document.id) == before


def test_a_run_of_a_deleted_document_changes_nothing(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.erasure.delete(document.id)
    assert changes_of_a_run(catalogue, document, 1) == [False] * 4
    catalogue.erasure.erase(document.id)
    assert changes_of_a_run(catalogue, document, 1) == [False] * 4
    assert changes_of_a_run(catalogue, new(), 1) == [False] * 4


@pytest.mark.parametrize("status", ["ready", "partial"])
def test_a_published_document_is_whole(catalogue: Catalogue, new: New, clock: Clock, status: Status) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.runs.update(document.id, 1, status="running", stage="publish", progress=0.9, problems=[Problem("small")])
    assert catalogue.runs.publish(document.id, 1, status)
    kept = catalogue.documents.find(document.id)
    assert (kept.status, kept.stage, kept.progress, kept.ready_at) == (status, None, 1.0, clock.at)
    assert kept.problems == (Problem("small"),)


@pytest.mark.parametrize("status", STATUSES)
def test_what_may_be_queued_again(catalogue: Catalogue, new: New, status: Status) -> None:
    document = bring_to(catalogue, new(), status)
    if status in ("partial", "failed", "cancelled"):
        assert catalogue.runs.requeue(document.id).attempt == 2
    else:
        with pytest.raises(Conflict, match=status):
            catalogue.runs.requeue(document.id)


@pytest.mark.parametrize("status", STATUSES)
def test_what_may_be_attempted_again(catalogue: Catalogue, new: New, status: Status) -> None:
    document = bring_to(catalogue, new(), status)
    if status in ("queued", "running"):
        assert catalogue.runs.reattempt(document.id, 1).attempt == 2
    with pytest.raises(Conflict):
        catalogue.runs.reattempt(document.id, 1)


def test_a_new_attempt_remembers_nothing_of_the_last_but_its_chunks(catalogue: Catalogue, new: New) -> None:
    document = new(problems=(Problem("torn"),), page_report=(PageReport(1, "failed"),), pages=1, title="T")
    before = publish(catalogue, document, status="partial")
    again = catalogue.runs.requeue(before.id)
    assert again == catalogue.documents.find(before.id)
    assert again == replace(
        before,
        status="queued",
        attempt=2,
        stage=None,
        progress=0.0,
        problems=(),
        page_report=(),
        ready_at=None,
        published=0,
    )
    assert catalogue.chunks.of_document(before.id) == (chunk_in(before),)


def test_a_document_that_is_read_again_is_not_findable_meanwhile(catalogue: Catalogue, home: str, new: New) -> None:
    document = publish(catalogue, new(), status="partial")
    catalogue.runs.requeue(document.id)
    assert catalogue.chunks.evidence([f"{document.id}.a"], [home]) == ()
    assert catalogue.documents.findable([home]) == ()
    with pytest.raises(Missing):
        catalogue.chunks.find(f"{document.id}.a")


def test_of_many_who_queue_again_at_once_one_does(catalogue: Catalogue, new: New) -> None:
    document = bring_to(catalogue, new(), "failed")

    def requeue(_: int) -> int:
        try:
            return catalogue.runs.requeue(document.id).attempt
        except Conflict:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(requeue, range(8))) == [0] * 7 + [2]


def test_of_a_cancellation_and_a_publication_at_once_one_wins(catalogue: Catalogue, new: New) -> None:
    for _ in range(10):
        document, _ = catalogue.documents.record(new())
        with ThreadPoolExecutor(2) as pool:
            published = pool.submit(catalogue.runs.publish, document.id, 1, "ready")
            cancelled = pool.submit(catalogue.runs.update, document.id, 1, status="cancelled")
        assert published.result() != cancelled.result()
        assert catalogue.documents.find(document.id).status == ("ready" if published.result() else "cancelled")


# ---------------------------------------------------------------- descriptions


def test_a_description_changes_what_is_searched_and_nothing_else(catalogue: Catalogue, home: str, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    first, second = chunk_in(document, "a", 0), chunk_in(document, "b", 1)
    assert catalogue.chunks.replace(document.id, 1, [first, second])
    seen = replace(first, description="A chart.", described_by="seer", search_text="words\nA chart.")
    assert catalogue.chunks.describe(document.id, 1, [replace(seen, text="other", kind="image")])
    assert catalogue.chunks.of_document(document.id) == (seen, second)
    assert not catalogue.chunks.describe(document.id, 2, [replace(seen, description="Another.")])
    assert catalogue.runs.publish(document.id, 1, "ready")
    assert not catalogue.chunks.describe(document.id, 1, [replace(seen, description="Another.")])
    assert catalogue.chunks.find(seen.id).chunk == seen


# ---------------------------------------------------------------- documents: deleting


def test_a_deleted_document_is_unfindable_at_once(catalogue: Catalogue, home: str, new: New) -> None:
    document = publish(catalogue, new())
    assert catalogue.erasure.delete(document.id) == (document,)
    assert catalogue.documents.page(home, None, 10).items == ()
    assert catalogue.documents.findable([home]) == ()
    assert catalogue.chunks.evidence([f"{document.id}.a"], [home]) == ()
    assert catalogue.chunks.of_document(document.id) == ()
    for verb in (catalogue.documents.find, catalogue.erasure.delete, catalogue.runs.requeue):
        with pytest.raises(Gone):
            verb(document.id)
    with pytest.raises(Gone):
        catalogue.runs.reattempt(document.id, 1)
    with pytest.raises(Gone):
        catalogue.chunks.find(f"{document.id}.a")


def test_a_deleted_run_is_not_unfinished(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.erasure.delete(document.id)
    assert catalogue.documents.unfinished() == ()


def test_deleted_documents_wait_to_be_erased(catalogue: Catalogue, new: New) -> None:
    first, second = publish(catalogue, new()), publish(catalogue, new())
    catalogue.erasure.delete(second.id)
    catalogue.erasure.delete(first.id)
    assert catalogue.erasure.deleted() == (first, second)
    catalogue.erasure.erase(first.id)
    catalogue.erasure.erase(first.id)
    assert catalogue.erasure.deleted() == (second,)


def test_an_erased_document_is_still_known_to_be_gone(catalogue: Catalogue, new: New) -> None:
    document = publish(catalogue, new())
    catalogue.erasure.delete(document.id)
    catalogue.erasure.erase(document.id)
    for verb in (catalogue.documents.find, catalogue.erasure.delete, catalogue.runs.requeue):
        with pytest.raises(Gone):
            verb(document.id)
    with pytest.raises(Gone):
        catalogue.chunks.find(f"{document.id}.a")


def test_what_is_not_deleted_is_not_erased(catalogue: Catalogue, new: New) -> None:
    document = publish(catalogue, new())
    with pytest.raises(Conflict):
        catalogue.erasure.erase(document.id)
    assert catalogue.documents.find(document.id) == document


# ---------------------------------------------------------------- documents that came inside others


def ids(documents: Iterable[Document]) -> list[str]:
    return [document.id for document in documents]


def test_what_came_only_inside_a_document_is_deleted_with_it(catalogue: Catalogue, home: str, new: New) -> None:
    mail, _ = catalogue.documents.record(new())
    inner, _ = catalogue.documents.record(new(), mail.id)
    innermost, _ = catalogue.documents.record(new(), inner.id)
    other, _ = catalogue.documents.record(new())
    assert ids(catalogue.erasure.delete(mail.id)) == [mail.id, inner.id, innermost.id]
    assert ids(catalogue.documents.page(home, None, 10).items) == [other.id]
    with pytest.raises(Gone):
        catalogue.erasure.delete(mail.id)
    with pytest.raises(Missing):
        catalogue.erasure.delete("never there")


def test_what_came_inside_two_documents_stays_until_the_last_is_deleted(catalogue: Catalogue, new: New) -> None:
    first, _ = catalogue.documents.record(new())
    second, _ = catalogue.documents.record(new())
    logo = catalogue.documents.record(new(sha256="ab"), first.id)[0]
    assert catalogue.documents.record(new(sha256="ab"), second.id) == (logo, True)
    assert ids(catalogue.erasure.delete(first.id)) == [first.id]
    catalogue.erasure.erase(first.id)
    assert ids(catalogue.erasure.delete(second.id)) == [second.id, logo.id]


@pytest.mark.parametrize("own_first", [True, False])
def test_what_was_also_sent_on_its_own_stays(catalogue: Catalogue, new: New, own_first: bool) -> None:
    mail, _ = catalogue.documents.record(new())
    for part_of in (None, mail.id) if own_first else (mail.id, None):
        report, _ = catalogue.documents.record(new(sha256="ab"), part_of)
    assert ids(catalogue.erasure.delete(mail.id)) == [mail.id]
    assert catalogue.documents.find(report.id) == report


def test_nothing_comes_inside_what_is_not_there(catalogue: Catalogue, home: str, new: New) -> None:
    mail, _ = catalogue.documents.record(new())
    catalogue.erasure.delete(mail.id)
    with pytest.raises(Gone):
        catalogue.documents.record(new(), mail.id)
    with pytest.raises(Missing):
        catalogue.documents.record(new(), "never there")
    assert catalogue.documents.page(home, None, 10).items == ()


def test_bytes_are_wanted_until_their_last_document_is_erased(catalogue: Catalogue, new: New) -> None:
    other = catalogue.collections.create("other", {})
    mine, _ = catalogue.documents.record(new(sha256="ab"))
    theirs, _ = catalogue.documents.record(new(sha256="ab", collection_id=other.id))
    catalogue.erasure.delete(mine.id)
    catalogue.erasure.erase(mine.id)
    assert catalogue.erasure.bytes_wanted("ab")
    catalogue.erasure.delete(theirs.id)
    assert catalogue.erasure.bytes_wanted("ab")
    catalogue.erasure.erase(theirs.id)
    assert not catalogue.erasure.bytes_wanted("ab")


def test_of_many_deletions_at_once_one_counts(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())

    def delete(_: int) -> bool:
        try:
            catalogue.erasure.delete(document.id)
        except Gone:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(delete, range(8))) == 1


# ---------------------------------------------------------------- chunks


def test_a_chunk_is_kept_as_it_was_given(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    given = (
        chunk_in(document, "a", 0, page=2, regions=(Region(2, Box(0.1, 1 / 3, 0.9, 1.0)), Region(3, Box(0, 0, 1, 1)))),
        chunk_in(document, "b", 1, kind="table", place=Place(("1", "1.2 方法"), "Sheet1", (2, 9))),
        chunk_in(document, "c", 2, kind="figure", place=Place(), image="documents/d/crops/ab.png", text=""),
    )
    assert catalogue.chunks.replace(document.id, 1, given)
    assert catalogue.chunks.of_document(document.id) == given


def test_chunks_are_counted_by_kind(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    kinds = ("text", "figure", "text", "table")
    catalogue.chunks.replace(document.id, 1, [chunk_in(document, f"{n}", n, kind=kinds[n]) for n in range(4)])
    assert catalogue.documents.find(document.id).chunks == {"text": 2, "figure": 1, "table": 1}
    catalogue.chunks.replace(document.id, 1, [])
    assert catalogue.documents.find(document.id).chunks == {}


def test_a_batch_replaces_itself_and_the_first_batch_everything(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    text = (chunk_in(document, "a", 0), chunk_in(document, "d", 3))
    first, second = chunk_in(document, "b", 1, batch=1), chunk_in(document, "c", 2, batch=2)
    catalogue.chunks.replace(document.id, 1, text)
    catalogue.chunks.replace(document.id, 1, [replace(first, id=f"{document.id}.old")], batch=1)
    catalogue.chunks.replace(document.id, 1, [second], batch=2)
    catalogue.chunks.replace(document.id, 1, [first], batch=1)
    assert catalogue.chunks.of_document(document.id) == (text[0], first, second, text[1])
    assert catalogue.chunks.of_document(document.id, batch=0) == text
    assert catalogue.chunks.of_document(document.id, after=0, limit=1, batch=0) == text[1:]
    with pytest.raises(ValueError, match="not of batch"):
        catalogue.chunks.replace(document.id, 1, [first], batch=2)
    catalogue.chunks.replace(document.id, 1, text)
    assert catalogue.chunks.of_document(document.id) == text


def test_every_kind_of_chunk_is_taken(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.chunks.replace(document.id, 1, [chunk_in(document, kind, n, kind=kind) for n, kind in enumerate(KINDS)])
    assert tuple(chunk.kind for chunk in catalogue.chunks.of_document(document.id)) == KINDS


def test_replacing_takes_the_old_chunks_away(catalogue: Catalogue, home: str, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    other = publish(catalogue, new())
    catalogue.chunks.replace(document.id, 1, [chunk_in(document, "old", 0), chunk_in(document, "both", 1)])
    publish(catalogue, document, chunk_in(document, "both", 0), chunk_in(document, "new", 1))
    assert [chunk.id for chunk in catalogue.chunks.of_document(document.id)] == [
        f"{document.id}.both",
        f"{document.id}.new",
    ]
    assert catalogue.chunks.of_document(other.id) == (chunk_in(other),)
    with pytest.raises(Gone):
        catalogue.chunks.find(f"{document.id}.old")


def test_chunks_are_read_in_order_and_in_parts(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    in_order = tuple(chunk_in(document, f"{n}", n * 10) for n in range(6))
    catalogue.chunks.replace(document.id, 1, in_order[::-1])
    assert catalogue.chunks.of_document(document.id) == in_order
    assert catalogue.chunks.of_document(document.id, after=10) == in_order[2:]
    assert catalogue.chunks.of_document(document.id, after=15, limit=2) == in_order[2:4]
    assert catalogue.chunks.of_document(document.id, after=50) == ()
    assert catalogue.chunks.of_document(document.id, limit=0) == ()


def test_chunks_are_all_there_or_not_at_all(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.chunks.replace(document.id, 1, [chunk_in(document, "old")])
    with pytest.raises(ValueError, match="same id"):
        catalogue.chunks.replace(document.id, 1, [chunk_in(document, "x", 0), chunk_in(document, "x", 1)])
    with pytest.raises(ValueError, match="not of document"):
        catalogue.chunks.replace(document.id, 1, [chunk_in(document, "x"), chunk_in(new())])
    assert catalogue.chunks.of_document(document.id) == (chunk_in(document, "old"),)
    assert catalogue.documents.find(document.id).chunks == {"text": 1}


def test_a_reader_sees_the_old_chunks_or_the_new_ones(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    sets = [tuple(chunk_in(document, f"{letter}{n}", n) for n in range(40)) for letter in "ab"]
    catalogue.chunks.replace(document.id, 1, sets[0])
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(catalogue.chunks.replace, document.id, 1, sets[n % 2]) for n in range(10)]
        reads = [pool.submit(catalogue.chunks.of_document, document.id) for _ in range(30)]
    assert all(write.result() for write in writes)
    assert all(read.result() in sets for read in reads)


# ---------------------------------------------------------------- evidence


def test_evidence_comes_in_the_order_asked_for_each_once(catalogue: Catalogue, home: str, new: New) -> None:
    first, second = publish(catalogue, new()), new()
    second = publish(catalogue, second, *(chunk_in(second, digest, n) for n, digest in enumerate("abc")))
    asked = [f"{second.id}.c", f"{first.id}.a", "x.y", f"{second.id}.a", f"{second.id}.c", "", f"{second.id}.nope"]
    found = catalogue.chunks.evidence(asked, [home])
    assert [evidence.id for evidence in found] == [f"{second.id}.c", f"{first.id}.a", f"{second.id}.a"]
    assert [evidence.document for evidence in found] == [second, first, second]
    assert catalogue.chunks.evidence([], [home]) == ()


def test_evidence_of_thousands_of_chunks_comes_in_order(catalogue: Catalogue, home: str, new: New) -> None:
    document = new()
    publish(catalogue, document, *(chunk_in(document, f"{n}", n) for n in range(1_700)))
    asked = [f"{document.id}.{n}" for n in reversed(range(1_700))]
    assert [evidence.id for evidence in catalogue.chunks.evidence(asked, [home])] == asked


@pytest.mark.parametrize("status", STATUSES)
def test_evidence_is_of_findable_documents_only(catalogue: Catalogue, home: str, new: New, status: Status) -> None:
    document = new()
    catalogue.documents.record(document)
    catalogue.chunks.replace(document.id, 1, [chunk_in(document)])
    bring_to(catalogue, document, status)
    found = catalogue.chunks.evidence([f"{document.id}.a"], [home])
    assert len(found) == (1 if status in ("ready", "partial") else 0)
    assert len(catalogue.chunks.of_document(document.id)) == 1


def test_evidence_is_of_the_collections_asked_for_only(catalogue: Catalogue, home: str, new: New) -> None:
    other = catalogue.collections.create("other", {})
    mine, theirs = publish(catalogue, new()), publish(catalogue, new(collection_id=other.id))
    asked = [f"{theirs.id}.a", f"{mine.id}.a"]
    assert [one.id for one in catalogue.chunks.evidence(asked, [home])] == [f"{mine.id}.a"]
    assert [one.id for one in catalogue.chunks.evidence(asked, [other.id])] == [f"{theirs.id}.a"]
    assert [one.id for one in catalogue.chunks.evidence(asked, {home, other.id, "never"})] == asked
    assert catalogue.chunks.evidence(asked, []) == ()


def test_lists_hold_short_page_reports_and_leave_long_ones_out(catalogue: Catalogue, home: str, new: New) -> None:
    report = (PageReport(1, "text"),)
    for pages in (MOST_LISTED_PAGES, MOST_LISTED_PAGES + 1):
        catalogue.documents.record(new(pages=pages, page_report=report))
    short, long = catalogue.documents.page(home, None, 10).items
    assert (short.page_report, long.page_report) == (report, ())
    assert catalogue.documents.find(long.id).page_report == report


def test_documents_of_evidence_and_filters_come_without_their_long_page_report(
    catalogue: Catalogue, home: str, new: New
) -> None:
    document = publish(catalogue, new(page_report=(PageReport(1, "text"),)))
    light = replace(document, page_report=())
    assert catalogue.documents.find(document.id).page_report == (PageReport(1, "text"),)
    assert catalogue.documents.findable([home]) == (light,)
    assert catalogue.chunks.evidence([f"{document.id}.a"], [home])[0].document == light
    assert catalogue.chunks.find(f"{document.id}.a").document == light


def test_who_only_reads_chunks_may_get_them_without_regions(catalogue: Catalogue, home: str, new: New) -> None:
    document = new()
    publish(catalogue, document, chunk_in(document, regions=(Region(2, Box(0, 0, 1, 1)),), place=Place(("1",))))
    (whole,) = catalogue.chunks.standing([f"{document.id}.a"], [home])
    (read,) = catalogue.chunks.standing([f"{document.id}.a"], [home], placed=False)
    assert whole.regions
    assert replace(read, regions=(), place=None) == replace(whole, regions=(), place=None)


@pytest.mark.parametrize("placed", [True, False])
def test_chunks_stand_that_are_evidence_in_the_same_order(
    catalogue: Catalogue, home: str, new: New, placed: bool
) -> None:
    other = catalogue.collections.create("other", {})
    first, second, theirs = publish(catalogue, new()), new(), publish(catalogue, new(collection_id=other.id))
    publish(catalogue, second, *(chunk_in(second, digest, n) for n, digest in enumerate("abc")))
    gone, coming = publish(catalogue, new()), new()
    catalogue.erasure.delete(gone.id)
    catalogue.documents.record(coming)
    catalogue.chunks.replace(coming.id, 1, [chunk_in(coming)])
    whole = [f"{one.id}.{digest}" for digest in "cab" for one in (second, first, theirs, gone, coming)]
    for asked in ([*whole, "x.y", "", whole[0]], []):
        for within in ([home], [home, other.id], []):
            evidence = [one.id for one in catalogue.chunks.evidence(asked, within)]
            assert [chunk.id for chunk in catalogue.chunks.standing(asked, within, placed)] == evidence
    assert len(catalogue.chunks.standing(whole, [home], placed)) == 4


def test_a_chunk_of_no_document_is_missing(catalogue: Catalogue, new: New) -> None:
    for chunk_id in ("never.a", "never", "", ".", "a.b.c", "'; DROP TABLE chunks; --"):
        with pytest.raises(Missing):
            catalogue.chunks.find(chunk_id)


# ---------------------------------------------------------------- hostile text


def test_text_that_no_database_can_hold_is_made_storable(catalogue: Catalogue, new: New) -> None:
    document = new(name=HOSTILE, title=HOSTILE, metadata={HOSTILE: [HOSTILE]}, problems=(Problem(HOSTILE),))
    kept = publish(
        catalogue,
        document,
        chunk_in(document, text=HOSTILE, search_text=HOSTILE, place=Place((HOSTILE,), HOSTILE)),
    )
    assert (kept.name, kept.title, kept.metadata) == (HARMLESS, HARMLESS, {HARMLESS: [HARMLESS]})
    assert kept.problems == (Problem(HARMLESS),)
    chunk = catalogue.chunks.find(f"{document.id}.a").chunk
    assert (chunk.text, chunk.search_text, chunk.place) == (HARMLESS, HARMLESS, Place((HARMLESS,), HARMLESS))


def test_a_hostile_id_is_merely_missing(catalogue: Catalogue, home: str) -> None:
    with pytest.raises(Missing):
        catalogue.documents.find(HOSTILE)
    with pytest.raises(Missing):
        catalogue.collections.find(HOSTILE)
    with pytest.raises(Missing):
        catalogue.chunks.find(HOSTILE)
    assert catalogue.chunks.evidence([HOSTILE], [home, HOSTILE]) == ()
    assert catalogue.chunks.of_document(HOSTILE) == ()
    assert not catalogue.erasure.bytes_wanted(HOSTILE)


def test_an_update_makes_text_storable_too(catalogue: Catalogue, new: New) -> None:
    document, _ = catalogue.documents.record(new())
    assert catalogue.runs.update(document.id, 1, title=HOSTILE, problems=[Problem(HOSTILE)])
    kept = catalogue.documents.find(document.id)
    assert (kept.title, kept.problems) == (HARMLESS, (Problem(HARMLESS),))


def test_a_megabyte_of_text_is_kept(catalogue: Catalogue, new: New) -> None:
    document = new()
    long = "长" * 400_000
    publish(catalogue, document, chunk_in(document, text=long))
    assert catalogue.chunks.find(f"{document.id}.a").chunk.text == long


# ---------------------------------------------------------------- leases


def test_a_lease_that_expired_is_claimed_unless_it_is_renewed(catalogue: Catalogue, clock: Clock) -> None:
    leases = catalogue.leases
    leases.hold("a", 60)
    leases.hold("b", 30)
    assert leases.claim("c") == ()
    clock.at += timedelta(seconds=30)
    assert leases.renew("b", 60)
    assert leases.claim("c") == ()
    clock.at += timedelta(seconds=90)
    assert leases.claim("c") == ("a", "b")


def test_a_claimed_lease_is_renewed_no_more(catalogue: Catalogue, clock: Clock) -> None:
    catalogue.leases.hold("a", 1)
    clock.at += timedelta(seconds=5)
    catalogue.leases.hold("b", 60)
    assert catalogue.leases.claim("b") == ("a",)
    assert not catalogue.leases.renew("a", 60)
    catalogue.leases.release("a")
    assert not catalogue.leases.renew("a", 60)
    assert catalogue.leases.claim("b") == ()


def test_a_lease_is_claimed_by_one_living_worker_alone(catalogue: Catalogue, clock: Clock) -> None:
    catalogue.leases.hold("dead", 1)
    clock.at += timedelta(seconds=5)
    for worker in ("b", "c"):
        catalogue.leases.hold(worker, 60)
    assert catalogue.leases.claim("b") == ("dead",)
    assert catalogue.leases.claim("c") == ()
    assert catalogue.leases.claim("b") == ("dead",)  # until it is released
    clock.at += timedelta(seconds=90)  # b died over it
    catalogue.leases.renew("c", 60)
    assert catalogue.leases.claim("c") == ("b", "dead")


def test_one_worker_may_take_its_lease_from_many_threads(catalogue: Catalogue) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: catalogue.leases.hold("a", -10), range(24)))
    assert catalogue.leases.claim("b") == ("a",)


def test_a_worker_whose_lease_was_claimed_changes_no_run_and_no_chunk(
    catalogue: SqlCatalogue, clock: Clock, new: New
) -> None:
    document, _ = catalogue.documents.record(new())
    catalogue.leases.hold("slow", 10)
    slow = catalogue.fenced("slow")
    assert slow.chunks.replace(document.id, 1, [chunk_in(document)])
    assert slow.runs.update(document.id, 1, status="running")
    clock.at += timedelta(seconds=30)
    assert catalogue.leases.claim("other") == ("slow",)
    before = catalogue.documents.find(document.id)
    writes: list[Callable[[], bool]] = [
        lambda: slow.runs.update(document.id, 1, progress=0.9),
        lambda: slow.runs.publish(document.id, 1, "ready"),
        lambda: slow.chunks.replace(document.id, 1, []),
        lambda: slow.chunks.describe(document.id, 1, []),
    ]
    for write in writes:
        with pytest.raises(Unavailable, match="taken over"):
            write()
    assert slow.documents.find(document.id) == before
    assert len(slow.chunks.of_document(document.id)) == 1
    assert catalogue.runs.publish(document.id, 1, "ready")


# ---------------------------------------------------------------- new versions


def test_a_new_version_takes_the_formers_place_in_one_step(catalogue: Catalogue, home: str, new: New) -> None:
    old = bring_to(catalogue, new(), "ready")
    fresh, _ = catalogue.documents.record(new(replaces=old.id))
    assert fresh.replaces == old.id
    catalogue.runs.publish(fresh.id, 1, "running")
    assert catalogue.documents.find(old.id).findable
    assert catalogue.runs.publish(fresh.id, 1, "ready")
    assert [one.id for one in catalogue.documents.findable([home])] == [fresh.id]
    with pytest.raises(Gone):
        catalogue.documents.find(old.id)
    assert [one.id for one in catalogue.erasure.deleted()] == [old.id]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_new_version_that_fails_leaves_the_former(catalogue: Catalogue, new: New, status: Status) -> None:
    old = bring_to(catalogue, new(), "ready")
    fresh, _ = catalogue.documents.record(new(replaces=old.id))
    catalogue.runs.update(fresh.id, 1, status=status)
    assert catalogue.documents.find(old.id) == old
    assert catalogue.documents.record(new(replaces=old.id))[1] is False  # and another one may try


def test_a_document_is_replaced_by_one_version_at_a_time(catalogue: Catalogue, new: New) -> None:
    old = bring_to(catalogue, new(), "ready")
    first, _ = catalogue.documents.record(new(replaces=old.id))
    with pytest.raises(Conflict, match=f"replaced already, by {first.id}"):
        catalogue.documents.record(new(replaces=old.id))
    again, duplicate = catalogue.documents.record(new(replaces=old.id, sha256=first.sha256))
    assert (again.id, duplicate) == (first.id, True)


def test_only_what_is_there_is_replaced(catalogue: Catalogue, new: New) -> None:
    old = bring_to(catalogue, new(), "ready")
    other = catalogue.collections.create("other", {})
    with pytest.raises(Conflict, match="another collection"):
        catalogue.documents.record(new(replaces=old.id, collection_id=other.id, collection="other"))
    catalogue.erasure.delete(old.id)
    with pytest.raises(Gone):
        catalogue.documents.record(new(replaces=old.id))
    with pytest.raises(Missing):
        catalogue.documents.record(new(replaces="nobody"))


def test_the_same_bytes_are_no_new_version(catalogue: Catalogue, new: New) -> None:
    old, third = bring_to(catalogue, new(), "ready"), bring_to(catalogue, new(), "ready")
    assert catalogue.documents.record(new(replaces=old.id, sha256=old.sha256)) == (old, True)
    with pytest.raises(Conflict, match=f"as the document {third.id}"):
        catalogue.documents.record(new(replaces=old.id, sha256=third.sha256))


def test_what_came_only_inside_the_former_goes_with_it(catalogue: Catalogue, home: str, new: New) -> None:
    old = bring_to(catalogue, new(), "ready")
    attached = [catalogue.documents.record(new(), old.id)[0] for _ in range(2)]
    fresh, _ = catalogue.documents.record(new(replaces=old.id))
    catalogue.documents.record(new(sha256=attached[0].sha256), fresh.id)
    catalogue.runs.publish(fresh.id, 1, "ready")
    assert {one.id for one in catalogue.documents.page(home, None, 10).items} == {fresh.id, attached[0].id}
