"""A real service: its own process, its own folder, spoken to over HTTP alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.waiting import HANG_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples" / "documents"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """`exhibit serve` in a folder; can be killed and started again."""

    command = "serve"

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.root = ROOT  # the source it runs from
        self.port = free_port()
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=HANG_S)

    def start(self) -> None:
        """Waits until it is ready."""
        environment = os.environ | {
            "EXHIBIT_DATA_DIR": str(self.folder / "data"),
            "EXHIBIT_PORT": str(self.port),
            "PYTHONFAULTHANDLER": "1",
            **self.environment,
        }
        log = (self.folder / "service.log").open("ab")
        command = [sys.executable, "-m", "app.cli", self.command]
        self.process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        log.close()
        wait_until(self._ready, lambda: self.log()[-2000:])

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the service ended: {self.log()[-2000:]}"
        with suppress(httpx.TransportError):
            return self.http.get("/readyz").status_code == 200
        return False

    def kill(self) -> None:
        """kill -9, and waits until its children have noticed."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        _, alive = psutil.wait_procs(children, timeout=HANG_S)
        assert not alive, f"outlived the service: {alive}"

    def terminate(self) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not stop: {self.log()[-2000:]}") from None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.terminate()
        self.http.close()

    def log(self) -> str:
        return (self.folder / "service.log").read_text(errors="replace")

    # ------------------------------------------------------------ what a client does

    def upload(self, *files: Path | tuple[str, bytes], collection: str = "default") -> list[dict[str, Any]]:
        parts = [("file", (f.name, f.read_bytes()) if isinstance(f, Path) else f) for f in files]
        answer = self.http.post(f"/v1/collections/{collection}/documents", files=parts)
        assert answer.status_code == 202, answer.text
        documents: list[dict[str, Any]] = answer.json()["documents"]
        return documents

    def document(self, document_id: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.http.get(f"/v1/documents/{document_id}").json()
        except httpx.TransportError as error:
            ended = self.process.wait(timeout=HANG_S) if self.process is not None else None
            raise AssertionError(f"the service ended with {ended}: {self.log()[-3000:]}") from error
        return found

    def finished(self, *documents: dict[str, Any]) -> list[dict[str, Any]]:
        """These documents, once none of them is queued or running."""
        now: list[dict[str, Any]] = []

        def all_have() -> bool:
            now[:] = [self.document(document["id"]) for document in documents]
            return all(document["status"] not in ("queued", "running") for document in now)

        wait_until(all_have, lambda: f"still {now}\n{self.log()[-3000:]}")
        return now

    def search(self, query: str, **more: Any) -> list[dict[str, Any]]:
        answer = self.http.post("/v1/search", json={"query": query, **more})
        assert answer.status_code == 200, answer.text
        evidence: list[dict[str, Any]] = answer.json()["evidence"]
        return evidence

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        body = {"messages": [{"role": "user", "content": question}], **more}
        answer = self.http.post("/v1/chat", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
