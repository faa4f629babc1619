"""What a deployment needs before its first start is made once, kept, and read by its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.encoders.model_files import bundled_minilm
from app.adapters.encoders.precision import kept_choice
from app.cli import main
from app.commands.prepare import PASSFILE, PASSWORD, make_secrets, seed_cache
from domain.errors import BadConfiguration


def test_a_password_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder, "")
    made = (folder / PASSWORD).read_text()
    make_secrets(folder, "")
    assert len(made.strip()) > 30
    assert (folder / PASSWORD).read_text() == made
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in (PASSWORD, PASSFILE))


def test_a_given_password_is_kept_as_it_is_and_escaped_for_libpq(tmp_path: Path) -> None:
    make_secrets(tmp_path, r"a:b\c@d/é")
    assert (tmp_path / PASSWORD).read_text() == "a:b\\c@d/é\n"
    assert (tmp_path / PASSFILE).read_text() == "*:*:*:*:a\\:b\\\\c@d/é\n"


def test_a_password_that_would_break_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="POSTGRES_PASSWORD"):
        make_secrets(tmp_path, "one\ntwo")


def test_a_seed_fills_only_what_the_cache_lacks(tmp_path: Path) -> None:
    for name, text in (("seed/a", "seed"), ("seed/b", "seed"), ("cache/a", "own"), ("cache/b.copying", "half")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "model").write_text(text)
    (tmp_path / "seed/a.lock").touch()
    seed_cache(tmp_path / "seed", tmp_path / "cache")
    assert {str(path.relative_to(tmp_path / "cache")): path.read_text() for path in tmp_path.glob("cache/*/*")} == {
        "a/model": "own",
        "b/model": "seed",
    }


def test_the_command_makes_the_key_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EXHIBIT_HOST", "0.0.0.0")
    monkeypatch.delenv("POSTGRES_PASSWORD", raising=False)
    assert main(["prepare", "--secrets", str(tmp_path / "secrets")]) == 0
    assert (tmp_path / "data/api-key").read_text().startswith("ek-")


def test_another_version_of_the_compose_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXHIBIT_COMPOSE_VERSION", "99.0")
    assert main(["serve"]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "99.0" in said


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadConfiguration, match="cache folder"):
        kept_choice(bundled_minilm(), tmp_path / "file" / "cache", None)
