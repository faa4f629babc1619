from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from app.compose.stores import own_folder
from app.settings import Settings
from domain.errors import BadConfiguration
from system.folder_lock import FolderLock, Owner, announce
from system.folder_lock import owner_of as owner

OWNER = """
import signal, sys
from pathlib import Path
from system.folder_lock import FolderLock, Owner, announce
from system.folder_lock import owner_of as owner
lock = FolderLock(Path(sys.argv[1]))
print("owned", flush=True)
signal.pause()
"""


@contextmanager
def owner_of(folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "owned\n"
            yield child
        finally:
            child.kill()


def test_a_second_owner_is_refused_with_the_pid_of_the_first_and_the_folder(tmp_path: Path) -> None:
    with owner_of(tmp_path) as owner, pytest.raises(BadConfiguration) as refusal:
        FolderLock(tmp_path)
    assert str(owner.pid) in str(refusal.value)
    assert str(tmp_path) in str(refusal.value)


def test_being_refused_takes_nothing_from_the_owner(tmp_path: Path) -> None:
    with owner_of(tmp_path) as owner:
        for _ in range(2):
            with pytest.raises(BadConfiguration, match=str(owner.pid)):
                FolderLock(tmp_path)


def test_killing_the_owner_frees_the_folder(tmp_path: Path) -> None:
    with owner_of(tmp_path) as owner:
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        with FolderLock(tmp_path):
            assert (tmp_path / "exhibit.lock").read_text() == f"{os.getpid()}\n"


def test_a_forked_child_of_the_owner_does_not_keep_the_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    if (child := os.fork()) == 0:
        signal.pause()
    lock.release()
    FolderLock(tmp_path).release()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_one_process_is_a_second_owner_too(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(BadConfiguration, match=str(os.getpid())):
        FolderLock(tmp_path)


def test_a_released_folder_can_be_owned_again(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "new" / "data")
    lock.release()
    lock.release()
    FolderLock(tmp_path / "new" / "data").release()


def test_the_folder_and_the_lock_are_its_owners_alone(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "data" / "exhibit.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(BadConfiguration, match="data"):
        FolderLock(tmp_path / "data")


def test_the_owner_says_where_it_listens_until_it_ends(tmp_path: Path) -> None:
    assert owner(tmp_path) is None
    with FolderLock(tmp_path):
        assert owner(tmp_path) == Owner(os.getpid(), None)
        announce(tmp_path, "http://127.0.0.1:8123")
        assert owner(tmp_path) == Owner(os.getpid(), "http://127.0.0.1:8123")
        with pytest.raises(BadConfiguration, match=f"process id {os.getpid()}$"):
            FolderLock(tmp_path)
    assert owner(tmp_path) is None


def test_an_owner_that_was_killed_is_none(tmp_path: Path) -> None:
    with owner_of(tmp_path) as killed:
        killed.kill()
        killed.wait()
        assert owner(tmp_path) is None


async def test_what_a_former_version_left_open_to_others_is_closed(tmp_path: Path) -> None:
    former = os.umask(0o022)
    try:
        for name in ("words", "chroma", "blobs", "mine"):
            (tmp_path / name).mkdir(mode=0o755)
        async with AsyncExitStack() as stack:
            own_folder(stack, Settings(_env_file=None, data_dir=tmp_path))  # type: ignore[call-arg]
            (tmp_path / "words" / "new").write_text("an index")
    finally:
        os.umask(former)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {
        "words": 0o700,
        "chroma": 0o700,
        "blobs": 0o700,
        "mine": 0o755,
        "new": 0o600,
        "exhibit.lock": 0o600,
    }
