"""What a service that has taken documents in, and has been asked, does not hold in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.service import SAMPLES, Service

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="memory maps are Linux's")


def test_neither_the_service_nor_a_child_of_it_holds_torch(service_in: Callable[..., Service]) -> None:
    service = service_in()
    service.start()
    taken = service.finished(*service.upload(SAMPLES / "annual-report-2025.pdf", SAMPLES / "harbour-morning.jpg"))
    assert [document["status"] for document in taken] == ["ready", "ready"]
    assert service.search("a harbour in the morning")
    assert service.process is not None
    root = psutil.Process(service.process.pid)
    maps = [Path(f"/proc/{each.pid}/maps").read_text() for each in (root, *root.children(recursive=True))]
    assert "libopenvino" in maps[0]
    assert not any("libtorch" in libraries for libraries in maps)
