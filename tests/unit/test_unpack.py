"""Archives are taken apart member by member: what is bad costs itself, what is a bomb costs little."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import TooLarge, Unreadable
from ingest.parse.formats import MAILBOX, ZIP
from ingest.unpack import PIECE, Unpacked, UnpackLimits, unpack

MB = 1 << 20
LIMITS = UnpackLimits(members=100, total=200 * MB, member=100 * MB)


def zipped(fill: Callable[[zipfile.ZipFile], object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        fill(archive)
    return out.getvalue()


def holding(*members: tuple[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    def fill(archive: zipfile.ZipFile) -> None:
        for name, data in members:
            archive.writestr(name, data)

    return zipped(fill, method)


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Unpacked]:
    numbers = iter(range(100))

    def opened(data: bytes, limits: UnpackLimits = LIMITS, media_type: str = ZIP) -> Unpacked:
        folder = tmp_path / f"out{next(numbers)}"
        folder.mkdir()
        (tmp_path / "a.zip").write_bytes(data)
        return unpack(tmp_path / "a.zip", media_type, folder, limits)

    return opened


def refusals(unpacked: Unpacked) -> dict[str, str]:
    return {path: str(error) for path, error in unpacked.refused}


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


Opened = Callable[..., Unpacked]


def test_members_come_out_whole_with_their_paths(opened: Opened) -> None:
    content = b"words and words " * 200_000
    found = opened(holding(("a/b.txt", content), ("c/", "")))
    [member] = found.members
    assert (member.path, member.name, member.size) == ("a/b.txt", "b.txt", len(content))
    assert member.sha256 == hashlib.sha256(content).hexdigest()
    assert member.file.read_bytes() == content


def test_paths_can_not_leave_the_folder_and_links_are_not_followed(opened: Opened, tmp_path: Path) -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        for name in ("../out.txt", "/etc/passwd", "a/../../x.txt", "C:\\x.txt", "..\\y.txt"):
            archive.writestr(name, "bad")
        archive.writestr(entry("link.txt", stat.S_IFLNK | 0o777), "/etc/passwd")
        archive.writestr(entry("pipe", stat.S_IFIFO | 0o777), "x")
        archive.writestr("good..name.txt", "good")

    found = opened(zipped(fill))
    assert [member.path for member in found.members] == ["good..name.txt"]
    told = refusals(found)
    assert told.pop("link.txt") == "it is a symbolic link, not a file"
    assert told.pop("pipe") == "it is a device, not a file"
    assert set(told.values()) == {"its path leads out of the archive"}
    assert len(told) == 5
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"a.zip", found.members[0].file.name}


def test_names_with_line_ends_or_of_ten_kilobytes_are_cleaned(opened: Opened) -> None:
    found = opened(holding(("new\nline\u202e.txt", "x"), ("n" * 10_000 + ".txt", "y")))
    first, second = found.members
    assert first.path == "new line .txt"
    assert len(second.name) <= 255
    assert second.name.endswith(".txt")


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_chinese_names_are_read_whatever_system_wrote_them(opened: Opened, codec: str) -> None:
    name = "第一季度销售报告的会议记录.txt"
    data = zipped(lambda archive: archive.writestr("#" * len(name.encode(codec)), "x"), zipfile.ZIP_STORED)
    data = data.replace(b"#" * len(name.encode(codec)), name.encode(codec))
    assert [member.path for member in opened(data).members] == [name]


def test_a_locked_empty_or_broken_member_does_not_stop_the_others(opened: Opened) -> None:
    def fill(archive: zipfile.ZipFile) -> None:
        archive.writestr("good.txt", "good words")
        archive.writestr("empty.txt", "")
        archive.writestr("broken.txt", "these words are flipped", zipfile.ZIP_STORED)
        archive.writestr("lzma.txt", "x" * 100, zipfile.ZIP_LZMA)
        archive.writestr("locked.txt", "secret")
        archive.writestr("__MACOSX/._good.txt", "litter")

    data = bytearray(zipped(fill).replace(b"these words", b"those words"))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):  # the bit that says: encrypted
        at = [i for i in range(len(data)) if data[i : i + 4] == signature][4]
        data[at + offset] |= 1
    found = opened(bytes(data))
    assert [member.path for member in found.members] == ["good.txt"]
    assert refusals(found) == {
        "empty.txt": "the file is empty",
        "broken.txt": "it is damaged or cut off",
        "lzma.txt": "it is compressed in a way that is not read here",
        "locked.txt": "it needs a password",
    }


def test_a_zip_bomb_is_refused_and_its_neighbours_are_taken(opened: Opened, tmp_path: Path) -> None:
    bomb = b"\0" * (64 * MB)
    found = opened(holding(("bomb", bomb), ("good.txt", "good")))
    assert [member.path for member in found.members] == ["good.txt"]
    assert refusals(found) == {"bomb": "it unpacks to over 200 times its size: more than is safe to read"}
    assert sum(path.stat().st_size for path in (tmp_path / "out0").iterdir()) == 4


def test_members_that_are_a_zip_bomb_together_are_refused(opened: Opened) -> None:
    part = b"\0" * (20 * MB)
    found = opened(holding(*((f"{n}", part) for n in range(4))))
    assert len(found.members) == 1
    assert all("200 times" in why for why in refusals(found).values())


def test_sizes_and_numbers_are_limited(opened: Opened) -> None:
    data = holding(*((f"{n}.txt", b"x" * 3000) for n in range(5)), method=zipfile.ZIP_STORED)
    too_many = opened(data, UnpackLimits(3, 10**6, 10**6))
    assert len(too_many.members) == 3
    assert refusals(too_many) == {
        "": "only 3 of its 5 files were taken in; EXHIBIT_MAX_ATTACHMENTS is the limit for one upload"
    }
    assert opened(data, UnpackLimits(9, 10**6, 2 * PIECE)).refused == ()
    too_large = opened(data, UnpackLimits(9, 10**6, 2000))
    assert not too_large.members
    assert all(isinstance(error, TooLarge) for _, error in too_large.refused)
    assert len(opened(data, UnpackLimits(9, 7000, 10**6)).members) == 2


@pytest.mark.parametrize("cut", [30, 80, 130])
def test_a_truncated_archive_is_told(opened: Opened, cut: int) -> None:
    data = zipped(lambda archive: archive.writestr("a.txt", "x" * 90), zipfile.ZIP_STORED)
    with pytest.raises(Unreadable, match="damaged or cut off"):
        opened(data[:-cut])


def test_a_mailbox_gives_its_mails(opened: Opened) -> None:
    mail = b"From a@b.c Wed Jul 20 17:35:09 2016\nFrom: a@b.c\nSubject: %d\n\nHello.\n>From here on.\n\n"
    found = opened(b"".join(mail % n for n in range(3)), media_type=MAILBOX)
    assert [member.path for member in found.members] == ["1.eml", "2.eml", "3.eml"]
    assert found.members[1].file.read_bytes().startswith(b"From: a@b.c\nSubject: 1\n")
