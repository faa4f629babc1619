"""Two workers and two API processes behind one address with TLS share the work; when one dies, the others do it."""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.deployed.stack import ROOT, SAMPLES, Stack
from tests.e2e.service import free_port
from tests.waiting import HANG_S, wait_until

NAME = "exhibit.example.org"
MAIN = """daemon off;
error_log {folder}/error.log;
pid {folder}/pid;
events {{}}
http {{
    log_format served "$upstream_addr $status";
    access_log {folder}/access.log served;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    http: httpx.Client
    folder: Path

    def served(self) -> set[str]:
        """Addresses of those that answered."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return {line.split()[0] for line in lines if line.endswith(" 200")}


@pytest.fixture(scope="module")
def many(stack: Stack) -> Iterator[Stack]:
    first = _two_ports()
    with stack.changed(EXHIBIT_PORT=f"{first}-{first + 1}"):
        stack.up("--scale", "worker=2", "--scale", "api=2")
        yield stack
    stack.up("--scale", "worker=1", "--scale", "api=1")


@pytest.fixture(scope="module")
def proxy(many: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx, with the file that the guide hands out."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin"):
        pytest.skip("nginx is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)
    _certificate(folder)
    ports = [many.published(container) for container in many.containers("api")]
    site = (ROOT / "docs" / "nginx.conf").read_text()
    changes = {"127.0.0.1:8000": ports[0], "127.0.0.1:8001": ports[1], "443 ssl": f"127.0.0.1:{port} ssl"}
    for before, after in (changes | {"/etc/ssl/exhibit": str(folder)}).items():
        assert before in site
        site = site.replace(before, after)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"])
    trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    http = httpx.Client(base_url=f"https://localhost:{port}", headers=many.http.headers, verify=trusted, timeout=HANG_S)
    wait_until(lambda: nginx.poll() is not None or ((folder / "pid").exists() and _answers(http)))
    assert nginx.poll() is None, (folder / "error.log").read_text()
    yield Proxy(http, folder)
    http.close()
    nginx.send_signal(signal.SIGTERM)
    nginx.wait(HANG_S)


def test_both_take_requests_and_both_take_documents(many: Stack, proxy: Proxy) -> None:
    files = sorted(SAMPLES.iterdir())
    parts = [("file", (file.name, file.read_bytes())) for file in files]
    assert proxy.http.post("/v1/collections", json={"name": "many"}).status_code == 201
    taken = proxy.http.post("/v1/collections/many/documents", files=parts)
    assert taken.status_code == 202, taken.text
    many.is_read(*(one["id"] for one in taken.json()["documents"]))
    assert len(_executors(many, "many")) == 2
    for _ in range(10):
        assert proxy.http.get("/v1/collections").status_code == 200
    assert len(proxy.served()) == 2


def test_an_answer_arrives_through_the_proxy_word_by_word(many: Stack, proxy: Proxy) -> None:
    body = {
        "model": "many",
        "messages": [{"role": "user", "content": "Who suggested the tide tables?"}],
        "stream": True,
    }
    with proxy.http.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200
        assert [line for line in answer.iter_lines() if line][-1] == "data: [DONE]"


def test_when_one_of_each_dies_the_others_go_on(many: Stack, proxy: Proxy) -> None:
    taken = [many.upload("others", file)[0] for file in sorted(SAMPLES.iterdir())]
    wait_until(lambda: any(many.status(id) == "running" for id in taken), many.logs)
    many.kill("worker", 0)
    many.kill("api", 1)
    statuses = {proxy.http.get("/v1/collections").status_code for _ in range(20)}
    assert statuses == {200}
    many.is_read(*taken)
    many.wait_until_ready()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _two_ports() -> int:
    """The first of two neighbours that are free."""
    while True:
        first = free_port()
        if first < 65_000 and free_port() != first + 1:
            return first


def _certificate(folder: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:localhost,DNS:{NAME}"]
    files: list[str | Path] = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*command, *files], check=True, capture_output=True)


def _executors(stack: Stack, collection: str) -> set[str]:
    """Workers that took documents of this collection."""
    ids = [one["id"] for one in stack.http.get(f"/v1/collections/{collection}/documents").json()["documents"]]
    runs = ",".join(f"'ingest-{id}-1'" for id in ids)
    query = f"select distinct executor_id from dbos.workflow_status where workflow_uuid in ({runs})"
    return set(stack.sql(query).split())
