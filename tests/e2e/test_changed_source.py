"""Killed in the middle and started again from changed source, the service finishes what it had accepted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.service import ROOT, Service
from tests.e2e.test_killed import FILES, content

PACKAGES = ("app", "ingest", "retrievers", "prompts")


def edited(root: Path) -> None:
    """Other code, the same steps: what an upgrade between two patch releases does."""
    path = root / "ingest" / "pipeline.py"
    source = path.read_text(encoding="utf-8")
    for name in ("async def ingest(", "    async def embed(self", "    async def parse(self"):
        at = source.index('"""', source.index(name))
        end = source.index('"""\n', at + 3) + 4
        indent = "        " if name.startswith(" ") else "    "
        source = source[:end] + f"{indent}print('the changed source runs', flush=True)\n" + source[end:]
    path.write_text(source, encoding="utf-8")


@pytest.mark.timeout(300)
def test_started_again_with_changed_source_it_loses_and_doubles_nothing(
    service_in: Callable[..., Service], tmp_path: Path
) -> None:
    undisturbed = service_in("undisturbed")
    undisturbed.start()
    undisturbed.finished(*undisturbed.upload(*FILES))

    root = tmp_path / "copy"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    service = service_in("killed")
    service.root = root
    service.start()
    documents = service.upload(*FILES)
    time.sleep(1.6)  # some running, some queued
    service.kill()
    assert "the changed source runs" not in service.log()
    edited(root)
    service.start()
    finished = service.finished(*documents)

    assert "the changed source runs" in service.log()
    assert {document["status"] for document in finished} == {"ready"}
    assert content(service) == content(undisturbed)
