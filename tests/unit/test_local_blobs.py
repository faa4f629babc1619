"""What blobs on a disk add to the contract: durability, privacy, and nothing left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.adapters.blobs import LocalBlobs
from domain.errors import BadConfiguration, BadRequest, Unavailable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def child(code: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True)


def test_files_and_folders_are_their_owners_alone(root: Path) -> None:
    blobs = LocalBlobs(root)
    blobs.put("documents/d1/a", b"")
    draft = blobs.temporary()
    draft.write_bytes(b"")
    draft.chmod(0o644)
    blobs.adopt(draft, "originals/ab")
    modes = {path: path.stat().st_mode & 0o777 for path in [root, *root.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_blobs_outlive_their_process(root: Path) -> None:
    LocalBlobs(root).put("originals/ab", b"kept")
    assert LocalBlobs(root).read("originals/ab") == b"kept"


def test_a_root_that_is_a_link_is_followed_once(tmp_path: Path, root: Path) -> None:
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    LocalBlobs(tmp_path / "link").put("a/b", b"1")
    assert (root / "a" / "b").read_bytes() == b"1"


def test_a_planted_link_does_not_lead_out(tmp_path: Path, root: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("kept")
    blobs = LocalBlobs(root)
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path / "outside")
    for key in ("file", "folder/file", "folder"):
        for verb in (blobs.read, blobs.path, blobs.exists, blobs.delete):
            with pytest.raises(BadRequest):
                verb(key)
        with pytest.raises(BadRequest):
            blobs.put(key, b"overwritten")
    assert blobs.keys("") == ()
    assert (tmp_path / "secret").read_text() == "secret"
    assert files_in(tmp_path / "outside") == [tmp_path / "outside" / "file"]


def test_deleting_a_folder_with_a_planted_link_takes_the_link_only(tmp_path: Path, root: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("kept")
    blobs = LocalBlobs(root)
    blobs.put("d/1/a", b"")
    (root / "d" / "1" / "link").symlink_to(tmp_path / "outside")
    blobs.delete("d/1")
    assert (tmp_path / "outside" / "file").read_text() == "kept"
    assert blobs.keys("") == ()


def test_a_root_that_is_a_file_is_refused(root: Path) -> None:
    root.write_text("not a folder")
    with pytest.raises(BadConfiguration, match="blobs"):
        LocalBlobs(root)


def test_nothing_is_left_in_the_temporary_folder_by_writing_and_deleting(root: Path) -> None:
    blobs = LocalBlobs(root)
    blobs.put("d/1/a", b"")
    draft = blobs.temporary()
    draft.write_bytes(b"")
    blobs.adopt(draft, "d/1/b")
    blobs.delete("d")
    assert [path.suffix for path in files_in(root)] == [".lock"]


HALF_DONE = """
import signal, sys
from pathlib import Path
from app.adapters.blobs import LocalBlobs
blobs = LocalBlobs(Path(sys.argv[1]))
draft = blobs.temporary()
draft.write_bytes(b"half an upload")
blobs.put("whole", b"whole")
print(draft, flush=True)
signal.pause()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(root: Path) -> None:
    with child(HALF_DONE, root) as living, child(HALF_DONE, root) as killed:
        assert living.stdout is not None
        assert killed.stdout is not None
        kept, lost = Path(living.stdout.readline().strip()), Path(killed.stdout.readline().strip())
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert lost.exists()
        blobs = LocalBlobs(root)
        assert not lost.exists()
        assert kept.read_bytes() == b"half an upload"
        assert blobs.keys("") == ("whole",)
        living.kill()
    LocalBlobs(root)
    assert files_in(root) == [root / "whole"]


SMALL_FILES_ONLY = """
import resource, sys
from pathlib import Path
from app.adapters.blobs import LocalBlobs
from domain.errors import Unavailable
blobs = LocalBlobs(Path(sys.argv[1]))
blobs.put("d/1/small", b"x" * 1000)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    blobs.put("d/1/small", b"y" * 100_000)
except Unavailable as error:
    print(error, flush=True)
print([path.name for path in blobs.temporary().parent.iterdir()], blobs.keys(""), len(blobs.read("d/1/small")))
"""

ON_A_FULL_DISK = """
import sys
from pathlib import Path
from app.adapters.blobs import LocalBlobs
from domain.errors import Unavailable
blobs = LocalBlobs(Path(sys.argv[1]))
blobs.put("d/1/small", b"x" * 1000)
try:
    blobs.put("d/1/small", b"y" * 1_000_000)
except Unavailable as error:
    print(error, flush=True)
print([path.name for path in blobs.temporary().parent.iterdir()], blobs.keys(""), len(blobs.read("d/1/small")))
"""

REFUSED = ["the disk is full: nothing more can be stored until room is made", "[] ('d/1/small',) 1000"]


def test_a_write_that_finds_no_room_says_so_and_leaves_nothing(root: Path) -> None:
    with child(SMALL_FILES_ONLY, root) as process:
        assert process.communicate()[0].splitlines() == REFUSED


def test_a_really_full_disk_says_so_and_leaves_nothing(root: Path) -> None:
    root.mkdir()
    mounted = f'mount -t tmpfs -o size=128k tmpfs "{root}" && exec "$0" -c "$1" "{root}"'
    if subprocess.run(["unshare", "-m", "sh", "-c", f'mount -t tmpfs tmpfs "{root}"'], capture_output=True).returncode:
        pytest.skip("small disks can't be mounted here")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted, sys.executable, ON_A_FULL_DISK], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == REFUSED, done.stderr


def test_a_folder_that_can_not_be_written_is_unavailable(root: Path) -> None:
    blobs = LocalBlobs(root)
    draft = blobs.temporary()
    draft.parent.rmdir()
    with pytest.raises(Unavailable):
        blobs.put("a", b"1")


def test_a_folder_that_another_made_and_a_third_deleted_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, make, lost = LocalBlobs(root), Path.mkdir, [True]

    def mkdir(path: Path, *given: Any, **more: Any) -> None:
        if path.name == "folder" and lost:
            lost.pop()
            raise FileExistsError(errno.EEXIST, "it was there a moment ago")
        make(path, *given, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    blobs.put("folder/a", b"1")
    assert blobs.read("folder/a") == b"1"
    assert not lost
