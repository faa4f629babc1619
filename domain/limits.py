"""How large a document may be. What is beyond is left out, and the document says so, naming the setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    pages: int = 5_000
    chunks: int = 50_000
    cells: int = 2_000_000  # of a sheet
    columns: int = 702  # of a sheet: up to ZZ
    attachments: int = 1_000  # of an upload: what is in its archives and e-mails, however deep
    nesting: int = 60  # values or elements inside each other
    minutes: int = 120  # of reading, without waiting for other documents

    @property
    def seconds(self) -> float:
        return 60.0 * self.minutes


STANDARD = DocumentLimits()


def only_first(what: str, kept: int, there: int | None, setting: str, done: str = "were read") -> str:
    """`there`: how many there are; None where nobody counted. `setting` is the field's name above."""
    of = "" if there is None else f"of its {there:,} "
    return f"only the first {kept:,} {of}{what} {done}; {variable(setting)} is the limit"


def variable(setting: str) -> str:
    return f"EXHIBIT_MAX_{setting.upper()}"
