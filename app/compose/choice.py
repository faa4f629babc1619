"""A table of constructors: the first row whose condition the settings meet is the one that is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    applies: Callable[[Settings], bool]
    make: T


def always(settings: Settings) -> bool:
    return True


def chosen(rows: Sequence[Option[T]], settings: Settings) -> T:
    """The last row of a table applies always."""
    return next(row.make for row in rows if row.applies(settings))
