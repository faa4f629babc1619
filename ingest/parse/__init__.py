"""The two functions that a sandboxed child runs. They are given the format's row, and import its parser only there."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from domain.limits import STANDARD, DocumentLimits
from domain.parsed import Identity, ParsedPage
from ingest.parse.formats import Format, LimitedParse, Open, Parse
from ingest.parse.seen import seen_only
from language.hidden import without_hidden


def open_document(path: Path, row: Format) -> Identity:
    """What the file turns out to be. Raises Unreadable or NeedsPassword."""
    opened = cast(Open, getattr(import_module(row.parser.module), row.parser.open))
    found = opened(path)
    return replace(found, media_type=row.media_type, title=found.title and without_hidden(found.title))


def parse_pages(path: Path, row: Format, first: int, last: int, limits: DocumentLimits = STANDARD) -> list[ParsedPage]:
    """Pages first..last, from 1; a document without pages is one ParsedPage."""
    parse = getattr(import_module(row.parser.module), row.parser.parse)
    if row.parser.limited:
        pages = cast(LimitedParse, parse)(path, first, last, limits)
    else:
        pages = cast(Parse, parse)(path, first, last)
    return [seen_only(page) for page in pages]
