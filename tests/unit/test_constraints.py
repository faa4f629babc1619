"""The exact versions that `make` installs."""

from __future__ import annotations

import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def test_every_pinned_package_takes_the_oldest_python_that_the_project_takes() -> None:
    """Debian 12 has 3.11.2: a package that wanted 3.11.5 left no way to install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = f"{project['requires-python'].removeprefix('>=')}.0"
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0].strip()) for line in lines}
    wants = {
        one.name: "".join(one.metadata.get_all("Requires-Python") or [])
        for one in distributions()
        if canonicalize_name(one.name) in pinned
    }
    assert len(wants) > 100
    assert [name for name, wanted in wants.items() if oldest not in SpecifierSet(wanted)] == []
