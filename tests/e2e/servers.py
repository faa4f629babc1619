"""Several processes on one Postgres and one Chroma server, all on loopback."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from tests.e2e.service import Service, free_port
from tests.postgres import Server, started
from tests.waiting import HANG_S, wait_until


class Chroma:
    """`chroma run`; can be stopped, lose its folder, and be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command: list[str | Path] = [Path(sys.executable).with_name("chroma"), "run", "--path", self.folder / "chroma"]
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "chroma.log").open("ab") as log:
            self._process = subprocess.Popen([*command, *where], cwd=self.folder, stdout=log, stderr=log)
        wait_until(self._answers, lambda: (self.folder / "chroma.log").read_text(errors="replace")[-2000:])

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/api/v2/heartbeat").is_success
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(HANG_S)
            self._process = None

    def lose(self) -> None:
        shutil.rmtree(self.folder / "chroma")


class Worker(Service):
    """`exhibit worker`."""

    command = "worker"

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the worker ended: {self.log()[-2000:]}"
        return "takes from the queue" in self.log()


class House:
    def __init__(self, folder: Path, postgres: Server, chroma: Chroma) -> None:
        self.folder, self.postgres, self.chroma = folder, postgres, chroma
        self.made: list[Service] = []

    def api(self, name: str = "api") -> Service:
        return self._made_one(Service, name, EXHIBIT_ROLE="api")

    def worker(self, name: str = "worker") -> Service:
        return self._made_one(Worker, name)

    def _made_one(self, kind: type[Service], name: str, **more: str) -> Service:
        (self.folder / name).mkdir(exist_ok=True)
        shared = {
            "EXHIBIT_DATA_DIR": str(self.folder / "data"),
            "EXHIBIT_DATABASE_URL": self.postgres.url,
            "EXHIBIT_CHROMA_URL": self.chroma.url,
            "EXHIBIT_PARALLEL_DOCUMENTS": "2",
        }
        one = kind(self.folder / name, **shared, **more)
        self.made.append(one)
        return one

    def stop(self) -> None:
        for one in self.made:
            if one.process is not None and one.process.poll() is None:
                one.process.send_signal(signal.SIGKILL)
                one.process.wait(HANG_S)
            one.http.close()


@contextmanager
def house(folder: Path, bin: Path) -> Iterator[House]:
    with started(bin) as postgres, ExitStack() as stack:
        chroma = Chroma(folder)
        chroma.start()
        stack.callback(chroma.stop)
        one = House(folder, postgres, chroma)
        stack.callback(one.stop)
        yield one
