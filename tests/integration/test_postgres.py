"""A real Postgres: what is refused at start, and a server that goes and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.adapters.catalogue import postgres
from app.adapters.catalogue.catalogue import SqlCatalogue
from domain.errors import BadConfiguration, Unavailable
from tests.postgres import PASSWORD, Server, binaries, started

needs_postgres = pytest.mark.skipif(binaries() is None, reason="Postgres is not installed")
pytestmark = needs_postgres
BIN = binaries() or Path()


@pytest.fixture(scope="module")
def guarded_by_a_password() -> Iterator[Server]:
    with started(BIN, auth="scram-sha-256") as server:
        yield server


def test_a_wrong_password_is_told_in_a_sentence_that_keeps_it(guarded_by_a_password: Server) -> None:
    wrong = guarded_by_a_password.url.replace(PASSWORD, "low-tide")
    with pytest.raises(BadConfiguration, match="refuses the user or the password of EXHIBIT_DATABASE_URL") as refusal:
        SqlCatalogue(wrong)
    assert "low-tide" not in str(refusal.value)


def test_a_database_that_is_not_there_is_told(guarded_by_a_password: Server) -> None:
    with pytest.raises(BadConfiguration, match="names does not exist"):
        SqlCatalogue(guarded_by_a_password.url.replace("/postgres", "/museum"))


def test_text_that_is_not_utf8_is_refused_in_a_sentence(guarded_by_a_password: Server) -> None:
    made = sa.create_engine(guarded_by_a_password.url, isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE plain ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    made.dispose()
    with pytest.raises(BadConfiguration, match="stores text as SQL_ASCII, and needs UTF8"):
        SqlCatalogue(guarded_by_a_password.url.replace("/postgres", "/plain"))


def test_an_old_server_is_refused_in_a_sentence(guarded_by_a_password: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 99)
    with pytest.raises(BadConfiguration, match=r"Postgres \d+\.\d+ is too old for the catalogue: it needs 99 or newer"):
        SqlCatalogue(guarded_by_a_password.url)


def test_a_restarted_server_is_found_again_and_users_are_told_no_host(guarded_by_a_password: Server) -> None:
    server = guarded_by_a_password
    with closing(SqlCatalogue(server.url)) as catalogue:
        server.stop()
        with pytest.raises(Unavailable) as refusal:
            catalogue.collections.find("default")
        server.start()
        assert catalogue.collections.find("default").name == "default"
    assert refusal.value.part == "the catalogue"
    assert str(server.port) not in str(refusal.value)
    assert "127.0.0.1" not in str(refusal.value)
    assert str(server.port) in str(refusal.value.__cause__)  # for operators


def test_a_query_that_takes_too_long_is_given_up(
    guarded_by_a_password: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STATEMENT_S", 0.05)
    with closing(SqlCatalogue(guarded_by_a_password.url)) as catalogue:
        with (
            pytest.raises(Unavailable, match="took too long"),
            catalogue.database.reading() as connection,
        ):
            connection.exec_driver_sql("SELECT pg_sleep(600)")
        assert catalogue.collections.find("default")


def test_no_more_connections_are_opened_than_are_allowed(
    guarded_by_a_password: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "POOL_S", 0.05)
    with closing(SqlCatalogue(guarded_by_a_password.url, connections=1)) as catalogue:
        with (
            catalogue.database.reading() as connection,
            pytest.raises(Unavailable, match="doesn't answer now"),
        ):
            catalogue.collections.find("default")
        assert connection.closed
        assert catalogue.collections.find("default")
