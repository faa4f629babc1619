"""Reads EPUB books: their chapters, in the order that the book states, with the reader for HTML."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from domain.documents import Problem
from domain.errors import NeedsPassword, Unreadable
from domain.parsed import Block, Identity, ParsedPage
from ingest.parse.html import text_of_html, title_and_blocks
from ingest.parse.packages import package, xml

EPUB = "application/epub+zip"
CONTAINER = "META-INF/container.xml"
ROOT_FILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
OPF = "{http://www.idpf.org/2007/opf}"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
PAGES = ("application/xhtml+xml", "text/html")
ENCRYPTED = b"EncryptedData"
FONTS_ONLY = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
MAX_CHAPTER = 32 << 20


def open_epub(path: Path) -> Identity:
    with package(path) as archive:
        _refuse_locked(archive)
        _, book = _book(archive)
        words = " ".join((book.findtext(f".//{TITLE}") or "").split())
        return Identity(EPUB, None, title=words[:200] or None)


def parse_epub(path: Path, first: int, last: int) -> list[ParsedPage]:
    blocks: list[Block] = []
    problems: list[Problem] = []
    with package(path) as archive:
        folder, book = _book(archive)
        for name in _chapters(book, folder):
            try:
                blocks += _chapter(archive, name)
            except (Unreadable, KeyError, zipfile.BadZipFile) as error:
                why = str(error) if isinstance(error, Unreadable) else "it is missing or damaged"
                problems.append(Problem(f"the chapter {posixpath.basename(name)} can't be read: {why}"))
    return [ParsedPage(None, tuple(blocks), problems=tuple(problems))]


def _book(archive: zipfile.ZipFile) -> tuple[str, Any]:
    """The folder of the book's table of parts, and that table."""
    container = xml(archive, CONTAINER)
    place = None if container is None else container.find(f".//{ROOT_FILE}")
    name = "" if place is None else place.get("full-path") or ""
    book = xml(archive, name) if name else None
    if book is None:
        raise Unreadable("the book is damaged: it does not say what its chapters are")
    return posixpath.dirname(name), book


def _chapters(book: Any, folder: str) -> Iterator[str]:
    items = {item.get("id"): item for item in book.iter(f"{OPF}item")}
    for reference in book.iter(f"{OPF}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in PAGES:
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))


def _chapter(archive: zipfile.ZipFile, name: str) -> list[Block]:
    if archive.getinfo(name).file_size > MAX_CHAPTER:
        raise Unreadable(f"it is larger than {MAX_CHAPTER >> 20} MB")
    text = text_of_html(archive.read(name))
    return title_and_blocks(text)[1] if text.strip() else []


def _refuse_locked(archive: zipfile.ZipFile) -> None:
    """Raises NeedsPassword for a book with copy protection; encrypted fonts alone do no harm."""
    name = "META-INF/encryption.xml"
    if name not in archive.namelist():
        return
    data = archive.read(name)
    if ENCRYPTED in data and not any(fonts in data for fonts in FONTS_ONLY):
        raise NeedsPassword("the book is locked by its publisher (DRM), so it can't be read")
