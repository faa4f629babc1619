"""Notices that a process was started beside a catalogue with files of its own, as on a machine that shares none."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from domain.errors import BadConfiguration
from system.private_files import write_private

MARK = "installation"  # the file's name


def marked(folders: Sequence[Path], known: str | None) -> str:
    """The id that stands in all of these folders. One that the catalogue does not know yet is written; else a folder
    without it, or with another, is not the one that the others use. Raises BadConfiguration."""
    found = {folder: _read(folder / MARK) for folder in folders}
    if known is None:
        known = next(filter(None, found.values()), uuid.uuid4().hex)
        for folder in folders:
            _write(folder / MARK, known)
        return known
    for folder, id in found.items():
        if id != known:
            raise BadConfiguration(
                f"The folder {folder} is not the one that the other processes of this catalogue use: all of them must "
                "share EXHIBIT_DATA_DIR and EXHIBIT_BLOBS_URL. If this is meant to be it (its files are there, or are "
                f"to be made again), write the line {known} into {folder / MARK}."
            )
    return known


def _write(file: Path, id: str) -> None:
    try:
        write_private(file, id)
    except OSError as error:
        raise BadConfiguration(f"{file} can't be written: {error.strerror}.") from error


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadConfiguration(f"{file} can't be read: {error.strerror}.") from error
