"""What is special about a Postgres server: its connections, what it must be, and how its refusals read."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from domain.errors import BadConfiguration

CONNECTIONS = 16  # the most of a process, besides the queue's
KEPT = 4  # of these are kept open while they are idle
OLDEST = 13  # the tests run on 15
STATEMENT_S = 60  # a query that takes longer is given up: the longest of ours takes a few seconds at 10^6 chunks
POOL_S = 10  # how long a request waits for a connection of the pool

# A connection to a machine that is gone without a word is noticed within half a minute, not after two hours.
REACHING: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

# What is wrong, by Postgres' code, and what helps.
FAULTS = {
    "28P01": "Postgres refuses the user or the password of EXHIBIT_DATABASE_URL",
    "28000": "Postgres refuses the user of EXHIBIT_DATABASE_URL",
    "3D000": "the database that EXHIBIT_DATABASE_URL names does not exist",
    "53300": "Postgres has no connection left: raise its max_connections, or lower EXHIBIT_DATABASE_CONNECTIONS",
    "57014": "a query took too long",
}
REFUSALS = {  # before a session begins, the driver tells no code
    "password authentication failed": FAULTS["28P01"],
    "no password supplied": FAULTS["28P01"],
    "no pg_hba.conf entry": FAULTS["28000"],
    '" does not exist': FAULTS["3D000"],
    "too many clients": FAULTS["53300"],
    "remaining connection slots": FAULTS["53300"],
}

log = logging.getLogger(__name__)


def pool(connections: int) -> dict[str, Any]:
    """`create_engine`'s arguments. A connection is checked when it is taken: a server may have gone and come back."""
    kept = min(KEPT, connections)
    return {
        "pool_size": kept,
        "max_overflow": connections - kept,
        "pool_timeout": POOL_S,
        "pool_pre_ping": True,
        # Where the database is SQL_ASCII, text comes as bytes unless the client says what it wants.
        "connect_args": {**REACHING, "client_encoding": "utf8"},
    }


def configure(connection: DBAPIConnection, record: object) -> None:
    """By statements, as options among the arguments would replace those of the URL."""
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = '{STATEMENT_S}s'")
    cursor.close()
    connection.commit()  # else the pool's rollback undoes it


def check(engine: Engine) -> None:
    """Raises BadConfiguration."""
    with engine.connect() as connection:
        version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())  # 150018 is 15.18
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        most = int(connection.exec_driver_sql("SHOW max_connections").scalar_one())
    if version < OLDEST * 10_000:
        raise BadConfiguration(
            f"Postgres {version // 10_000}.{version % 10_000} is too old for the catalogue: it needs {OLDEST} or newer."
        )
    if encoding != "UTF8":
        raise BadConfiguration(
            f"The catalogue's database stores text as {encoding}, and needs UTF8: create it with "
            "`CREATE DATABASE exhibit ENCODING 'UTF8' TEMPLATE template0`."
        )
    log.info("Postgres allows %d connections in all", most, extra={"max_connections": most})


def fault(error: Exception) -> str:
    """What is wrong, without hosts and ports; empty for what isn't known."""
    if not isinstance(error, DBAPIError):
        return ""
    if known := FAULTS.get(getattr(error.orig, "sqlstate", None) or ""):
        return known
    said = str(error.orig)
    return next((told for words, told in REFUSALS.items() if words in said), "")
