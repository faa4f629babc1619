"""The disk fills up: searches and deletions go on, what can't be done is told, and with room again it is done."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.service import SAMPLES, Service
from tests.waiting import wait_until

SIZE_MB = 48

pytestmark = pytest.mark.skipif("EXHIBIT_SLOW_TESTS" not in os.environ, reason="takes minutes: EXHIBIT_SLOW_TESTS=1")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "service" / "data"
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return ballast


def test_a_full_disk_is_told_and_got_over(small_disk: Path, service_in: Callable[..., Service]) -> None:
    service = service_in("service")
    service.start()
    service.http.post("/v1/collections", json={"name": "other"}).raise_for_status()
    [notes] = service.finished(*service.upload(SAMPLES / "carriers-notes.md"))
    begun = service.upload(SAMPLES / "annual-report-2025.pdf", SAMPLES / "lost-property-2025.csv")
    ballast = fill(small_disk)

    until = time.monotonic() + 30  # longer than the tries and their pauses
    while time.monotonic() < until:
        assert service.search("Who wrote the carriers' notes?")
        time.sleep(0.5)
    upload = {"file": ("a.md", b"# A\n\n" + b"word " * 9999)}
    refused = service.http.post("/v1/collections/default/documents", files=upload)
    assert refused.status_code == 503
    assert "No space left" in refused.json()["detail"]

    assert (small_disk / "reserve").is_file()
    assert service.http.delete(f"/v1/documents/{notes['id']}").status_code == 204
    assert service.http.get(f"/v1/documents/{notes['id']}").status_code == 410
    assert service.http.delete("/v1/collections/other").status_code == 204

    ballast.unlink()
    wait_until(lambda: not (small_disk / "blobs" / "documents" / notes["id"]).exists())
    for document in service.finished(*begun):
        if document["status"] == "failed":
            assert document["problems"][0]["message"]
            service.http.post(f"/v1/documents/{document['id']}/retry").raise_for_status()
    assert {document["status"] for document in service.finished(*begun)} == {"ready"}
    assert service.process is not None
    assert service.process.poll() is None
