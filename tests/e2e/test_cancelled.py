"""Cancelling ends the work, not only the document: in the middle of reading a long scan."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.e2e.service import Service
from tests.waiting import wait_until

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


def slow_to_parse() -> bytes:
    """A PDF of a few kilobytes, each of whose pages draws a million lines: minutes' work for the parser."""
    lines = b"".join(b"%d %d m %d %d l S\n" % (n % 600, n % 800, n * 7 % 600, n * 13 % 800) for n in range(4800))
    drawing = zlib.compress(lines * 200 + b"BT /F1 12 Tf 50 700 Td (Hello) Tj ET", 9)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 16/Kids[%s]>>" % b" ".join(b"%d 0 R" % n for n in range(5, 21)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(drawing), drawing),
        *[page] * 16,
    ]
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % p for p in places
    )
    return out + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))


class Children:
    """What the service's children do: the processor's time of each, from one look to the next."""

    def __init__(self, service: Service) -> None:
        assert service.process is not None
        self._parent = psutil.Process(service.process.pid)
        self._before: dict[int, float] = {}
        self._quiet = 0
        self.busy: Counter[int] = Counter()  # at how many looks each has worked

    def all(self) -> set[int]:
        return {child.pid for child in self._parent.children(recursive=True)}

    def work(self) -> bool:
        """Whether one worked since the last look."""
        now: dict[int, float] = {}
        for child in self._parent.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                now[child.pid] = sum(child.cpu_times()[:2])
        working = {pid for pid, used in now.items() if used - self._before.get(pid, used) > 0.02}
        self._before = now
        self.busy.update(working)
        return bool(working)

    def rest(self) -> bool:
        """Whether nobody worked at the last twenty looks: on a busy machine one look says little."""
        self._quiet = 0 if self.work() else self._quiet + 1
        return self._quiet >= 20


@pytest.mark.parametrize(("stage", "make"), [("describe", long_scan), ("parse", slow_to_parse)])
def test_cancelled_while_it_is_read_it_stops_at_once(
    stage: str, make: Callable[[], bytes], service_in: Callable[..., Service]
) -> None:
    service = service_in()
    service.start()
    [document] = service.upload(("scan.pdf", make()))
    wait_until(lambda: service.document(document["id"])["stage"] == stage, lambda: service.document(document["id"]))
    children = Children(service)
    wait_until(lambda: children.work() and max(children.busy.values()) >= 10)  # it goes on, whoever else works
    busy = set(children.busy)

    answer = service.http.post(f"/v1/documents/{document['id']}/cancel")
    assert answer.status_code == 202, answer.text
    assert service.document(document["id"])["status"] == "cancelled"
    wait_until(children.rest)
    assert not busy <= children.all(), "a child that worked for it is ended"

    [note] = service.upload(("note.md", b"# Lantern\n\nThe lantern of Skerry burns whale oil."))
    [finished] = service.finished(note)  # its place in the queue is free
    assert finished["status"] == "ready"
    assert service.document(document["id"])["status"] == "cancelled"
    assert "Traceback" not in service.log()  # it was asked for
