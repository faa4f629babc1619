"""Keeps out of the log what DBOS and its connections say of an outage, again and again: it has its one line already."""

from __future__ import annotations

import logging
import re

from dbos._error import DBOSAwaitedWorkflowCancelledError
from sqlalchemy.exc import DBAPIError

from system.outages import Outages

NOISY = ("dbos", "sqlalchemy.pool.impl.QueuePool")
# How the messages of a lost connection read, whose error is part of the text.
LOST = re.compile(
    r"psycopg\.|[Dd]atabase connection|[Nn]otification listener|connection (to server|failed)|closed the connection"
    r"|terminating connection|QueuePool limit"
)
CANCELLED = "Asyncio task cancelled"  # a worker that ends cuts its runs off


class Quiet(logging.Filter):
    def __init__(self, outages: Outages) -> None:
        super().__init__()
        self._outages = outages

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        if isinstance(error, DBOSAwaitedWorkflowCancelledError) or said.startswith(CANCELLED):  # it was asked for
            return False
        if isinstance(error, DBAPIError) or LOST.search(said):
            self._outages.failed("the catalogue", " ".join(str(error or said).split())[:300])
            return False
        return True
