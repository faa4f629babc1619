"""Runs of documents in SQL.

Every change of a run is a compare-and-set in one statement: it names the attempt it belongs to, and touches
nothing when the document was deleted, cancelled or begun anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from sqlalchemy import ColumnElement, and_, case, select, update

from app.adapters.catalogue import tables
from app.adapters.catalogue.database import Transactions
from app.adapters.catalogue.erasure import hide_whole
from app.adapters.catalogue.statements import (
    FOR_DESCRIPTIONS,
    UNDESCRIBED,
    UNFINISHED,
    Now,
    changed,
    document_by_id,
    undeleted,
)
from app.adapters.catalogue.tables import documents
from domain.documents import FINISHED, READ, RETRYABLE, Document, Status
from domain.errors import Conflict
from domain.ports import RunChanges

# A run that starts over remembers nothing of the one before it, but its chunks stand until they are replaced.
ANEW: dict[str, Any] = {
    "status": "queued",
    "stage": None,
    "progress": 0.0,
    "problems": [],
    "page_report": [],
    "ready_at": None,
    "published": 0,
    "re_embedded": None,
    "time_left_s": None,
    "waiting_for": None,
}
BEGUN_AGAIN: dict[str, Any] = {"status": "running", "stage": "describe", "ready_at": None, "waiting_for": None}
ENDED: dict[str, Any] = {"stage": None, "time_left_s": None, "waiting_for": None}


class SqlRuns:
    def __init__(self, database: Transactions, now: Now) -> None:
        self._database = database
        self._now = now

    def update(self, document_id: str, attempt: int, **changes: Unpack[RunChanges]) -> bool:
        """Raises ValueError for `ready` and `partial`: only `publish` makes findable."""
        status = changes.get("status")
        if status in READ:
            raise ValueError(f"{status} is for publish")
        values: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        if (problems := changes.get("problems")) is not None:
            values["problems"] = tables.problem_rows(problems)
        if (page_report := changes.get("page_report")) is not None:
            values["page_report"] = tables.report_rows(page_report)
        if "waiting_for" in values:
            values["waiting_for"] = values["waiting_for"] or None
        if status in FINISHED:
            values |= ENDED | {"published": 0}
        with self._database.writing() as connection:
            return changed(connection, document_id, attempt, values)

    def requeue(self, document_id: str) -> Document:
        return self._begin_anew(document_id, documents.c.status.in_(sorted(RETRYABLE)))

    def reattempt(self, document_id: str, attempt: int) -> Document:
        return self._begin_anew(document_id, documents.c.status.in_(UNFINISHED), documents.c.attempt == attempt)

    def describe_again(self, document_id: str, attempt: int) -> Document:
        return self._begin(BEGUN_AGAIN, document_id, UNDESCRIBED, documents.c.attempt == attempt)

    def publish(self, document_id: str, attempt: int, status: Status, batches: int = 1) -> bool:
        _check_publishable(status)
        values: dict[str, Any] = {"status": status, "published": batches, "re_embedded": None}
        if status in READ:
            still = documents.c.waiting_for == FOR_DESCRIPTIONS
            waiting = {"waiting_for": case((still, FOR_DESCRIPTIONS), else_=None)}
            values |= ENDED | waiting | {"progress": 1.0, "ready_at": self._now()}
        with self._database.writing() as connection:
            published = changed(connection, document_id, attempt, values)
            replaced = connection.scalar(select(documents.c.replaces).where(documents.c.id == document_id))
            if published and replaced is not None and status in READ:
                hide_whole(connection, replaced, self._now(), but=document_id)
        return published

    def _begin_anew(self, document_id: str, *conditions: ColumnElement[bool]) -> Document:
        return self._begin(ANEW, document_id, *conditions)

    def _begin(self, values: Mapping[str, Any], document_id: str, *conditions: ColumnElement[bool]) -> Document:
        allowed = and_(documents.c.id == document_id, undeleted, *conditions)
        again = update(documents).where(allowed).values({**values, "attempt": documents.c.attempt + 1})
        with self._database.writing() as connection:
            begun = connection.execute(again).rowcount
            document = document_by_id(connection, document_id)
            if not begun:
                raise Conflict(f"the document is {document.status}, in attempt {document.attempt}")
            return document


def _check_publishable(status: Status) -> None:
    if status not in READ and status != "running":
        raise ValueError(f"{status} is not findable")
