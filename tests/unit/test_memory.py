"""A container that may use too little memory refuses to start in a sentence, instead of being killed without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import main
from app.commands import serve
from system.memory import usable


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_the_limit_of_a_container_counts(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("1000\n")
    assert usable(tmp_path) == 1000


def test_without_a_limit_it_is_the_machine(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert usable(tmp_path) == usable(tmp_path / "nothing") > 1 << 28


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_too_little_is_refused_in_a_sentence(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "usable", lambda: 300 * 10**6)
    assert main([command]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "300 MB" in said
