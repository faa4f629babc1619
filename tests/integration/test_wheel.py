"""The wheel holds the page."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "answering", "system", "language", "domain", "ingest", "retrievers", "prompts", "evaluation")
BUILD = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"


def test_the_wheel_holds_the_page(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "models"))
    subprocess.run([sys.executable, "-c", BUILD], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("app/web/")}
    web = ROOT / "app" / "web"
    not_sent = {"tsconfig.json", "types.d.ts"} | {path.name for path in web.rglob("*.d.mts")}
    page = {
        path.relative_to(ROOT).as_posix() for path in web.rglob("*") if path.is_file() and path.name not in not_sent
    }
    assert held == page
