"""Keeps indexes between measurements: the same documents are not ingested twice by the same code."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INGESTS = (
    "ingest",
    "app/adapters",
    "domain",
    "language",
    "system",
    "app/services/library.py",
    "app/services/upkeep/reconcile.py",
    "app/compose",
)
NOT_CODE = frozenset({".pyc", ".log"})


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How the documents of a folder got in."""

    ids: dict[str, str]  # file name -> document id
    status: dict[str, str]  # file name -> ready, partial or failed
    pages: int
    chunks: dict[str, int]
    seconds: float
    problems: list[str] = field(default_factory=list)
    found_seconds: float = 0.0  # until the text of the last document could be found: pictures are read later
    known: int = 0  # documents that were there before, and are not in the seconds


@dataclass(frozen=True, slots=True)
class KeptIndex:
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def taken_in(self) -> TakenIn | None:
        """What was taken in, if all of it was."""
        if not self._mark.is_file():
            return None
        return TakenIn(**json.loads(self._mark.read_text(encoding="utf-8")))

    def finish(self, taken: TakenIn) -> None:
        self._mark.write_text(json.dumps(asdict(taken), ensure_ascii=False, indent=1), encoding="utf-8")

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _mark(self) -> Path:
        return self.folder / "taken-in.json"


def kept_index(cache: Path, documents: Iterable[Path]) -> KeptIndex:
    return KeptIndex(cache / digest(documents))


def digest(documents: Iterable[Path], root: Path = ROOT) -> str:
    """Of the documents' names and bytes, all code and weights that decide what is stored, and the models' names."""
    sha = hashlib.sha256(os.environ.get("EXHIBIT_MODELS", "bundled").encode())
    for path in documents:
        sha.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(ingesting_code(root)):
        sha.update(str(path.relative_to(root)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()[:16]


def ingesting_code(root: Path) -> Iterator[Path]:
    for name in INGESTS:
        place = root / name
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from (path for path in place.rglob("*") if path.is_file() and path.suffix not in NOT_CODE)
