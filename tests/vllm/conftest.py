"""The engine, started when a test first needs it, and again after one killed it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vllm.engine import PYTHON, ROOT, VENV, Engine, Engines


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny LLaVA, made once for each version of the script and of the prompts that its tokenizer learns from."""
    if not PYTHON.exists():
        pytest.skip("vLLM's environment is not there: make test-vllm builds it")
    script = Path(__file__).with_name("tiny_llava.py")
    made_of = [script, *sorted((ROOT / "prompts").glob("*.md")), *sorted((ROOT / "answering/output").glob("*.md"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()[:12]
    folder = VENV / "models" / digest
    if not (folder / "tokenizer.json").exists():
        half_made = tmp_path_factory.mktemp("model")
        subprocess.run([PYTHON, script, half_made], check=True, capture_output=True)
        shutil.copytree(half_made, folder)
    return folder


@pytest.fixture(scope="session")
def engines(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    engines = Engines(model, tmp_path_factory.mktemp("engine"))
    yield engines
    engines.stop()


@pytest.fixture
def engine(engines: Engines) -> Engine:
    return engines.one()
