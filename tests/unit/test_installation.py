"""A process whose files are not those of its catalogue does not start, and says why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.adapters.catalogue.installation import SqlInstallation
from app.services.installation import MARK, marked
from domain.errors import BadConfiguration
from tests.catalogues import fresh_catalogue


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_processes_that_share_their_files_agree_also_when_they_start_together(tmp_path: Path) -> None:
    installation, shared = SqlInstallation(fresh_catalogue().database), [folder(tmp_path / "a"), folder(tmp_path / "b")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: installation.agree(partial(marked, shared)), range(8)))
    assert len({(one / MARK).read_text() for one in shared}) == 1


def test_one_with_files_of_its_own_is_refused_in_a_sentence(tmp_path: Path) -> None:
    installation = SqlInstallation(fresh_catalogue().database)
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    installation.agree(partial(marked, [here]))
    with pytest.raises(BadConfiguration, match="all of them must share EXHIBIT_DATA_DIR"):
        installation.agree(partial(marked, [here, there]))
    assert not (there / MARK).exists()
    (there / MARK).write_text((here / MARK).read_text())  # as the sentence says
    installation.agree(partial(marked, [here, there]))


def test_a_folder_that_cannot_be_written_refuses_to_start_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="can't be written"):
        marked([folder(tmp_path / "first"), Path("/proc/self")], None)  # where nobody may make a file


def test_a_new_catalogue_takes_the_files_that_are_there(tmp_path: Path) -> None:
    here = folder(tmp_path / "here")
    (here / MARK).write_text("abc\n")
    SqlInstallation(fresh_catalogue().database).agree(partial(marked, [here]))
    assert (here / MARK).read_text() == "abc\n"
