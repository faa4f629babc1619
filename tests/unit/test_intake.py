"""What is inside an upload is taken in too: archives are opened, mails keep their attachments by them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest

from app.adapters.blobs import LocalBlobs
from app.services.intake import Intake, Taken
from app.services.library import ENQUEUED_AT_ONCE, Library, Upload
from domain.documents import Document
from domain.errors import Gone
from domain.ports import Jobs, Share
from ingest.identify import media_type_of
from ingest.originals import Originals, key
from ingest.unpack import Unpacked, UnpackLimits, unpack
from tests.catalogues import fresh_catalogue
from tests.waiting import until

LIMIT = 50 << 20


class NoJobs:
    """A queue that never works, and remembers what it is given."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.later = asyncio.Event()  # unset: what is enqueued after the reply waits
        self.later.set()

    async def ingest(self, document_id: str, attempt: int, share: Share) -> None:
        if share.place >= ENQUEUED_AT_ONCE:
            await self.later.wait()
        self.given.append(document_id)

    def __getattr__(self, verb: str) -> Any:
        async def done(*_: object) -> None: ...

        return done


class House:
    """Everything real but the queue, which keeps what it is given."""

    def __init__(self, folder: Path, limit: int = LIMIT, attachments: int = 1000) -> None:
        self.blobs = LocalBlobs(folder)
        self.jobs = NoJobs()
        self.catalogue = fresh_catalogue()
        take = Originals(self.catalogue.documents, self.catalogue.erasure, self.blobs).take
        catalogue = self.catalogue
        self.library = Library(
            catalogue.collections,
            catalogue.documents,
            catalogue.runs,
            catalogue.erasure,
            cast(Jobs, self.jobs),
            take,
            media_type_of,
        )
        self.intake = Intake(
            self.library,
            self.unpack,
            lambda document: self.blobs.path(key(document)),
            self.blobs.temporary,
            media_type_of,
            limit,
            attachments,
        )

    async def unpack(self, file: Path, media_type: str, folder: Path, limits: UnpackLimits) -> Unpacked:
        return await asyncio.to_thread(unpack, file, media_type, folder, limits)

    async def take_in(self, name: str, data: bytes, **metadata: Any) -> Taken:
        file = self.blobs.temporary()
        file.write_bytes(data)
        upload = Upload(file, name, len(data), hashlib.sha256(data).hexdigest())
        taken = await self.intake.take_in(self.catalogue.collections.find("default"), upload, metadata)
        assert self.left_over() == []
        return taken

    def left_over(self) -> list[Path]:
        session = self.blobs.temporary().parent
        return [path for path in session.rglob("*") if path.is_file()]

    def there(self) -> set[str]:
        home = self.catalogue.collections.find("default").id
        return {document.name for document in self.catalogue.documents.page(home, None, 200).items}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def mail(subject: str, **attachments: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@sea.example", subject
    message.set_content(f"The body of {subject}.")
    for name, data in attachments.items():
        message.add_attachment(data, "application", "octet-stream", filename=name.replace("_", "."))
    return message.as_bytes()


def named(taken: Taken) -> dict[str, Document]:
    return {document.name: document for document, _ in taken.documents}


def refusals(taken: Taken) -> dict[str, str]:
    return {name: str(error).partition(";")[0] for name, error in taken.rejected}


async def test_an_archive_becomes_the_documents_in_it(house: House) -> None:
    taken = await house.take_in("year.zip", zipped(q1__a_md=b"# One", b_bin=b"\x7fELF" + bytes(99)), year=2025)
    assert named(taken)["a.md"].metadata == {"year": 2025, "path": "year.zip/q1/a.md"}
    assert set(named(taken)) == {"a.md"} == house.there()
    assert refusals(taken) == {"year.zip/b.bin": "this is an ELF file (application/x-executable)"}


async def test_a_mail_and_its_attachments_are_documents_that_know_each_other(house: House) -> None:
    taken = await house.take_in("offer.eml", mail("Offer", prices_csv=b"a,b\n1,2\n", song_mp3=b"ID3\x03" + bytes(500)))
    letter, prices = named(taken)["offer.eml"], named(taken)["prices.csv"]
    assert prices.metadata == {"path": "offer.eml/prices.csv", "parent_id": letter.id, "parent": "offer.eml"}
    assert list(refusals(taken)) == ["offer.eml/song.mp3"]


async def test_deleting_a_mail_deletes_what_came_only_with_it(house: House) -> None:
    shared, own = b"a,b\n1,2\n", b"c,d\n3,4\n"
    first = await house.take_in("first.eml", mail("First", shared_csv=shared, own_csv=own, x_zip=zipped(in_txt=b"hi")))
    await house.take_in("second.eml", mail("Second", same_csv=shared))
    await house.take_in("own.csv", own)
    await house.library.delete(named(first)["first.eml"].id)
    assert house.there() == {"second.eml", "shared.csv", "own.csv"}
    with pytest.raises(Gone):
        house.catalogue.documents.find(named(first)["in.txt"].id)


async def test_things_inside_things_are_found_to_a_limited_depth(house: House) -> None:
    data = b"the innermost words"
    for n in range(8):
        data = zipped(**{("in_zip" if n else "in_txt"): data})
    taken = await house.take_in("out.zip", data)
    assert named(taken) == {}
    [(name, why)] = refusals(taken).items()
    assert name == "out.zip/in.zip/in.zip/in.zip/in.zip/in.zip"
    assert why == "archives and mails more than 5 deep inside each other are not opened"
    inner = mail("Inner", note_txt=b"a note")
    taken = await house.take_in("a.zip", zipped(outer_eml=mail("Outer", inner_eml=inner)))
    assert named(taken)["note.txt"].metadata["path"] == "a.zip/outer.eml/inner.eml/note.txt"
    assert named(taken)["note.txt"].metadata["parent_id"] == named(taken)["inner.eml"].id


async def test_one_allowance_covers_all_archives_of_an_upload(tmp_path: Path) -> None:
    house = House(tmp_path, limit=1 << 20)
    words = bytes(range(33, 127)) * 9000  # 846 kB
    inner = {f"{n}_zip": zipped(**{f"{n}_txt": words + bytes([48 + n])}) for n in range(6)}
    taken = await house.take_in("many.zip", zipped(**inner))
    assert len(taken.documents) == 4
    assert len(taken.rejected) == 2
    assert all("unpacks to more than" in str(error) for _, error in taken.rejected)


async def test_the_same_archive_again_brings_nothing_new(house: House) -> None:
    data = zipped(a_md=b"# One", b_md=b"# One")
    first, again = await house.take_in("a.zip", data), await house.take_in("a.zip", data)
    assert [duplicate for _, duplicate in first.documents] == [False, True]
    assert [duplicate for _, duplicate in again.documents] == [True, True]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped(), "the archive is empty"),
        (zipped(a_txt=b"words")[:-30], "the archive is damaged or cut off, or has too many entries to be read"),
    ],
)
async def test_an_archive_that_gives_nothing_says_so(house: House, data: bytes, why: str) -> None:
    assert refusals(await house.take_in("a.zip", data)) == {"a.zip": why}


async def test_a_mail_whose_parts_can_not_be_taken_apart_is_still_a_document(house: House) -> None:
    head = b"From: a@b.c\nSubject: x\nMIME-Version: 1.0\n"
    deep = head + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000))
    taken = await house.take_in("deep.eml", deep)
    assert set(named(taken)) == {"deep.eml"}
    assert refusals(taken) == {"deep.eml": "its parts lie too deep inside each other"}


async def test_of_many_files_each_is_enqueued_also_after_the_reply(house: House) -> None:
    files = {f"{n}_txt": f"note {n}".encode() for n in range(ENQUEUED_AT_ONCE + 20)}
    house.jobs.later.clear()
    taken = await house.take_in("many.zip", zipped(**files))
    assert (len(taken.documents), len(house.jobs.given)) == (len(files), ENQUEUED_AT_ONCE)
    house.jobs.later.set()
    await until(lambda: house.jobs.given == [document.id for document, _ in taken.documents])


async def test_a_request_takes_no_more_files_than_are_allowed(tmp_path: Path) -> None:
    house = House(tmp_path, attachments=2)
    inner = zipped(a_txt=b"a note", b_txt=b"b note", c_txt=b"c note")
    taken = await house.take_in("outer.zip", zipped(inner_zip=inner, d_txt=b"d note"))
    assert len(taken.documents) < 2
    assert [name for name, error in taken.rejected if "EXHIBIT_MAX_ATTACHMENTS" in str(error)] != []
