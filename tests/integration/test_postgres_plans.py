"""Each hot query goes by an index: no plan reads the whole of a table that grows with what is taken in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.adapters.catalogue.catalogue import SqlCatalogue
from domain.documents import Narrowed
from tests.postgres import binaries, started

pytestmark = pytest.mark.skipif(binaries() is None, reason="Postgres is not installed")

DOCUMENTS, EACH = 25_000, 4  # 10^5 chunks: enough for the planner to mind; at 10^6 it minds the more
FILL = (
    """INSERT INTO documents (id, collection_id, name, media_type, size, sha256, status, created_at, attempt, progress,
         chunks, problems, page_report, metadata, published)
       SELECT 'd' || n, (SELECT id FROM collections WHERE n >= 0 LIMIT 1), 'name ' || n, 'text/plain', 1, 'sha' || n,
         CASE WHEN n % 500 = 0 THEN 'queued' ELSE 'ready' END, now() + n * interval '1 second', 1, 1.0,
         '{}', '[]', '[]', '{"year": 2026}', 1
       FROM generate_series(1, :documents) AS n""",
    """INSERT INTO chunks (id, document_id, ordinal, kind, text, search_text, regions)
       SELECT 'd' || d || '.' || n, 'd' || d, n, 'text', 'words', 'words', '[]'
       FROM generate_series(1, :documents) AS d, generate_series(0, :each - 1) AS n""",
    """INSERT INTO parts (whole_id, part_id)
       SELECT 'd' || 10 * n, 'd' || (10 * n + 1) FROM generate_series(1, :documents / 10 - 1) AS n""",
    "INSERT INTO tombstones (id, deleted_at) SELECT 'gone' || n, now() FROM generate_series(1, :documents) AS n",
)
HOT: dict[str, Callable[[SqlCatalogue, str], object]] = {
    "evidence of a search": lambda c, home: c.chunks.evidence([f"d{n}.1" for n in range(1, 60)], [home]),
    "candidates to be ranked": lambda c, home: c.chunks.standing([f"d{n}.1" for n in range(1, 200)], [home], False),
    "a chunk": lambda c, home: c.chunks.find("d7.3"),
    "chunks of a document": lambda c, home: c.chunks.of_document("d7"),
    "a document": lambda c, home: c.documents.find("d7"),
    "a page of a list": lambda c, home: c.documents.page(home, None, 50),
    "the next page of a list": lambda c, home: c.documents.page(
        home, None, 5, c.documents.page(home, None, 5).next_cursor
    ),
    "a document by its bytes": lambda c, home: c.documents.page(home, None, 5, sha256="sha7"),
    "facts of some documents": lambda c, home: c.documents.facts([home], Narrowed(ids=frozenset({"d1", "d2"}))),
    "whether bytes are wanted": lambda c, home: c.erasure.bytes_wanted("sha7"),
    "what is unfinished": lambda c, home: c.documents.unfinished(),
    "what is deleted": lambda c, home: c.erasure.deleted(),
    "progress": lambda c, home: c.runs.update("d500", 1, progress=0.5),
    "publishing": lambda c, home: c.runs.publish("d1000", 1, "ready"),
    "deleting": lambda c, home: c.erasure.delete("d8"),
    "erasing": lambda c, home: c.erasure.erase("d8"),
}


class Plans:
    """The plan of each statement as it is executed, beside it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.seen: list[tuple[str, str]] = []
        sa.event.listen(engine, "before_cursor_execute", self._explain)

    def _explain(self, connection: sa.Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if not re.match(r"\s*(WITH|SELECT|UPDATE|DELETE|INSERT)", statement):
            return
        with cursor.connection.cursor() as beside:
            beside.execute(f"EXPLAIN {statement}", parameters)
            self.seen.append((statement, "\n".join(line for (line,) in beside.fetchall())))


@pytest.fixture(scope="module")
def filled() -> Iterator[SqlCatalogue]:
    with started(binaries() or Path()) as server, closing(SqlCatalogue(server.url)) as catalogue:
        with catalogue.database.writing() as connection:
            for statement in FILL:
                given = {"documents": DOCUMENTS, "each": EACH}
                text = sa.text(statement)
                connection.execute(text, {name: given[name] for name in text.compile().params})
            connection.exec_driver_sql("ANALYZE")
        yield catalogue


@pytest.mark.parametrize("what", HOT)
def test_it_goes_by_an_index(filled: SqlCatalogue, what: str) -> None:
    home = filled.collections.find("default").id
    plans = Plans(filled.database._engine)
    try:
        HOT[what](filled, home)
    finally:
        sa.event.remove(filled.database._engine, "before_cursor_execute", plans._explain)
    assert plans.seen
    for statement, plan in plans.seen:
        assert not re.search(r"Seq Scan on (chunks|documents|tombstones|parts)", plan), f"{statement}\n{plan}"


def test_a_query_that_reads_the_whole_would_be_noticed(filled: SqlCatalogue) -> None:
    plans = Plans(filled.database._engine)
    with filled.database.reading() as connection:
        connection.exec_driver_sql("SELECT id FROM chunks WHERE text = 'lantern'")
    sa.event.remove(filled.database._engine, "before_cursor_execute", plans._explain)
    assert "Seq Scan on chunks" in plans.seen[-1][1]
