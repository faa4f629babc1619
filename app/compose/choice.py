"""A table of constructors: the first option that applies to the settings is built."""

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
    """The last option of a table always applies."""
    return next(row.make for row in rows if row.applies(settings))
