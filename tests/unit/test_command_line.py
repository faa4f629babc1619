"""The command line's parts that need no service."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from app.api.schemas import CollectionOut, ReindexOut
from app.cli import COMMANDS, main, parser
from app.client import Exhibit, Refused
from app.commands import reindex
from app.commands.files import files_of, sha256_of
from app.commands.ingest import Entry, share_of, summary
from app.commands.progress import EVERY_S, Progress, duration
from app.commands.showing import plain
from domain.errors import BadRequest


def folder_of_files(root: Path) -> Path:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / ".git").mkdir()
    for name in ("one.txt", "a/two.txt", "a/b/three.txt", "a/.git/config", "a/.hidden"):
        (root / name).write_text(name)
    (root / "a" / "loop").symlink_to(root)
    return root


def test_a_folder_gives_its_files_once_without_hidden_ones_and_links_to_folders(tmp_path: Path) -> None:
    root = folder_of_files(tmp_path)
    found = files_of([root, root / "one.txt", root / "a"])
    assert sorted(given.name for given in found) == ["one.txt", "three.txt", "two.txt"]
    assert not any(given.named for given in found)


def test_folders_within_can_be_left_out(tmp_path: Path) -> None:
    root = folder_of_files(tmp_path)
    assert [given.name for given in files_of([root], recursive=False)] == ["one.txt"]
    assert files_of([root / "one.txt"])[0].named


def test_a_path_that_is_not_there_stops_everything_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="There is no"):
        files_of([tmp_path, tmp_path / "nowhere"])


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert sha256_of(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_a_terminal_sees_a_bar_and_a_time_left() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock, out = [0.0], Terminal()
    progress = Progress(out, now=lambda: clock[0])
    clock[0] = 30.0
    progress.show(0.25, "1 of 4")
    assert "25% 1 of 4, about 90 s left" in out.getvalue()
    assert out.getvalue().count("█") == 6
    progress.say("done")
    assert out.getvalue().endswith("\r\033[Kdone\n")


def test_a_log_sees_a_line_now_and_then() -> None:
    clock, out = [0.0], io.StringIO()
    progress = Progress(out, now=lambda: clock[0])
    for second in range(40):
        clock[0] = float(second)
        progress.show(second / 40, f"{second}")
    assert [line.split()[1].strip(",") for line in out.getvalue().splitlines()] == ["15", "30"]
    assert EVERY_S == 15


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (150, "2 min"), (7300, "2 h 2 min")])
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_skipped_file_is_no_failure_but_a_refused_one_is(tmp_path: Path) -> None:
    [given] = files_of([Path(__file__)])
    over, refused = Entry(given, "refused", why="no", unwanted=True), Entry(given, "refused", why="no such type")
    assert (over.failed, refused.failed) == (False, True)
    lines = summary([over, refused], "default", "1 s")
    assert "1 skipped, 1 failed" in lines[0]
    assert lines[1].endswith("no such type")
    assert share_of([over, Entry(given)]) == 0.5


def test_documents_can_not_write_to_the_terminal() -> None:
    assert plain("a\033[31mred\x07\n灯塔") == "a\ufffd[31mred\ufffd\n灯塔"


def test_commands_keep_their_names() -> None:
    names = "serve worker ingest search ask list status delete verify reindex eval prepare"
    assert [command.name for command in COMMANDS] == names.split()


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command.name, "--help"])
        assert ended.value.code == 0
        assert command.name in capsys.readouterr().out
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    assert parser().prog == "exhibit"


def test_a_wrong_folder_is_told_rather_than_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXHIBIT_DATA_DIR", str(tmp_path / "data"))
    assert main(["search", "boats"]) == 1
    assert "start one with `exhibit serve`" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [["reindex"], ["reindex", "default", "--all"]])
def test_reindex_wants_names_or_all(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert "Name collections" in capsys.readouterr().err


class Reindexing:
    """Stands for the service: each look finds every collection a step further; `good` succeeds, `bad` fails."""

    def __init__(self) -> None:
        self.looks = 0

    def collection(self, name: str) -> CollectionOut:
        self.looks += 1
        if name == "gone":
            raise Refused(404, "there is no collection named gone")
        ended = {"good": None, "bad": ReindexOut(state="failed", done=4, total=9, problem="the disk is full")}
        return collection_out(name, ended[name] if self.looks > 4 else reindexing(self.looks))


def reindexing(done: int) -> ReindexOut:
    return ReindexOut(state="running", done=done, total=9, problem=None)


def collection_out(name: str, reindex: ReindexOut | None) -> CollectionOut:
    encoders = {"text": "minilm", "image": "clip"}
    return CollectionOut(name=name, metadata={}, encoders=encoders, created_at=datetime.now(UTC), reindex=reindex)


def test_reindexing_is_followed_until_each_collection_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "ROUND_S", 0.0)
    out = io.StringIO()
    begun = [collection_out(name, reindexing(0)) for name in ("good", "bad", "gone")]
    assert reindex.followed(cast(Exhibit, Reindexing()), begun, Progress(out)) == 1
    assert set(out.getvalue().splitlines()) == {
        "✓ good: its vectors are of minilm and clip",
        "✗ bad: the disk is full",
        "✓ gone: it was deleted meanwhile",
    }
