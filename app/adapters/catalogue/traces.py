"""Traces in the catalogue's database: packed JSON, the newest so many, for some days."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select

from app.adapters.catalogue.database import Database
from app.adapters.catalogue.statements import Now, utc_now
from app.adapters.catalogue.tables import traces
from domain.errors import Missing
from domain.searches import Trace

MOST = 2_000
DAYS = 14

_JSON = TypeAdapter(Trace)


class SqlTraces:
    """In the database that the catalogue has open, and closes: opening SQLite's file a second time in one process, and
    closing that, would drop the locks that the first opening holds."""

    def __init__(self, database: Database, most: int = MOST, days: int = DAYS, now: Now = utc_now) -> None:
        self._database = database
        self._most = most
        self._days = days
        self._now = now

    def keep(self, traces: Sequence[Trace]) -> None:
        rows = [{"id": one.id, "at": one.at, "body": _packed(one)} for one in traces]
        if not rows:
            return
        with self._database.writing() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.id.in_([row["id"] for row in rows])))
            connection.execute(insert(_TABLE), rows)
            connection.execute(delete(_TABLE).where(_TABLE.c.at < self._now() - timedelta(days=self._days)))
            newest = select(_TABLE.c.id).order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc())
            beyond = [row.id for row in connection.execute(newest.offset(self._most))]
            if beyond:
                connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(beyond)))

    def find(self, trace_id: str) -> Trace:
        with self._database.reading() as connection:
            body = connection.scalar(select(_TABLE.c.body).where(_TABLE.c.id == trace_id))
        if body is None:
            raise Missing("there is no such trace, or it is no longer kept")
        return _JSON.validate_json(zlib.decompress(body))

    def close(self) -> None:
        """The catalogue closes what is shared."""


_TABLE = traces


def _packed(trace: Trace) -> bytes:
    return zlib.compress(_JSON.dump_json(trace), level=1)
