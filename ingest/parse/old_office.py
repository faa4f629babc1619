"""Reads Office files from before 2007: LibreOffice converts them to the current formats, which have parsers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from domain.limits import DocumentLimits
from domain.parsed import Identity, ParsedPage
from ingest.libreoffice import converted
from ingest.parse.sheets import open_xlsx, parse_xlsx
from ingest.parse.slides import open_pptx, parse_pptx
from ingest.parse.word import open_docx, parse_docx


def open_doc(path: Path) -> Identity:
    with _as(path, ".doc", "docx") as file:
        return open_docx(file)


def parse_doc(path: Path, first: int, last: int) -> list[ParsedPage]:
    with _as(path, ".doc", "docx") as file:
        return parse_docx(file, first, last)


def open_ppt(path: Path) -> Identity:
    with _as(path, ".ppt", "pptx") as file:
        return open_pptx(file)


def parse_ppt(path: Path, first: int, last: int) -> list[ParsedPage]:
    with _as(path, ".ppt", "pptx") as file:
        return parse_pptx(file, first, last)


def open_xls(path: Path) -> Identity:
    with _as(path, ".xls", "xlsx") as file:
        return open_xlsx(file)


def parse_xls(path: Path, first: int, last: int, limits: DocumentLimits) -> list[ParsedPage]:
    with _as(path, ".xls", "xlsx") as file:
        return parse_xlsx(file, first, last, limits)


@contextmanager
def _as(path: Path, extension: str, target: str) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="exhibit-", suffix=f".{target}") as file:
        file.write(_converted(path, extension, target))
        file.flush()
        yield Path(file.name)


@lru_cache(maxsize=1)  # opened, then read: once converted is enough. Originals are named by their hash
def _converted(path: Path, extension: str, target: str) -> bytes:
    return converted(path, extension, target)
