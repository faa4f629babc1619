"""The stack of `docker-compose.yml`, in a copy of this checkout, spoken to over HTTP alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from tests.deployed.engine import Engine, NotHere
from tests.waiting import HANG_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples" / "documents"
ENDED = ("ready", "partial", "failed", "cancelled")
Json = dict[str, Any]


def copy_of_the_checkout(folder: Path) -> None:
    """What git knows, and what it would: no `.env`, no caches."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def composing(engine: Engine) -> list[str]:
    """`docker compose`, or what it was called before. Raises NotHere."""
    if engine.run(["docker", "compose", "version"], check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise NotHere("There is a Docker engine, but neither `docker compose` nor `docker-compose`.")


@dataclass(slots=True)
class Stack:
    engine: Engine
    folder: Path
    project: str
    variables: dict[str, str]  # for the compose file
    command: list[str] = field(default_factory=list)
    http: httpx.Client = field(default_factory=httpx.Client)

    def __post_init__(self) -> None:
        self.command = composing(self.engine)
        self.variables = {**self.variables, "COMPOSE_PROJECT_NAME": self.project}

    # ------------------------------------------------------------ containers

    def compose(self, *arguments: str, **more: str) -> str:
        return self.run([*self.command, *arguments], True, **more).stdout.decode(errors="replace").strip()

    def run(self, command: Sequence[str | Path], check: bool = True, **more: str) -> subprocess.CompletedProcess[bytes]:
        """In the copy of the checkout."""
        environment = os.environ | self.engine.environment | self.variables | more
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, check=False)
        if check and done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}: {said}\n{self.logs()}")
        return done

    def containers(self, service: str) -> list[str]:
        """Ids of those that there are, running or not."""
        labels = (f"project={self.project}", f"service={service}")
        filters = [part for label in labels for part in ("--filter", f"label=com.docker.compose.{label}")]
        return self.engine.docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()

    def inspected(self, container: str) -> Json:
        found: Json = json.loads(self.engine.docker("inspect", container))[0]
        return found

    def kill(self, service: str, which: int = 0) -> None:
        """kill -9 of its first process from outside, as a crash: Docker starts it again."""
        state = self.inspected(self.containers(service)[which])["State"]
        os.kill(state["Pid"], signal.SIGKILL)

    def sql(self, query: str) -> str:
        """Rows of the database, a line each."""
        psql = ("psql", "--username", "exhibit", "--tuples-only", "--no-align", "--command", query)
        return self.engine.docker("exec", self.containers("postgres")[0], *psql)

    def read_volume(self, name: str) -> bytes:
        """A tar of it, by the container that the guide names."""
        mounted = ("--volume", f"{self.project}_{name}:/from", "--entrypoint", "tar")
        command = ["docker", "run", "--rm", "--user", "0", *mounted, self.image(), "-C", "/from", "-c", "."]
        return self.engine.run(command).stdout

    def write_volume(self, name: str, tar: bytes) -> None:
        mounted = ("--volume", f"{self.project}_{name}:/to", "--entrypoint", "tar")
        self.engine.docker("run", "--rm", "-i", "--user", "0", *mounted, self.image(), "-C", "/to", "-x", input=tar)

    def image(self) -> str:
        """Ours."""
        return f"exhibit:{version('exhibit')}"

    def published(self, container: str) -> str:
        """Its address on this machine."""
        return self.engine.docker("port", container, "8000").splitlines()[0]

    @contextmanager
    def changed(self, **variables: str) -> Iterator[None]:
        """Takes effect with the next `up`."""
        before = dict(self.variables)
        self.variables.update(variables)
        try:
            yield
        finally:
            self.variables = before

    def logs(self, *services: str) -> str:
        done = subprocess.run(
            [*self.command, "logs", "--no-color", "--tail", "60", *services],
            cwd=self.folder,
            env=os.environ | self.engine.environment | self.variables,
            capture_output=True,
            check=False,
        )
        return done.stdout.decode(errors="replace")[-6000:]

    def up(self, *arguments: str, **more: str) -> None:
        self.compose("up", "--detach", *arguments, **more)
        self.wait_until_ready()

    def down(self, *arguments: str) -> None:
        self.compose("down", "--timeout", "30", *arguments)

    def wait_until_ready(self) -> None:
        wait_until(lambda: all(map(self._healthy, ("postgres", "chroma", "worker", "api"))), self.logs)
        self.connect()

    def _healthy(self, service: str) -> bool:
        states = [self.inspected(container)["State"] for container in self.containers(service)]
        return bool(states) and all(state.get("Health", {}).get("Status") == "healthy" for state in states)

    # ------------------------------------------------------------ over HTTP

    def connect(self) -> None:
        """Its port may be another after a restart."""
        self.http.close()
        self.http = httpx.Client(
            base_url=f"http://{self.address()}",
            headers={"Authorization": f"Bearer {self.key()}"},
            timeout=HANG_S,
            trust_env=False,
        )

    def address(self) -> str:
        return self.published(self.containers("api")[0])

    def key(self) -> str:
        return self.engine.docker("exec", self.containers("api")[0], "cat", "/data/api-key")

    def upload(self, collection: str, *files: Path) -> list[str]:
        """Ids. The collection is made where there is none."""
        assert self.http.post("/v1/collections", json={"name": collection}).status_code in (201, 409)
        parts = [("file", (file.name, file.read_bytes())) for file in files]
        answer = self.http.post(f"/v1/collections/{collection}/documents", files=parts)
        assert answer.status_code == 202, answer.text
        return [document["id"] for document in answer.json()["documents"]]

    def document(self, id: str) -> Json:
        found: Json = self.http.get(f"/v1/documents/{id}").json()
        return found

    def status(self, id: str) -> str:
        """Empty while nothing answers."""
        with suppress(httpx.TransportError, ValueError, KeyError):
            return str(self.document(id)["status"])
        return ""

    def finished(self, *ids: str) -> list[Json]:
        wait_until(
            lambda: all(self.status(id) in ENDED for id in ids),
            lambda: f"{[self.status(id) for id in ids]}\n{self.logs()}",
        )
        return [self.document(id) for id in ids]

    def is_read(self, *ids: str) -> None:
        told = {one["name"]: (one["status"], one["problems"]) for one in self.finished(*ids)}
        assert set(map(str, told.values())) == {"('ready', [])"}, f"{told}\n{self.logs('worker')}"

    def ask(self, collection: str, question: str) -> Json:
        body = {"collection": collection, "messages": [{"role": "user", "content": question}]}
        answer = self.http.post("/v1/chat", json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found
