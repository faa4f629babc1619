"""A real vLLM on loopback, from its own environment; at most one at a time."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image

from domain.answers import ImagePart
from domain.documents import Chunk, Document, Kind
from domain.evidence import Evidence
from tests.waiting import HANG_S, wait_until

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-vllm"
PYTHON = VENV / "bin" / "python"
CONTEXT = 4096  # tokens
MOST_IMAGES = 2


@dataclass(slots=True)
class Engine:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def metric(self, name: str) -> float:
        """The sum of one metric over its labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=HANG_S, trust_env=False).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))

    def running(self) -> float:
        return self.metric("vllm:num_requests_running")

    def wait_until_idle(self) -> None:
        wait_until(lambda: self.running() == 0)

    def kill(self) -> None:
        """The API server and the engine's own process, at once."""
        if self.alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Engines:
    """At most one engine at a time."""

    def __init__(self, model: Path, logs: Path) -> None:
        self._model = model
        self._logs = logs
        self._engine: Engine | None = None
        self._started = 0

    def one(self) -> Engine:
        if self._engine is None or not self._engine.alive:
            self._engine = self._start()
        return self._engine

    def stop(self) -> None:
        if self._engine is not None:
            self._engine.kill()

    def _start(self) -> Engine:
        self._started += 1
        port, log = free_port(), self._logs / f"engine-{self._started}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                _command(self._model, port), env=_environment(), stdout=out, stderr=out, start_new_session=True
            )
        engine = Engine(process, port, log)
        _wait_for(engine)
        return engine


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _command(model: Path, port: int) -> list[str | Path]:
    return [
        *(PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--served-model-name", "tiny-llava"),
        *("--host", "127.0.0.1", "--port", str(port), "--enforce-eager", "--dtype", "float32"),
        "--enable-prompt-tokens-details",
        *("--max-model-len", str(CONTEXT), "--limit-mm-per-prompt", f'{{"image": {MOST_IMAGES}}}'),
    ]


def _environment() -> dict[str, str]:
    """One thread computes, so that on a small machine the engine's own HTTP server is not starved by it."""
    ours = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }
    return {**os.environ, **ours}


def _wait_for(engine: Engine) -> None:
    def ready() -> bool:
        assert engine.alive, "vLLM ended"
        with suppress(httpx.HTTPError):
            return httpx.get(f"{engine.url}/health", timeout=HANG_S, trust_env=False).status_code == 200
        return False

    try:
        wait_until(ready)
    except AssertionError:
        engine.kill()
        pytest.fail(f"vLLM did not start:\n{engine.log.read_text(errors='replace')[-3000:]}")


# ---------------------------------------------------------------- what is asked about


def evidence(n: int, text: str = "Skerry Post carried 412,000 letters in 2025.", kind: Kind = "text") -> Evidence:
    document = Document(
        "d", "c", "default", "report.pdf", "application/pdf", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
    )
    return Evidence(Chunk(f"d.{n}", "d", n, kind, text, text, page=n), document)


def picture(colour: tuple[int, int, int] = (200, 30, 30)) -> ImagePart:
    data = io.BytesIO()
    Image.new("RGB", (96, 64), colour).save(data, "PNG")
    return ImagePart(data.getvalue())
