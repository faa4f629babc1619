"""The image's own package: a wheel of exactly what the Dockerfile copies starts the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rooms import ROOT, rooms

PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
NOT_SHIPPED = (".pyc", ".log", ".d.ts", ".d.mts", "tsconfig.json")  # types are checked here, browsers read none


def copied() -> Iterator[str]:
    """The names that the build stage of the Dockerfile copies from this folder."""
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not any(word.startswith("--from") for word in words):
            yield from words[1:-1]


def told(sign: str) -> set[str]:
    """The names in .dockerignore that stand after `!` (sent to the engine, which gets nothing else) or `**/` (left out
    of them, wherever they stand)."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    return {line.removeprefix(sign) for line in lines if line.startswith(sign)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made of what the Dockerfile copies, and of nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "src"
    source.mkdir()
    left_out = shutil.ignore_patterns(*told("**/"))
    for name in copied():
        assert name in told("!"), f"{name} is copied by the Dockerfile and left out by .dockerignore"
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, source / name)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([*PIP, *build], check=True)
    [made] = folder.glob("exhibit-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and our libraries, and not this checkout."""
    folder = tmp_path_factory.mktemp("image")
    venv.create(folder / "env", with_pip=False)
    [packages] = (folder / "env").glob("lib/python*/site-packages")
    # A path in a .pth file is searched, but .pth files in it are not read: the editable install stays out of sight.
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(packages), str(wheel)], check=True)
    return folder / "env" / "bin" / "python"


def test_what_the_image_copies_starts_the_command_line(installed: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    shown = subprocess.run(
        [installed, "-m", "app.cli", "--help"], cwd=tmp_path, env=clean, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    assert "serve" in shown.stdout


def test_the_wheel_holds_the_rooms_and_their_data_and_nothing_else(wheel: Path) -> None:
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in files} == set(rooms())
    ours = {
        path.relative_to(ROOT).as_posix()
        for room in rooms()
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not path.name.endswith(NOT_SHIPPED)
    }
    assert ours - files == set()
