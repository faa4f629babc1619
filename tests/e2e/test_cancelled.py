"""Cancelling ends the work, not only the document: in the middle of reading a long scan."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.e2e.service import Service

PAGES = 40
LINES = 50


def long_scan() -> bytes:
    """A PDF of pictures of words: a minute's work for the recogniser."""
    font = ImageFont.load_default(22)
    pages = []
    for page in range(PAGES):
        picture = Image.new("L", (900, 1270), "white")
        pen = ImageDraw.Draw(picture)
        for line in range(LINES):
            pen.text((40, 20 + 24 * line), f"Page {page} line {line}: the boat left the harbour before dawn", 0, font)
        pages.append(picture)
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def seconds_of_work(service: Service, over: float) -> float:
    """Processor time that the service's children take in so many seconds."""
    assert service.process is not None

    def used() -> dict[int, float]:
        children = psutil.Process(service.process.pid).children(recursive=True) if service.process else []
        return {child.pid: sum(child.cpu_times()[:2]) for child in children}

    before = used()
    time.sleep(over)
    return sum(now - before.get(pid, 0.0) for pid, now in used().items())


@pytest.mark.timeout(180)
def test_cancelled_while_it_is_read_it_stops_at_once(service_in: Callable[..., Service]) -> None:
    service = service_in()
    service.start()
    [document] = service.upload(("scan.pdf", long_scan()))
    until = time.monotonic() + 60
    while service.document(document["id"])["stage"] != "describe":
        assert time.monotonic() < until, service.document(document["id"])
        time.sleep(0.05)
    time.sleep(1.0)  # in the middle of its pages
    assert seconds_of_work(service, 1.0) > 0.3

    began = time.monotonic()
    answer = service.http.post(f"/v1/documents/{document['id']}/cancel")
    assert answer.status_code == 202, answer.text
    assert service.document(document["id"])["status"] == "cancelled"
    assert time.monotonic() - began < 1.0

    time.sleep(2.0)
    assert seconds_of_work(service, 1.0) < 0.3

    began = time.monotonic()
    [note] = service.upload(("note.md", b"# Lantern\n\nThe lantern of Skerry burns whale oil."))
    [finished] = service.finished(note, timeout=30)
    assert finished["status"] == "ready"
    assert time.monotonic() - began < 20
    assert service.document(document["id"])["status"] == "cancelled"
    assert "Traceback" not in service.log()  # it was asked for
