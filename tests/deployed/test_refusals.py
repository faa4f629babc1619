"""What can't work is refused in one sentence, in the log of the container, and leaves nothing half done."""

from __future__ import annotations

import pytest

from tests.deployed.stack import Stack

DOES_NOT_START = 3
SERVER = "postgresql+psycopg://{user}@postgres:5432/{name}"


def refusal(stack: Stack, *options: str, **environment: str) -> str:
    """What a container of our image, beside the stack's servers, says before it ends."""
    network = f"{stack.project}_default"
    given = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
    hardened = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", network)
    run = ["docker", "run", "--rm", *hardened, *options, *given, stack.image()]
    done = stack.engine.run(run, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    assert done.returncode == DOES_NOT_START, (done.returncode, said)
    sentences = [line for line in said.splitlines() if line.startswith("exhibit: ")]
    assert len(sentences) == 1, said
    assert "Traceback" not in said
    return sentences[0]


def as_api(stack: Stack, url: str) -> str:
    data = ("--tmpfs", "/data:mode=700,uid=10001")
    servers = {"EXHIBIT_CHROMA_URL": "http://chroma:8000", "EXHIBIT_DATABASE_URL": url}
    return refusal(stack, *data, EXHIBIT_ROLE="api", EXHIBIT_API_KEYS="a-key", **servers)


def test_a_wrong_database_password(stack: Stack) -> None:
    said = as_api(stack, SERVER.format(user="exhibit:wrong", name="exhibit"))
    assert "password" in said
    assert "wrong" not in said


def test_a_database_that_is_not_in_utf8(stack: Stack) -> None:
    stack.sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    password = stack.engine.docker("exec", stack.containers("api")[0], "cat", "/secrets/postgres-password")
    said = as_api(stack, SERVER.format(user=f"exhibit:{password}", name="ascii"))
    assert "SQL_ASCII" in said
    assert "UTF8" in said


def test_a_compose_file_of_another_version(stack: Stack) -> None:
    said = refusal(stack, EXHIBIT_COMPOSE_VERSION="99.0")
    assert "99.0" in said


def test_too_little_memory(stack: Stack) -> None:
    assert "memory" in refusal(stack, "--memory", "300m")


@pytest.mark.parametrize("folder", ["/data", "/cache"])
def test_a_full_disk(stack: Stack, folder: str) -> None:
    room = {"/data": "mode=700,uid=10001", "/cache": "mode=700,uid=10001"}
    room[folder] += ",size=64k"
    mounts = [part for name, options in room.items() for part in ("--tmpfs", f"{name}:{options}")]
    assert folder in refusal(stack, *mounts, EXHIBIT_API_KEYS="a-key")
