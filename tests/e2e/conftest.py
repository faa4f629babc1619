"""Services for the tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.service import SAMPLES, Service


@pytest.fixture
def service_in(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes services; stops them at the end. Their models folder is shared, so that the probe runs once."""
    made: list[Service] = []

    def make(folder: str = "service", **environment: str) -> Service:
        (tmp_path / folder).mkdir(exist_ok=True)
        made.append(Service(tmp_path / folder, **environment))
        return made[-1]

    yield make
    for service in made:
        service.stop()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the samples in it, taken in once for all files of tests."""
    one = Service(tmp_path_factory.mktemp("filled"))
    one.start()
    documents = one.upload(*sorted(SAMPLES.iterdir()))
    statuses = {document["name"]: document["status"] for document in one.finished(*documents)}
    assert set(statuses.values()) == {"ready"}, statuses
    one.stop()
    return one.folder / "data"


@pytest.fixture(scope="module")
def service(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests of a file, with a copy of the filled folder."""
    folder = tmp_path_factory.mktemp("service")
    shutil.copytree(filled, folder / "data")
    one = Service(folder)
    one.start()
    yield one
    one.stop()
