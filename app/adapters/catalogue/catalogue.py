"""The catalogue in SQL, in SQLite or Postgres: its parts on one database."""

from __future__ import annotations

from copy import copy

from app.adapters.catalogue import postgres
from app.adapters.catalogue.chunks import SqlChunks
from app.adapters.catalogue.collections import SqlCollections
from app.adapters.catalogue.conversations import SqlConversations
from app.adapters.catalogue.database import Database
from app.adapters.catalogue.documents import SqlDocuments
from app.adapters.catalogue.erasure import SqlErasure
from app.adapters.catalogue.leases import Fenced, SqlLeases
from app.adapters.catalogue.reindexes import SqlReindexes
from app.adapters.catalogue.runs import SqlRuns
from app.adapters.catalogue.sessions import SqlSessions
from app.adapters.catalogue.statements import Now, utc_now


class SqlCatalogue:
    def __init__(
        self, url: str, now: Now = utc_now, flushes: bool = True, connections: int = postgres.CONNECTIONS
    ) -> None:
        self.database = Database(url, flushes, connections)
        self._now = now
        self.collections = SqlCollections(self.database, now)
        self.reindexes = SqlReindexes(self.database)
        self.documents = SqlDocuments(self.database)
        self.runs = SqlRuns(self.database, now)
        self.erasure = SqlErasure(self.database, now)
        self.chunks = SqlChunks(self.database)
        self.leases = SqlLeases(self.database, now)
        self.conversations = SqlConversations(self.database, now)
        self.sessions = SqlSessions(self.database)

    def fenced(self, worker_id: str) -> SqlCatalogue:
        """The same, whose runs and chunks are written only while nobody has claimed this worker's lease."""
        catalogue, database = copy(self), Fenced(self.database, worker_id)
        catalogue.runs, catalogue.chunks = SqlRuns(database, self._now), SqlChunks(database)
        return catalogue

    def compact(self) -> None:
        """Gives back the room of what was erased. A database server does so by itself."""
        self.database.compact()

    def close(self) -> None:
        self.database.close()
