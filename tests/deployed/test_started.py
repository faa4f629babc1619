"""`make up` starts everything, and nothing in it can do more than it must."""

from __future__ import annotations

import httpx

from tests.deployed.conftest import REPORT
from tests.deployed.stack import SAMPLES, Stack

OURS = ("api", "worker")
ALL = (*OURS, "postgres", "chroma")
MOST_IMAGE = 3_000_000_000  # bytes
MOST_MEMORY = 3 << 30


def test_only_the_api_is_reachable_and_only_from_this_machine(stack: Stack) -> None:
    published = {
        service: [
            binding["HostIp"]
            for container in stack.containers(service)
            for bindings in stack.inspected(container)["NetworkSettings"]["Ports"].values()
            for binding in bindings or ()
        ]
        for service in ALL
    }
    assert published == {"api": ["127.0.0.1"], "worker": [], "postgres": [], "chroma": []}


def test_containers_can_do_little(stack: Stack) -> None:
    for service in ALL:
        host = stack.inspected(stack.containers(service)[0])["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False), service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
    for service in OURS:
        assert stack.engine.docker("exec", stack.containers(service)[0], "id", "-un") == "exhibit"


def test_no_password_is_in_an_environment_and_its_file_is_read_by_its_owner_alone(stack: Stack) -> None:
    api = stack.containers("api")[0]
    password = stack.engine.docker("exec", api, "cat", "/secrets/postgres-password")
    assert len(password) > 30
    for service in ALL:
        assert password not in str(stack.inspected(stack.containers(service)[0])["Config"]), service
    modes = stack.engine.docker("exec", api, "stat", "-c", "%a", "/secrets/pgpass", "/data/api-key", "/secrets")
    assert modes.split() == ["600", "600", "700"]
    assert (stack.folder / ".env").stat().st_mode & 0o077 == 0


def test_a_request_without_the_key_is_refused(stack: Stack) -> None:
    answer = httpx.get(f"http://{stack.address()}/v1/collections", trust_env=False)
    assert answer.status_code == 401
    assert stack.http.get("/v1/collections").status_code == 200


def test_starting_once_more_changes_nothing(stack: Stack) -> None:
    before = {service: stack.containers(service) for service in ALL}, stack.key(), (stack.folder / ".env").read_text()
    said = stack.run(["sh", "scripts/up.sh"]).stdout.decode()
    after = {service: stack.containers(service) for service in ALL}, stack.key(), (stack.folder / ".env").read_text()
    assert after == before
    assert "Exhibit is at http://127.0.0.1:" in said
    assert "answers quote the documents" in said


def test_the_image_and_the_memory_of_all_stay_small(stack: Stack) -> None:
    stack.is_read(*stack.upload("small", *sorted(SAMPLES.iterdir())))
    size = int(
        stack.engine.docker("inspect", "--format", "{{.Size}}", stack.inspected(stack.containers("api")[0])["Image"])
    )
    used = {service: sum(_memory(stack, container) for container in stack.containers(service)) for service in ALL}
    told = ", ".join(f"{service} {bytes >> 20}" for service, bytes in used.items())
    REPORT.append(f"image: {size / 1e9:.2f} GB; MB of memory after taking in the samples: {told}")
    assert size <= MOST_IMAGE
    assert sum(used.values()) <= MOST_MEMORY


def _memory(stack: Stack, container: str) -> int:
    """Bytes, without the pages of files that the kernel would give back."""
    used = stack.engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).partition("/")[0].strip()
    number = used.rstrip("BGiKMT")
    return int(float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[used.removeprefix(number)])
