"""The product's packages, as pyproject.toml has them: tests that read the source ask here which folders that is."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rooms() -> tuple[str, ...]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return tuple(name.rstrip("*") for name in settings["tool"]["setuptools"]["packages"]["find"]["include"])
