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
PASSWORD = "tide-tables"
NOTHING_TO_LOSE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """Debian keeps them outside the path, a folder for each version."""
    found = shutil.which("initdb")
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    folders += [Path(found).parent] if found else []
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


class Server:
    """One that can be stopped and started again. Its database is UTF8, and nobody needs a password, unless told."""

    def __init__(self, bin: Path, folder: Path, encoding: str = "UTF8", auth: str = "trust") -> None:
        self._bin, self._folder = bin, folder
        self._user = "postgres" if os.getuid() == 0 else None  # it refuses to be root
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(folder, self._user, pwd.getpwnam(self._user).pw_gid)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        who = ("--username", USER, "--auth", auth, "--pwfile", folder / "password")
        how = ("--encoding", encoding, "--locale", "C.UTF-8" if encoding == "UTF8" else "C", "--no-sync")
        command: list[str | Path] = [bin / "initdb", "--pgdata", folder / "data", *who, *how]
        made = {"cwd": folder, "user": self._user, "group": self._user}
        subprocess.run(command, check=True, capture_output=True, **made)  # type: ignore[call-overload]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Waits until it answers."""
        own = ("listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=")
        flags = [part for option in (*own, *NOTHING_TO_LOSE) for part in ("-c", option)]
        command: list[str | Path] = [self._bin / "postgres", "-D", self._folder / "data", *flags]
        user, log = self._user, self._folder / "log"
        with log.open("ab") as out:
            self._process = process = subprocess.Popen(
                command, cwd=self._folder, stdout=out, stderr=out, user=user, group=user, preexec_fn=_end_with_the_tests
            )
        wait_until(lambda: _answers(self.url, process), lambda: log.read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # fast: it waits for nobody
            self._process.wait(HANG_S)
            self._process = None


@contextmanager
def started(bin: Path, encoding: str = "UTF8", auth: str = "trust") -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="exhibit-postgres-"))
    try:
        server = Server(bin, folder, encoding, auth)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def server(bin: Path) -> Iterator[str]:
    """Its URL."""
    with started(bin) as running:
        yield running.url


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
