"""A Postgres of the tests' own, wherever its binaries are installed: in a temporary folder, on loopback, as no root."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tests.waiting import HANG_S, wait_until

DEBIAN = Path("/usr/lib/postgresql")
USER = "exhibit"
NOTHING_TO_LOSE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """Debian keeps them outside the path, a folder for each version."""
    found = shutil.which("initdb")
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    folders += [Path(found).parent] if found else []
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@contextmanager
def server(bin: Path) -> Iterator[str]:
    """Its URL."""
    folder = Path(tempfile.mkdtemp(prefix="exhibit-postgres-"))
    user = "postgres" if os.getuid() == 0 else None  # it refuses to be root
    try:
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        who = ("--username", USER, "--auth", "trust")
        how = ("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
        command: list[str | Path] = [bin / "initdb", "--pgdata", folder / "data", *who, *how]
        subprocess.run(command, cwd=folder, user=user, group=user, check=True, capture_output=True)
        yield from _served(bin, folder, user)
    finally:
        shutil.rmtree(folder)


def _served(bin: Path, folder: Path, user: str | None) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", *NOTHING_TO_LOSE)
    flags = [part for option in options for part in ("-c", option)]
    command: list[str | Path] = [bin / "postgres", "-D", folder / "data", *flags]
    log = folder / "log"
    with log.open("wb") as out:
        end = _end_with_the_tests
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, user=user, group=user, preexec_fn=end)
    url = f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    try:
        wait_until(lambda: _answers(url, process), lambda: log.read_text(errors="replace")[-2000:])
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # fast: it waits for nobody
        process.wait(HANG_S)


def _end_with_the_tests() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Postgres ended"
    engine = sa.create_engine(url)
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
    return True
