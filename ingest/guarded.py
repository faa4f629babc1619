"""Guards what a run reads and writes: as soon as the run is no longer wanted, it ends with Superseded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from domain.documents import Document, Part, Stage
from domain.errors import ExhibitError, Gone, Missing
from domain.ports import Documents, Runs
from ingest.erasing import Eraser
from ingest.progress import Clocks, Work


class Superseded(ExhibitError):
    """This run is no longer wanted: the document was cancelled, deleted, or queued again."""

    status, title = 409, "No longer wanted"


class Guarded:
    def __init__(self, documents: Documents, runs: Runs, eraser: Eraser) -> None:
        self._documents = documents
        self._runs = runs
        self._eraser = eraser
        self._clocks = Clocks()

    def wanted(self, document_id: str, attempt: int) -> Document | None:
        document = self.in_attempt(document_id, attempt)
        return document if document is not None and document.status in ("queued", "running") else None

    def in_attempt(self, document_id: str, attempt: int) -> Document | None:
        try:
            document = self._documents.find(document_id)
        except (Missing, Gone):
            return None
        return document if document.attempt == attempt else None

    async def begin(self, document_id: str, attempt: int, stage: Stage, work: Work) -> Document:
        """Records the stage, and how much of the work is done. Raises Superseded when the run is not wanted."""
        time_left_s = self._clocks.time_left_s((document_id, attempt), work)

        def enter() -> Document:
            document = self.wanted(document_id, attempt)
            if document is not None:
                now: dict[str, Any] = {
                    "stage": stage,
                    "progress": max(document.progress, work.progress),
                    "time_left_s": time_left_s,
                    "waiting_for": _still(document, stage, work),
                }
                if self._runs.update(document_id, attempt, status="running", **now):
                    return document
            raise Superseded("No longer wanted.")

        return await asyncio.to_thread(enter)

    async def waits(self, document_id: str, attempt: int, part: Part | None) -> None:
        """Records what the run waits for; None: it goes on."""
        update = self._runs.update
        await asyncio.to_thread(lambda: update(document_id, attempt, waiting_for=part or ""))

    def end(self, document_id: str, attempt: int) -> None:
        self._clocks.forget((document_id, attempt))

    async def update(self, document: Document, **changes: Any) -> None:
        update = self._runs.update
        if not await asyncio.to_thread(lambda: update(document.id, document.attempt, **changes)):
            raise Superseded("No longer wanted.")

    async def write(self, document: Document, write: Callable[..., object], *args: object) -> None:
        """Writes only for a document that is wanted. A deletion in this process waits for the write, or prevents it. A
        deletion by another process may come in between: then the written data is removed here."""

        def guarded() -> None:
            with self._eraser.excluded(document.id):
                if self.wanted(document.id, document.attempt) is None:
                    raise Superseded("No longer wanted.")
                write(*args)
                if self._deleted(document.id):
                    self._eraser.remove(document.id, document.collection_id)
                    raise Superseded("No longer wanted.")

        await asyncio.to_thread(guarded)

    def _deleted(self, document_id: str) -> bool:
        try:
            self._documents.find(document_id)
        except (Missing, Gone):
            return True
        return False


def _still(document: Document, stage: Stage, work: Work) -> Literal[""] | None:
    """Trying again, the document still waits; a run that got further (perhaps in another process) doesn't. Descriptions
    are waited for beyond the run."""
    further = stage != document.stage or work.progress > document.progress
    return "" if further and document.waiting_for not in (None, "the language model") else None
