"""A build cache: what is slow to make on a machine is made once, by a child process, and kept in the cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def made_by_a_child(module: str, arguments: Sequence[str], time_limit_s: float) -> str | None:
    """Runs `python -m module arguments… our-pid`. Returns None, or a few words on why it failed."""
    command = [sys.executable, "-m", module, *arguments, str(os.getpid())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_OFFLINE": "1"}
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads spin otherwise: ruinous on a busy machine
    try:
        done = subprocess.run(  # noqa: S603  (our own module)
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=time_limit_s,
            start_new_session=True,  # Ctrl-C in the terminal is for the parent
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {time_limit_s:.0f} s"
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return None
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"exit code {done.returncode}: {''.join(last)[:300]}"


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Locks the file: the service and its encoding process may start to build at the same moment."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def key_of(facts: Sequence[str], libraries: Sequence[str]) -> str:
    """Twelve hexadecimal digits that change with any of these facts and with the versions of these libraries."""
    versions = [f"{library} {_version(library)}" for library in libraries]
    return hashlib.sha256("\n".join([*facts, *versions]).encode()).hexdigest()[:12]


def processor() -> str:
    """The processor's model and features: the same container image may run on another machine tomorrow."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told = [line for line in lines if line.startswith(("model name", "flags", "Features"))]
        return "\n".join([*dict.fromkeys(told), str(Path("/proc/driver/nvidia/version").exists())])
    return f"{platform.machine()} {platform.processor()}"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
