"""The engine, the images and the stack, made once for all tests here. Where they can't be made, pytest ends with 77."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployed.engine import Engine, NotHere, engine
from tests.deployed.stack import Stack, copy_of_the_checkout
from tests.deployed.standins import chroma_on_ours, real_images_can_be_pulled, standins
from tests.e2e.service import free_port

NOT_RUN = 77  # exit code
REPORT: list[str] = []  # lines for the end


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in REPORT:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def docker() -> Iterator[Engine]:
    try:
        with engine() as running:
            yield running
    except NotHere as missing:
        pytest.exit(f"NOT RUN: {missing}", returncode=NOT_RUN)


@pytest.fixture(scope="session")
def stack(docker: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started by `make up`'s own script, from nothing."""
    folder = tmp_path_factory.mktemp("checkout")
    copy_of_the_checkout(folder)
    try:
        images = _images(docker, folder, tmp_path_factory.mktemp("images"))
    except NotHere as missing:
        pytest.exit(f"NOT RUN: {missing}", returncode=NOT_RUN)
    stack = Stack(docker, folder, f"exhibit-{os.getpid()}", {**images, "EXHIBIT_PORT": str(free_port())})
    try:
        said = stack.run(["sh", "scripts/up.sh"]).stdout.decode()
        REPORT.extend(line for line in said.splitlines() if line.startswith("Exhibit is at"))
        stack.wait_until_ready()
        yield stack
    finally:
        stack.http.close()
        stack.down("--volumes", "--remove-orphans")


def _images(docker: Engine, checkout: Path, folder: Path) -> dict[str, str]:
    """The variables that name them. Ours is built here, so that Chroma's stand-in can be made of it."""
    if real_images_can_be_pulled(docker):
        return {}
    with standins(docker, folder) as names:
        (checkout / ".env").touch()
        Stack(docker, checkout, "exhibit-build", names).compose("build", "api")
        (checkout / ".env").unlink()
        chroma_on_ours(docker, image_of(docker))
    return names


def image_of(docker: Engine) -> str:
    return docker.docker("images", "--filter", "reference=exhibit", "--format", "{{.Repository}}:{{.Tag}}").split()[0]
