"""Lists of words that are kept as files in `words/`: words between spaces, comments after `#`."""

from __future__ import annotations

from importlib.resources import files


def words(name: str) -> list[str]:
    """In the order of the file."""
    return [word for row in rows(name) for word in row]


def rows(name: str) -> list[list[str]]:
    """The words of each line."""
    text = (files("language") / "words" / name).read_text(encoding="utf-8")
    split = (line.partition("#")[0].split() for line in text.splitlines())
    return [row for row in split if row]
