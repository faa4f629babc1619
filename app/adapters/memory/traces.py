"""Traces in memory, for tests and experiments; they pass the same contract suite as those in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from domain.errors import Missing
from domain.searches import Trace


def utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryTraces:
    def __init__(self, most: int = 2_000, days: int = 14, now: Callable[[], datetime] = utc_now) -> None:
        self._most = most
        self._days = days
        self._now = now
        self._kept: dict[str, Trace] = {}

    def keep(self, traces: Sequence[Trace]) -> None:
        kept = self._kept | {trace.id: trace for trace in traces}
        oldest = self._now() - timedelta(days=self._days)
        newest = sorted(kept.values(), key=lambda trace: (trace.at, trace.id), reverse=True)[: self._most]
        self._kept = {trace.id: trace for trace in newest if trace.at >= oldest}

    def find(self, trace_id: str) -> Trace:
        if trace_id not in self._kept:
            raise Missing("there is no such trace, or it is no longer kept")
        return self._kept[trace_id]

    def close(self) -> None:
        """Nothing is held."""
