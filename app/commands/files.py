"""The files of a command line: those that it names, and those in the folders that it names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Given:
    path: Path
    named: bool  # on the command line itself, not found in a folder
    size: int  # bytes

    @property
    def name(self) -> str:
        return self.path.name


def files_of(paths: Iterable[Path], recursive: bool = True) -> list[Given]:
    """Each file once, folders in alphabetical order. Hidden files and folders are left out, links to folders not
    followed. Raises BadRequest for a path that isn't there, before anything is done."""
    found: dict[Path, Given] = {}
    for path in paths:
        if not path.exists():
            raise BadRequest(f"There is no {path}.")
        inside = path.is_dir()
        for file in _within(path, recursive) if inside else [path]:
            found.setdefault(file.resolve(), Given(file, not inside, file.stat().st_size))
    return list(found.values())


def _within(folder: Path, recursive: bool) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recursive else []
        for name in sorted(files):
            file = Path(parent, name)
            if not name.startswith(".") and file.is_file():
                yield file


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
