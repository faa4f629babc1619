"""Opening the catalogue's database (SQLite or Postgres), bringing it up to date, and its transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.adapters.catalogue import postgres
from app.adapters.catalogue.storable import to_json
from domain.errors import BadConfiguration, DiskFull, Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 30.0  # how long a writer of SQLite waits for the others
CONNECTIONS = 16  # SQLite's, kept open
MORE_CONNECTIONS = 24  # together as many as the threads that an event loop lends out
MIGRATION_LOCK = 1_162_367_313  # any number, but the same in every process that opens this Postgres database

# Alembic keeps the running environment in module globals: one migration at a time in a process.
_MIGRATING = threading.Lock()


class Transactions(Protocol):
    """Each commits at its end. Raise Unavailable."""

    def reading(self) -> AbstractContextManager[Connection]: ...
    def writing(self) -> AbstractContextManager[Connection]: ...


class Database:
    """Transactions on one database, whose tables are up to date from the start."""

    def __init__(self, url: str, flushes: bool = True, connections: int = postgres.CONNECTIONS) -> None:
        """Not flushed, SQLite is many times as fast, and what was written may be lost with the power. `connections`:
        the most that are opened to Postgres."""
        self._engine = _engine(url, flushes, connections)
        # A transaction of SQLite that reads first and writes later can fail at its write without waiting
        # (SQLITE_BUSY_SNAPSHOT), so whoever is going to write says so at the beginning.
        self._writing_engine = self._engine.execution_options(writes=True)
        try:
            _prepare(self._engine)
            with self._writing_engine.begin() as connection:
                _upgrade(connection)
        except (DBAPIError, sqlite3.Error, OSError, CommandError) as error:
            self._engine.dispose()
            raise BadConfiguration(
                f"the catalogue {_shown(self._engine.url)} can't be opened: {_why(error)}"
            ) from error
        except BadConfiguration:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with _available(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with _available(), self._writing_engine.begin() as connection:
            yield connection

    def compact(self) -> None:
        """Postgres does so by itself."""
        if self._engine.dialect.name == "sqlite":
            with _available():
                vacuum(Path(str(self._engine.url.database)))

    def close(self) -> None:
        self._engine.dispose()


# ---------------------------------------------------------------- opening


def _engine(url: str, flushes: bool, connections: int) -> Engine:
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, json_serializer=to_json, **_pool(parsed, connections))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise BadConfiguration(f"the catalogue's database URL doesn't work: {error}") from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", partial(_configure_sqlite, flushes))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", postgres.configure)
    return engine


def _pool(url: URL, connections: int) -> dict[str, Any]:
    pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": MORE_CONNECTIONS}
    backend = url.get_backend_name()
    if backend == "postgresql":
        return postgres.pool(connections)
    if backend != "sqlite":
        raise BadConfiguration(f"the catalogue lives in SQLite or Postgres, not in {backend}")
    if url.database in (None, "", ":memory:") or str(url.database).startswith("file:"):
        raise BadConfiguration("the catalogue needs a file: sqlite:///path/to/catalogue.db")
    return {**pool, "connect_args": {"timeout": BUSY_S, "check_same_thread": False}}


def _configure_sqlite(flushes: bool, connection: DBAPIConnection, record: object) -> None:
    connection.isolation_level = None  # we begin transactions, sqlite3 doesn't
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    # FULL, not NORMAL: a 202 is a promise, and so is a deletion; NORMAL may lose the last of them with the power.
    cursor.execute(f"PRAGMA synchronous = {'FULL' if flushes else 'OFF'}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(engine: Engine) -> None:
    """A file that only its owner reads, in WAL mode (readers and the one writer don't wait for each other)."""
    if engine.dialect.name != "sqlite":
        postgres.check(engine)
        return
    file = Path(str(engine.url.database))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    make_private(file)
    patience = time.monotonic() + BUSY_S
    while not _switched_to_wal(file):
        if time.monotonic() > patience:
            raise BadConfiguration(f"the catalogue {file} is held by another process")
        time.sleep(0.05)


def make_private(file: Path) -> None:
    """Makes the SQLite file if there is none; only its owner reads it, and what SQLite keeps beside it."""
    # SQLite gives its -wal and -shm the same mode. Opened only where there is no file yet: closing a file drops the
    # locks that this process holds on it elsewhere (POSIX), and the next outsider to close it would delete the -wal
    # under us.
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    for one in (file, *(file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):  # made by a former version, readable by all
            one.chmod(0o600)


def vacuum(file: Path) -> None:
    """Gives a SQLite file's free pages back, and its log's. Readers go on meanwhile; writers wait."""
    connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _switched_to_wal(file: Path) -> bool:
    """False while another process is switching too: SQLite answers "locked" there without waiting."""
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    finally:
        connection.close()
    return True


def _upgrade(connection: Connection) -> None:
    """Within one transaction that locks out whoever opens at the same moment; it then finds nothing to do."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # others may migrate for minutes
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    config.attributes["connection"] = connection

    def to_the_newest(revision: Any, _: object) -> Any:
        return script._upgrade_revs("head", revision)

    with _MIGRATING, EnvironmentContext(config, script, fn=to_the_newest):
        script.run_env()


# ---------------------------------------------------------------- errors


@contextmanager
def _available() -> Iterator[None]:
    """What the database can't help becomes Unavailable; our own mistakes stay what they are."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:  # the last: from `_configure_sqlite`
        # Its own words name host and port, which are not for users: operators find them in the cause.
        kind = DiskFull if is_full(error) else Unavailable
        raise kind(f"The catalogue doesn't answer now{_told(error)}.", "the catalogue") from error


def _told(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return f": {_why(error)}"
    known = postgres.fault(error)
    return f": {known}" if known else ""


def _why(error: Exception) -> str:
    if isinstance(error, CommandError):
        return f"a newer version of Exhibit has changed it ({error})"
    if is_full(error):
        return "the disk is full"
    reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
    known = postgres.fault(error)
    return f"{known} ({reason})" if known else reason


def is_full(error: Exception) -> bool:
    """Whether a database has no room on its disk."""
    reason = str(error.orig if isinstance(error, DBAPIError) else error)
    return "disk is full" in reason or "No space left" in reason


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
