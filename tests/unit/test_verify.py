"""Every loss and every orphan is found, told, and repaired, over in-memory twins."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from app.adapters.memory.blobs import MemoryBlobs
from app.adapters.memory.indexes import MemoryVectors, MemoryWords
from app.adapters.vectors.kept import KeptInBlobs
from app.services.upkeep.compaction import Compacting, compact_words
from app.services.upkeep.verify import Repairing, Verify
from domain.documents import Chunk, Document, Status
from domain.errors import Conflict, Unavailable
from domain.evidence import Space
from domain.ports import IndexName, VectorRow, Vectors, WordsRow
from domain.upkeep import Finding, Report
from ingest.originals import Originals
from ingest.stores import Stores
from tests.catalogues import fresh_catalogue

ENCODERS: dict[Space, str] = {"text": "mini", "image": "clip"}
WIDTH = 24


class House:
    """Two documents of twelve chunks, one of which shows a picture; all is whole."""

    def __init__(self) -> None:
        self.catalogue, self.words, self.vectors = fresh_catalogue(), MemoryWords(), MemoryVectors()
        self.blobs = MemoryBlobs()
        self.kept = KeptInBlobs(self.blobs)
        self.collection = self.catalogue.collections.stamp(
            self.catalogue.collections.find("default").id, {str(space): name for space, name in ENCODERS.items()}
        ).id
        self.encoded: list[str] = []
        self.coming: Mapping[Space, str] = {}
        self.available = True
        for id in ("one", "two"):
            self.take(id)

    def index(self, space: Space) -> IndexName:
        return IndexName(self.collection, space, ENCODERS[space])

    def take(self, id: str, status: Status = "ready", attempt: int = 1) -> None:
        data = f"the bytes of {id}".encode()
        sha, now = hashlib.sha256(data).hexdigest(), datetime.now(UTC)
        self.catalogue.documents.record(
            Document(id, self.collection, "default", id, "text/plain", 1, sha, "queued", now)
        )
        self.blobs.put(f"originals/{sha}", data)
        crop = f"documents/{id}/crops/{sha}"
        self.blobs.put(crop, b"picture")
        chunks = [
            Chunk(f"{id}.{n}", id, n, "text", f"wind {n}", f"wind {n} of {id}", image=crop if n == 3 else None)
            for n in range(12)
        ]
        self.catalogue.chunks.replace(id, attempt, chunks)
        if status == "ready":
            self.catalogue.runs.publish(id, attempt, status)
        else:
            self.catalogue.runs.update(id, attempt, status=status, stage="index")
        for space in ENCODERS:
            ids = [chunk.id for chunk in chunks if wants(space, chunk)]
            self.kept.keep(id, space, ENCODERS[space], 0, ids, made(ids))
            self.vectors.add(self.index(space), [VectorRow(i, id, "text", v) for i, v in zip(ids, made(ids))])  # noqa: B905
        self.words.add(self.collection, [WordsRow(c.id, id, c.kind, c.search_text) for c in chunks])

    async def encode(self, space: Space, encoder: str, chunks: Sequence[Chunk]) -> tuple[list[str], Vectors]:
        if not self.available:
            raise Unavailable("The encoding process is closed")
        assert encoder == ENCODERS[space]
        ids = [chunk.id for chunk in chunks]
        self.encoded += ids
        return ids, made(ids)

    def erase(self, document_ids: list[str], collection_id: str) -> None:
        for space in ENCODERS:
            self.vectors.remove_documents(self.index(space), document_ids)
        self.words.remove_documents(collection_id, document_ids)
        gone = self.catalogue.erasure.deleted()
        for document_id in document_ids:
            self.blobs.delete(f"documents/{document_id}")
            self.catalogue.erasure.erase(document_id)
        for document in gone:
            Originals(self.catalogue.documents, self.catalogue.erasure, self.blobs).release(document)

    def service(self, parts: Mapping[str, Callable[[], Awaitable[str | None]]] | None = None) -> Verify:
        stores = Stores(self.catalogue, self.blobs, self.kept, self.vectors, self.words)
        sweep = Originals(self.catalogue.documents, self.catalogue.erasure, self.blobs).sweep
        repairing = Repairing(wants, self.encode, self.erase, sweep, lambda collection_id: self.coming)
        return Verify(stores, repairing, Compacting(parts or {}, lambda: {"blobs": len(self.blobs.keys(""))}))

    async def look(self) -> Report:
        return await self.service().verify()

    async def repaired(self) -> Report:
        """What a repair reports; a second look finds all whole."""
        report = await self.service().verify(repair=True)
        again = await self.look()
        assert again.findings == ()
        assert again.whole
        return report


def wants(space: Space, chunk: Chunk) -> bool:
    return space == "text" or chunk.image is not None


def made(ids: Sequence[str]) -> Vectors:
    """The same vector for the same id, as an encoder has it."""
    rows = [np.random.default_rng(list(id.encode())).normal(size=WIDTH) for id in ids]
    units: Vectors = np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)
    return units


def only(report: Report) -> Finding:
    [finding] = report.findings
    return finding


@pytest.fixture
def house() -> House:
    return House()


async def test_what_is_whole_is_said_to_be(house: House) -> None:
    report = await house.look()
    assert report.findings == ()
    counts = {"collections": 1, "documents": 2, "chunks": 24, "vectors": 26, "words": 24, "blobs": 8}
    assert report.checked == counts


async def test_a_single_lost_vector_is_found_among_all_and_put_back_without_a_model(house: House) -> None:
    house.vectors.remove(house.index("text"), ["two.7"])
    finding = only(await house.look())
    assert (finding.fault, finding.part, finding.count, finding.mended) == ("loss", "vectors", 1, 0)
    assert (finding.examples, finding.space, finding.collection) == (("two.7",), "text", "default")
    assert only(await house.repaired()).mended == 1
    assert house.encoded == []


async def test_a_vector_that_is_another_than_the_kept_one_is_replaced(house: House) -> None:
    wrong = made(["something else"])[0]
    house.vectors.add(house.index("image"), [VectorRow("one.3", "one", "text", wrong)])
    assert only(await house.repaired()).part == "vectors"
    assert house.vectors.search(house.index("image"), made(["one.3"])[0], 1)[0][1] > 0.999


async def test_lost_words_come_back_from_the_catalogue(house: House) -> None:
    house.words.remove(house.collection, ["one.0", "one.1"])
    finding = only(await house.repaired())
    assert (finding.fault, finding.part, finding.count, finding.mended) == ("loss", "words", 2, 2)


async def test_kept_vectors_come_back_from_the_index_first(house: House) -> None:
    house.kept.forget("one", "text", "mini")
    finding = only(await house.repaired())
    assert (finding.part, finding.count, finding.mended) == ("kept", 12, 12)
    assert house.encoded == []


async def test_what_is_lost_in_both_is_encoded_again(house: House) -> None:
    house.kept.forget("one", "text", "mini")
    house.vectors.remove_documents(house.index("text"), ["one"])
    report = await house.repaired()
    assert {finding.part: finding.mended for finding in report.findings} == {"kept": 12, "vectors": 12}
    assert len(house.encoded) == 12


async def test_damaged_kept_vectors_are_made_whole(house: House) -> None:
    [key] = [key for key in house.blobs.keys("documents/one/vectors") if "text" in key]
    house.blobs.put(key, b"torn")
    assert only(await house.repaired()).part == "kept"


async def test_without_an_encoder_the_loss_stands_and_is_told(house: House) -> None:
    house.kept.forget("one", "text", "mini")
    house.vectors.remove_documents(house.index("text"), ["one"])
    house.available = False
    report = await house.service().verify(repair=True)
    assert (only(report).count, only(report).mended, report.whole) == (12, 0, False)


async def test_rows_of_documents_that_are_gone_are_orphans(house: House) -> None:
    house.words.add(house.collection, [WordsRow("never.1", "never", "text", "ghost")])
    house.vectors.add(house.index("text"), [VectorRow("one.99", "one", "text", made(["ghost"])[0])])
    report = await house.repaired()
    assert {(f.fault, f.part, f.examples) for f in report.findings} == {
        ("orphan", "words", ("never.1",)),
        ("orphan", "vectors", ("one.99",)),
    }


async def test_indexes_and_files_of_nobody_are_orphans(house: House) -> None:
    stranger, old = IndexName("gone", "text", "mini"), IndexName(house.collection, "text", "older")
    for name in (stranger, old):
        house.vectors.add(name, [VectorRow("x.1", "x", "text", made(["x"])[0])])
    house.words.add("gone", [WordsRow("x.1", "x", "text", "ghost")])
    for key in ("documents/x/crops/abc", "documents/one/vectors/text-older/00000.npz", "originals/" + "a" * 64):
        house.blobs.put(key, b"?")
    report = await house.repaired()
    assert {(f.part, f.count) for f in report.findings} == {("vectors", 2), ("words", 1), ("blobs", 3)}
    assert set(house.vectors.indexes()) == {house.index("text"), house.index("image")}


async def test_what_an_unfinished_reindexing_has_made_is_no_orphan(house: House) -> None:
    house.coming = {"text": "newer", "image": "clip"}
    house.vectors.add(IndexName(house.collection, "text", "newer"), [VectorRow("one.1", "one", "text", made(["x"])[0])])
    house.blobs.put("documents/one/vectors/text-newer/00000.npz", b"?")
    assert (await house.look()).findings == ()


async def test_documents_on_their_way_in_are_left_alone(house: House) -> None:
    house.take("coming", status="running")
    house.vectors.remove(house.index("text"), ["coming.1"])
    assert (await house.look()).findings == ()


async def test_lost_originals_and_crops_are_told_though_nothing_can_repair_them(house: House) -> None:
    sha = house.catalogue.documents.find("one").sha256
    house.blobs.put(f"originals/{sha}", b"other bytes")
    house.blobs.delete("documents/two/crops")
    report = await house.service().verify(repair=True)
    assert {(f.part, f.count, f.mended) for f in report.findings} == {("originals", 1, 0), ("crops", 1, 0)}
    assert not report.whole


async def test_a_deletion_is_completed_by_a_repair(house: House) -> None:
    house.catalogue.erasure.delete("one")
    report = await house.look()
    assert (report.erasing, report.findings) == (1, ())
    await house.repaired()
    assert house.words.ids(house.collection) == {f"two.{n}" for n in range(12)}
    assert not house.blobs.keys("documents/one")


async def test_two_at_once_are_one_too_many(house: House) -> None:
    service = house.service()
    results = await asyncio.gather(service.verify(), service.verify(), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [Conflict.__name__, Report.__name__]


async def test_compacting_goes_through_the_parts_and_says_which_it_left(house: House) -> None:
    async def works() -> None:
        pass

    async def refuses() -> str:
        raise Unavailable("it is busy")

    async def elsewhere() -> str:
        return "a server's own matter"

    house.blobs.put("documents/one/renders/1", b"page")
    house.blobs.put("documents/one/crops/unused", b"crop")
    parts = {"a": works, "b": refuses, "c": elsewhere}
    report = await house.service(parts).verify(compact=True)
    assert report.compaction is not None
    assert report.compaction.notices == ("b: it is busy", "c: a server's own matter")
    assert (report.compaction.before["blobs"], report.compaction.after["blobs"]) == (10, 8)


def test_words_are_compacted_from_the_catalogue(house: House) -> None:
    before = house.words.search(house.collection, "wind 3 of two", 5)
    compact_words(house.catalogue.chunks, house.words)
    assert house.words.search(house.collection, "wind 3 of two", 5) == before
    assert len(house.words.ids(house.collection)) == 24
