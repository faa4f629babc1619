"""Chroma's folder on disk: a compacted copy takes its place, and what a kill tore is removed before it is opened."""

from __future__ import annotations

import re
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

# header.bin, 100 bytes: version, offset, room, vectors, bytes a vector, …; data_level0.bin holds the vectors.
HEADER = struct.Struct("<IQQQQ64x")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def beside(path: Path) -> tuple[Path, Path]:
    """Where a compacted copy is built, and where the former goes when the copy is whole."""
    return path.with_name(f"{path.name}.building"), path.with_name(f"{path.name}.former")


def take_place(path: Path) -> None:
    """A kill between the two renames leaves the copy and the former: `finish_compacting` knows what that means."""
    building, former = beside(path)
    shutil.rmtree(former, ignore_errors=True)
    path.rename(former)
    building.rename(path)
    shutil.rmtree(former, ignore_errors=True)


def finish_compacting(path: Path) -> None:
    building, former = beside(path)
    if not path.exists() and former.exists() and building.exists():
        building.rename(path)
    for left in (building, former):
        shutil.rmtree(left, ignore_errors=True)


def sweep(path: Path) -> None:
    """Chroma forgets a deleted collection but leaves its folder: removed here, before it is opened; torn ones too."""
    database = path / "chroma.sqlite3"
    if not database.is_file():
        return
    # not read-only: what a kill left half written has to be rolled back before anything can be read
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=rw", uri=True)) as connection:
        known = {str(row[0]) for row in connection.execute("SELECT id FROM segments")}
    for folder in path.iterdir():
        if folder.is_dir() and _UUID.fullmatch(folder.name) and (folder.name not in known or _torn(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _torn(folder: Path) -> bool:
    """Whether a kill cut Chroma's files off: it would open them, and die of a segmentation fault or find nonsense.
    Without them it opens with those vectors lost, which are then put back from the kept ones."""
    header, vectors = folder / "header.bin", folder / "data_level0.bin"
    if not header.is_file() or not vectors.is_file():
        return False
    begin = header.read_bytes()[: HEADER.size]
    if len(begin) < HEADER.size:
        return True
    version, _, _, count, size = HEADER.unpack(begin)
    return bool(version == 1 and vectors.stat().st_size < count * size)
