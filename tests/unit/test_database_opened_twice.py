"""A file that is opened twice in one process keeps its locks: an outsider that reads it must not end its journal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from app.adapters.catalogue.database import Database


def test_an_outsider_that_reads_does_not_delete_the_journal_of_a_file_opened_twice(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.db"
    first, second = Database(f"sqlite:///{file}"), Database(f"sqlite:///{file}")
    with first.writing() as connection:
        connection.execute(text("create table kept (n integer)"))
    outsider = (
        f"import sqlite3; c = sqlite3.connect({str(file)!r}); c.execute('select * from kept').fetchall(); c.close()"
    )
    subprocess.run([sys.executable, "-c", outsider], check=True)
    assert (tmp_path / "catalogue.db-wal").exists()
    first.close()
    second.close()
