"""Servers for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.postgres import binaries, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The server that the environment names, or one of our own where Postgres is installed."""
    if named := os.environ.get("EXHIBIT_TEST_POSTGRES_URL", ""):
        yield named
    elif (bin := binaries()) is None:
        pytest.skip("Postgres is not installed, and EXHIBIT_TEST_POSTGRES_URL names no server")
    else:
        with server(bin) as url:
            yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A schema of its own."""
    schema, server = f"exhibit_{uuid4().hex}", sa.create_engine(postgres)
    with server.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    url = sa.make_url(postgres).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with server.begin() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    server.dispose()


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """A database of its own: the queue's tables have a schema of a fixed name."""
    name, server = f"exhibit_{uuid4().hex}", sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()
