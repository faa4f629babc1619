"""Opening the catalogue's database: what is made, what is refused, and how errors read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.chunks import SqlChunks
from app.adapters.catalogue.cursors import encode_cursor
from app.adapters.catalogue.database import MIGRATIONS, Database
from app.adapters.catalogue.tables import metadata
from domain.documents import Chunk, Document, Narrowed
from domain.errors import BadConfiguration, Unavailable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def test_the_migrations_make_the_tables_that_the_code_expects(file: Path) -> None:
    database = Database(url(file))
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        partial = connection.scalars(
            sa.text("SELECT name || substr(sql, instr(sql, ' WHERE')) FROM sqlite_master WHERE sql LIKE '% WHERE %'")
        ).all()
    database.close()
    assert differences == []
    assert sorted(partial) == [  # which the comparison doesn't look at
        "documents_deleted WHERE deleted_at IS NOT NULL",
        "documents_waiting WHERE waiting_for IS NOT NULL",
        "one_collection_of_a_name WHERE deleted_at IS NULL",
        "one_document_of_these_bytes WHERE deleted_at IS NULL",
    ]


def test_the_migrations_are_in_packages_so_that_they_get_installed() -> None:
    versions = list((MIGRATIONS / "versions").glob("0*.py"))
    assert versions
    assert all((folder / "__init__.py").is_file() for folder in (MIGRATIONS, MIGRATIONS / "versions"))


def test_opening_again_changes_nothing(file: Path) -> None:
    first = SqlCatalogue(url(file))
    collection = first.collections.create("a", {})
    first.close()
    second = SqlCatalogue(url(file))
    assert second.collections.find("a") == collection
    assert len(second.collections.page(10).items) == 2
    second.close()


def test_the_file_and_its_companions_are_their_owners_alone(file: Path) -> None:
    catalogue = SqlCatalogue(url(file.parent / "data" / "catalogue.db"))
    files = list((file.parent / "data").iterdir())
    assert len(files) >= 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (file.parent / "data").stat().st_mode & 0o777 == 0o700
    catalogue.close()


def test_sqlite_is_set_up_to_keep_promises(file: Path) -> None:
    database = Database(url(file))
    with database.writing() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        settings += [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "busy_timeout")]
    database.close()
    assert settings == ["wal", 2, 1, 30_000]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "mysql://root@localhost/x",
        "oracle://x",
        "postgresql+nodriver://localhost/x",
    ],
)
def test_a_url_that_can_not_work_refuses_to_start(bad: str) -> None:
    with pytest.raises(BadConfiguration):
        Database(bad)


def test_a_server_that_is_not_there_refuses_to_start_and_keeps_the_password_to_itself() -> None:
    with pytest.raises(BadConfiguration, match="postgresql") as refusal:
        Database("postgresql+psycopg://someone:hush@127.0.0.1:1/x")
    assert "hush" not in str(refusal.value)


def test_a_file_that_is_something_else_refuses_to_start_and_is_left_alone(file: Path) -> None:
    file.write_bytes(b"My diary, not a database. " * 100)
    with pytest.raises(BadConfiguration, match="not a database"):
        Database(url(file))
    assert file.read_bytes() == b"My diary, not a database. " * 100


def test_a_folder_in_its_place_refuses_to_start(file: Path) -> None:
    file.mkdir()
    with pytest.raises(BadConfiguration, match="can't be opened"):
        Database(url(file))


def test_a_file_of_a_newer_version_refuses_to_start(file: Path) -> None:
    Database(url(file)).close()
    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(BadConfiguration, match="newer version"):
        Database(url(file))


def test_a_migration_that_fails_leaves_nothing_half_done(file: Path) -> None:
    with sqlite3.connect(file) as raw:
        raw.execute("CREATE TABLE chunks (in_the_way)")  # the third table that the first migration makes
    raw.close()
    with pytest.raises(BadConfiguration, match="chunks already exists"):
        Database(url(file))
    with sqlite3.connect(file) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("chunks",)]
    raw.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(file: Path) -> None:
    catalogue = SqlCatalogue(url(file))

    @sa.event.listens_for(catalogue.database._engine, "checkout")
    def no_room_for_more(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # never below what there is

    with pytest.raises(Unavailable, match="disk is full"):
        catalogue.collections.create("a", {"x": "y" * 99_999})
    assert [collection.name for collection in catalogue.collections.page(10).items] == ["default"]
    catalogue.close()


def test_a_damaged_file_is_unavailable(file: Path) -> None:
    catalogue = SqlCatalogue(url(file))
    for n in range(50):
        catalogue.collections.create(f"c{n}", {"x": "y" * 2000})
    catalogue.close()
    catalogue = SqlCatalogue(url(file))
    size = file.stat().st_size
    with open(file, "r+b") as damaged:
        damaged.seek(size // 2)
        damaged.write(b"\xff" * (size - size // 2))
    with pytest.raises(Unavailable, match="malformed"):
        catalogue.collections.page(200)
    catalogue.close()


def test_what_goes_wrong_inside_a_transaction_undoes_it(file: Path) -> None:
    catalogue = SqlCatalogue(url(file))

    def empty_and_fail() -> None:
        with catalogue.database.writing() as connection:
            connection.execute(sa.text("DELETE FROM collections"))
            connection.execute(sa.text("NONSENSE"))

    with pytest.raises(Unavailable, match="NONSENSE"):
        empty_and_fail()
    assert catalogue.collections.find("default").name == "default"
    catalogue.close()


def test_a_deleted_collection_goes_with_its_last_document(file: Path) -> None:
    catalogue = SqlCatalogue(url(file))
    catalogue.collections.create("empty", {})
    full, now = catalogue.collections.create("full", {}), datetime.now(UTC)
    catalogue.documents.record(Document("d", full.id, "full", "a", "text/plain", 1, "ab", "queued", now))

    def kept() -> set[str]:
        with catalogue.database.reading() as connection:
            return set(connection.scalars(sa.text("SELECT id FROM collections WHERE name <> 'default'")))

    catalogue.collections.delete("empty")
    catalogue.collections.delete("full")
    assert kept() == {full.id}
    catalogue.erasure.erase("d")
    assert kept() == set()
    catalogue.close()


def plans_of(file: Path, calls: Callable[[SqlCatalogue], object]) -> list[str]:
    """How SQLite goes about all that these calls ask of it."""
    catalogue, statements = SqlCatalogue(url(file)), list[tuple[str, object]]()

    @sa.event.listens_for(catalogue.database._engine, "before_cursor_execute")
    def collect(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    calls(catalogue)
    with closing(sqlite3.connect(file)) as raw:
        plans = [
            row[3]
            for statement, parameters in statements
            if statement.startswith(("SELECT", "UPDATE", "DELETE"))
            for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
        ]
    catalogue.close()
    return plans


def take_in(catalogue: SqlCatalogue) -> str:
    home = catalogue.collections.find("default").id
    catalogue.documents.record(Document("d", home, "default", "a", "text/plain", 1, "ab", "queued", datetime.now(UTC)))
    catalogue.runs.update("d", 1, status="running")
    catalogue.chunks.replace("d", 1, [Chunk(f"d.{n}", "d", n, "text", "", "") for n in range(9)])
    catalogue.runs.publish("d", 1, "partial")
    return home


def test_no_call_walks_all_documents_or_all_chunks(file: Path) -> None:
    def every_call(catalogue: SqlCatalogue) -> None:
        home = take_in(catalogue)
        catalogue.chunks.evidence([f"d.{n}" for n in range(9)], [home])
        catalogue.chunks.standing([f"d.{n}" for n in range(9)], [home])
        catalogue.chunks.find("d.1")
        catalogue.chunks.of_document("d", after=3, limit=2)
        catalogue.documents.page(home, "ready", 1, encode_cursor((datetime.now(UTC), "")))
        catalogue.documents.findable([home])
        catalogue.documents.facts([home], Narrowed(frozenset({"d"}), ((1,),)))
        catalogue.documents.facts([home], Narrowed())
        catalogue.erasure.bytes_wanted("ab")
        catalogue.runs.requeue("d")
        catalogue.documents.unfinished()
        catalogue.erasure.delete("d")
        catalogue.erasure.deleted()
        catalogue.erasure.erase("d")
        catalogue.collections.delete("default")

    plans = plans_of(file, every_call)
    assert len(plans) > 40
    walks = {line for line in plans if line.startswith(("SCAN documents", "SCAN chunks"))}
    assert walks <= {"SCAN documents USING INDEX documents_deleted"}  # those that await erasing, which are few


@pytest.mark.parametrize("look_up", [SqlChunks.evidence, SqlChunks.standing])
def test_chunks_are_looked_up_by_id_not_searched_for_among_all_that_is_findable(
    file: Path, look_up: Callable[..., Sequence[object]]
) -> None:
    def look_up_many(catalogue: SqlCatalogue) -> None:
        home = take_in(catalogue)
        for n in range(100):
            other = Document(f"o{n}", home, "default", "a", "text/plain", 1, f"{n}", "queued", datetime.now(UTC))
            catalogue.documents.record(other)
            catalogue.chunks.replace(other.id, 1, [Chunk(f"{other.id}.a", other.id, 0, "text", "", "")])
            catalogue.runs.publish(other.id, 1, "ready")
        assert len(look_up(catalogue.chunks, ["d.1", *(f"o{n}.a" for n in range(100))], [home])) == 101

    look_ups = [line for line in plans_of(file, look_up_many) if "chunks" in line or "documents" in line][-2:]
    assert look_ups == [
        "SEARCH chunks USING INDEX sqlite_autoindex_chunks_1 (id=?)",
        "SEARCH documents USING INDEX sqlite_autoindex_documents_1 (id=?)",
    ]
