"""Keeps track of the open headings while a document is read from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.documents import Place
from domain.parsed import Block

MAX_LEVEL = 6
Headings = tuple[tuple[int, str], ...]  # those that are open, each with its level
MAX_HEADING = 200  # characters; what is longer is a paragraph in disguise


@dataclass(slots=True)
class Outline:
    """The open headings, each with its level. A heading closes those of its own level and deeper ones."""

    _open: list[tuple[int, str]] = field(default_factory=list)

    def heading(self, level: int, text: str) -> Block:
        level = max(1, min(level, MAX_LEVEL))
        self._open = [(other, name) for other, name in self._open if other < level]
        self._open.append((level, text[:MAX_HEADING]))
        return Block("heading", text, level=level, place=self.place)

    @classmethod
    def under(cls, headings: Headings) -> Outline:
        return cls(list(headings))

    @property
    def open(self) -> Headings:
        return tuple(self._open)

    @property
    def place(self) -> Place:
        return Place(heading=tuple(name for _, name in self._open))
