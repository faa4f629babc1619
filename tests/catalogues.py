"""A catalogue for each test that wants one: the tables are made once, and their file is copied."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cache
from pathlib import Path
from uuid import uuid4

from app.adapters.catalogue.catalogue import SqlCatalogue
from app.adapters.catalogue.statements import Now, utc_now


def fresh_catalogue(now: Now = utc_now) -> SqlCatalogue:
    """Empty, in SQLite; its file is deleted when nothing uses it any more."""
    file = _template().with_name(f"{uuid4().hex}.db")
    shutil.copyfile(_template(), file)
    catalogue = SqlCatalogue(f"sqlite:///{file}", now, flushes=False)
    weakref.finalize(catalogue.database, file.unlink)
    return catalogue


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="exhibit-catalogues-")


@cache
def _template() -> Path:
    file = Path(_folder().name) / "template.db"
    SqlCatalogue(f"sqlite:///{file}", flushes=False).close()
    return file
