"""A Docker engine: the one that answers, else one of the tests' own, in a folder that goes away with it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.waiting import HANG_S, wait_until

NEEDED = ("dockerd", "containerd", "runc", "iptables", "docker")
DRIVERS = ("overlay2", "vfs")
PR_SET_PDEATHSIG = 1


class NotHere(Exception):
    """No engine, no images to build on: a sentence."""


@dataclass(slots=True)
class Engine:
    environment: dict[str, str] = field(default_factory=dict)  # with which `docker` finds it
    folder: Path | None = None  # of an engine of our own
    driver: str = ""
    process: subprocess.Popen[bytes] | None = None

    def docker(self, *arguments: str | Path, input: bytes | None = None) -> str:
        """What it printed. Raises CalledProcessError."""
        return self.run(["docker", *arguments], input=input).stdout.decode(errors="replace").strip()

    def run(
        self, command: Sequence[str | Path], check: bool = True, input: bytes | None = None, **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | self.environment | more
        done = subprocess.run(command, env=environment, input=input, capture_output=True, check=False)
        if check and done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}: {said}")
        return done

    def answers(self) -> bool:
        return self.run(["docker", "info"], check=False).returncode == 0

    # ------------------------------------------------------------ an engine of our own

    def start(self) -> None:
        assert self.folder is not None
        command: list[str | Path] = ["dockerd", "--host", self.environment["DOCKER_HOST"]]
        command += ["--data-root", self.folder / "data", "--exec-root", self.folder / "exec"]
        command += ["--pidfile", self.folder / "pid", "--storage-driver", self.driver]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_end_with_the_tests
            )
        wait_until(lambda: self.answers() or self.process is None or self.process.poll() is not None, self.log)

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        try:
            self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        assert self.folder is not None
        return (self.folder / "log").read_text(errors="replace")[-2000:]


@contextmanager
def engine() -> Iterator[Engine]:
    """Raises NotHere."""
    if shutil.which("docker") and (running := Engine()).answers():
        yield running
        return
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        raise NotHere(f"No Docker engine runs here, and none can be started: {', '.join(missing)} is not installed.")
    if os.getuid() != 0:
        raise NotHere("No Docker engine runs here, and only root could start one.")
    folder = Path(tempfile.mkdtemp(prefix="exhibit-engine-", dir="/var/tmp"))
    own = Engine({"DOCKER_HOST": f"unix://{folder}/socket", "DOCKER_BUILDKIT": "0"}, folder)
    try:
        _started(own)
        yield own
    finally:
        if own.process is not None and own.process.poll() is None:
            own.stop()
        _remove(folder)


def _started(own: Engine) -> None:
    said = []
    for own.driver in DRIVERS:
        own.start()
        if own.process is not None and own.process.poll() is None:
            return
        said.append(f"{own.driver}: {own.log().strip().splitlines()[-1]}")
    raise NotHere(f"A Docker engine doesn't start here. {' '.join(said)}")


def _remove(folder: Path) -> None:
    """What was mounted in it first: a file system that is still mounted can't be removed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((one for one in mounts if one.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _end_with_the_tests() -> None:
    os.setsid()  # Ctrl-C is for the tests, which end it when they are done
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
