"""An original's bytes stay exactly as long as a document wants them, whatever breaks on the way in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.adapters.blobs import LocalBlobs
from app.adapters.catalogue.catalogue import SqlCatalogue
from app.services.upkeep.repair import sweep_at_start
from domain.documents import Document
from domain.errors import ExhibitError
from ingest.originals import Originals


class House:
    def __init__(self, path: Path) -> None:
        self.catalogue = SqlCatalogue(f"sqlite:///{path}/catalogue.sqlite")
        self.blobs = LocalBlobs(path / "blobs")
        self.originals = Originals(self.catalogue.documents, self.catalogue.erasure, self.blobs)

    def take(self, id: str, sha256: str, collection: str = "default", **metadata: Any) -> None:
        of = self.catalogue.collections.find("default").id if collection == "default" else collection
        now = datetime.now(UTC)
        file = self.blobs.temporary()
        file.write_bytes(b"bytes")
        self.originals.take(
            file, Document(id, of, collection, id, "text/plain", 5, sha256, "queued", now, metadata=metadata)
        )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.catalogue.close()
    shutil.rmtree(tmp_path)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_bytes_whose_metadata_is_refused_do_not_stay(house: House) -> None:
    with pytest.raises(ExhibitError):
        house.take("a", "ab", deep=nested(70))
    assert house.blobs.keys("originals") == ()


def test_bytes_for_a_collection_deleted_meanwhile_do_not_stay(house: House) -> None:
    gone = house.catalogue.collections.create("gone", {}).id
    house.catalogue.collections.delete("gone")
    with pytest.raises(ExhibitError):
        house.take("a", "ab", collection=gone)
    assert house.blobs.keys("originals") == ()


def test_a_refused_upload_takes_no_other_documents_bytes(house: House) -> None:
    house.take("a", "ab")
    with pytest.raises(ExhibitError):
        house.take("b", "ab", deep=nested(70))
    assert house.blobs.keys("originals") == ("originals/ab",)


async def test_at_start_what_no_document_wants_is_swept_and_nothing_else(house: House) -> None:
    house.take("a", "ab")
    house.take("b", "cd")
    house.catalogue.erasure.delete("b")  # not erased yet: the erasing still wants to release it
    house.blobs.put("originals/ef", b"a kill fell between these bytes and their row")
    await sweep_at_start(house.originals.keys, house.originals.sweep)
    assert house.blobs.keys("originals") == ("originals/ab", "originals/cd")
