"""Killed in the middle and started again from changed source, the service finishes what it had accepted."""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import ROOT, Service
from tests.e2e.test_killed import FILES, NAMES, content

PACKAGES = ("app", "ingest", "retrievers", "prompts")
COPY_RUNS, CHANGED_RUNS = "this is the copy", "this is the changed copy"


def says(root: Path, words: str, file: str, *functions: str) -> None:
    """Edits functions: other source, the same steps, as an upgrade between two patch releases."""
    source = (root / file).read_text(encoding="utf-8")
    for function in functions:
        source, times = re.subn(
            rf"( *)async def {function}\(.*:\n", rf"\g<0>\g<1>    print({words!r}, flush=True)\n", source
        )
        assert times == 1, function
    (root / file).write_text(source, encoding="utf-8")


def wait_until_some_run_and_some_are_queued(service: Service, documents: list[dict[str, Any]]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        now = [service.document(document["id"]) for document in documents]
        statuses = Counter(document["status"] for document in now)
        if statuses["running"] and statuses["queued"] and any(document["stage"] == "embed" for document in now):
            return
        time.sleep(0.02)
    raise AssertionError(f"never in the middle: {now}")


@pytest.mark.timeout(300)
def test_started_again_with_changed_source_it_loses_and_doubles_nothing(
    service_in: Callable[..., Service], tmp_path: Path
) -> None:
    undisturbed = service_in("undisturbed")
    undisturbed.start()
    undisturbed.finished(*undisturbed.upload(*FILES))
    undisturbed.terminate()

    root = tmp_path / "copy"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    says(root, COPY_RUNS, "ingest/pipeline.py", "identify")
    service = service_in("killed")
    service.root = root
    service.start()
    documents = service.upload(*FILES)
    wait_until_some_run_and_some_are_queued(service, documents)
    service.kill()
    assert COPY_RUNS in service.log()
    assert CHANGED_RUNS not in service.log()

    says(root, CHANGED_RUNS, "ingest/pipeline.py", "ingest", "index", "publish")
    says(root, CHANGED_RUNS, "app/adapters/dbos_jobs.py", "ingest_workflow")  # from which DBOS would make its version
    service.start()
    finished = service.finished(*documents, timeout=120)
    assert CHANGED_RUNS in service.log()
    assert [(document["name"], document["status"], document["problems"]) for document in finished] == [
        (name, "ready", []) for name in NAMES
    ]
    assert content(service) == content(undisturbed)
