"""A format that Exhibit does not know, as a newcomer would add it: each line of a "ledger" is one entry."""

from __future__ import annotations

from pathlib import Path

from domain.parsed import Block, Identity, ParsedPage

LEDGER = "application/x-ledger"


def open_ledger(path: Path) -> Identity:
    return Identity(LEDGER, None, title=path.read_text(encoding="utf-8").splitlines()[0].removeprefix("LEDGER "))


def parse_ledger(path: Path, first: int, last: int) -> list[ParsedPage]:
    entries = path.read_text(encoding="utf-8").splitlines()[1:]
    return [ParsedPage(None, tuple(Block("text", entry) for entry in entries), read_as="text")]
