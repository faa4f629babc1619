"""A volume of the version before is opened by the image of this one, and what was under way in it goes on."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.deployed.stack import ROOT, Stack
from tests.waiting import HANG_S, wait_until

FOLDER = ROOT / "tests" / "e2e" / "former" / "0.1.0.tar.xz"
KEY = "a-key-of-the-test"


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """What the version that made the volume answered."""
    with tarfile.open(FOLDER) as kept:
        file = kept.extractfile(next(name for name in kept.getnames() if name.endswith("recorded.json")))
        assert file is not None
        found: dict[str, Any] = json.loads(file.read())
    return found


@pytest.fixture(scope="module")
def service(stack: Stack) -> Iterator[httpx.Client]:
    """One container alone, without servers: Exhibit embedded, its folder on a volume."""
    docker, name = stack.engine.docker, f"{stack.project}-former"
    volumes = ("--volume", f"{name}:/data", "--volume", f"{stack.project}_cache:/cache")
    docker("run", "--rm", "-i", *volumes, stack.image(), "tar", "-x", "-C", "/", input=_as_tar())
    ports = ("--publish", "127.0.0.1::8000", "--env", f"EXHIBIT_API_KEYS={KEY}")
    docker(
        "run", "--detach", "--name", name, "--read-only", "--tmpfs", "/tmp", "--init", *volumes, *ports, stack.image()
    )
    headers = {"Authorization": f"Bearer {KEY}"}
    http = httpx.Client(base_url=f"http://{stack.published(name)}", headers=headers, timeout=HANG_S, trust_env=False)
    try:
        wait_until(lambda: _ready(http), lambda: docker("logs", name))
        yield http
    finally:
        http.close()
        docker("rm", "--force", name)
        docker("volume", "rm", name)


def test_its_documents_and_answers_are_as_they_were(service: httpx.Client, recorded: dict[str, Any]) -> None:
    for before in recorded["documents"]:
        now = service.get(f"/v1/documents/{before['id']}").json()
        assert {name: now[name] for name in before} == before
    scope = {"collection": "default", "filter": {"document": [one["id"] for one in recorded["documents"]]}}
    verdicts: list[str] = []
    for asked in recorded["asked"]:
        message = {"role": "user", "content": asked["question"]}
        said = service.post("/v1/chat", json=scope | {"messages": [message]}).json()
        before, now = asked["answer"]["verdict"], said["verdict"]
        assert (before, now) in {(before, before), ("grounded", "partial")}, asked["question"]  # it is judged anew
        verdicts.append(now)
        if now == "abstained":
            assert said["abstained_because"] == "unsure"  # it is worded anew
        else:
            assert said["answer"] == asked["answer"]["answer"]
    assert verdicts.count("grounded") >= 4, verdicts  # of six


def test_what_was_under_way_in_it_goes_on(service: httpx.Client, recorded: dict[str, Any]) -> None:
    ids = [one["id"] for one in recorded["pending"]]

    def states() -> set[str]:
        return {service.get(f"/v1/documents/{id}").json()["status"] for id in ids}

    wait_until(lambda: states() == {"ready"}, states)


def _as_tar() -> bytes:
    """The folder `data`, unpacked: an image need not have xz."""
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(FOLDER.read_bytes()))) as kept:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as made:
            for member in kept.getmembers():
                if member.isfile() and "data/" in member.name:
                    member.name = f"data/{member.name.partition('data/')[2]}"
                    member.uid = member.gid = 10001
                    made.addfile(member, kept.extractfile(member))
    return out.getvalue()


def _ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
