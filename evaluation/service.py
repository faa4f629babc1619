"""Starts an Exhibit in a scratch folder on a free port, and ends it with everything that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_TIMEOUT_S = 600.0  # of a busy machine
CHOICES = frozenset({"EXHIBIT_MODELS", "EXHIBIT_SPACES", "EXHIBIT_RERANK"})
ROOT = Path(__file__).resolve().parents[1]


class DidNotStart(Exception):
    """The service ended, or was not ready in time; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class ScratchService:
    url: str
    pid: int
    started: float  # time.monotonic() at the start of the process
    ready_after_s: float
    log: Path


@contextmanager
def running_service(data: Path, settings: Mapping[str, str] | None = None) -> Iterator[ScratchService]:
    """`exhibit serve` over this data folder; at the end it is asked to stop, then its whole session is killed."""
    data.mkdir(parents=True, exist_ok=True)
    log = data.parent / f"{data.name}.log"
    port = free_port()
    environment = scratch_environment(data, port) | dict(settings or {})
    with log.open("ab") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            env=environment,
            cwd=data.parent,  # where no `.env` lies: the service must not find its way to real data
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(process, url, log)
            yield ScratchService(url, process.pid, started, time.monotonic() - started, log)
        finally:
            stop(process)


def scratch_environment(data: Path, port: int) -> dict[str, str]:
    """The environment may choose the models and the language model, but not the data folder."""
    kept = {name: value for name, value in os.environ.items() if is_of_no_place(name)}
    ours = {"EXHIBIT_DATA_DIR": str(data.absolute()), "EXHIBIT_HOST": "127.0.0.1", "EXHIBIT_PORT": str(port)}
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return kept | ours | {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}


def is_of_no_place(name: str) -> bool:
    return not name.startswith("EXHIBIT_") or name in CHOICES or name.startswith("EXHIBIT_LLM__")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        if process.poll() is not None:
            raise DidNotStart(f"Exhibit ended with {process.returncode} before it was ready:\n{tail(log)}")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        if time.monotonic() > deadline:
            raise DidNotStart(f"Exhibit was not ready after {READY_TIMEOUT_S:.0f} s:\n{tail(log)}")
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # whatever of its session is left
        os.killpg(process.pid, signal.SIGKILL)


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
