"""The command line and the Python client over a real service; and what is left when everything was deleted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api.schemas import AnswerOut
from app.cli import main
from app.client import Exhibit, Refused, Unreachable
from tests.e2e.service import SAMPLES, Service, free_port
from tests.waiting import HANG_S

FILES = ("carriers-notes.md", "fleet.xlsx", "lost-property-2025.csv")
MOST_LEFT = 20_000_000  # bytes more than a new data folder has


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    one = Service(tmp_path_factory.mktemp("service"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def found_by_its_folder(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command is told an address: the owner of the data folder says where it listens."""
    monkeypatch.setenv("EXHIBIT_DATA_DIR", str(service.folder / "data"))


@pytest.fixture
def exhibit(service: Service) -> Iterator[Exhibit]:
    with Exhibit(f"http://127.0.0.1:{service.port}") as client:
        yield client


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    (folder / "within").mkdir()
    for number, name in enumerate(FILES):
        shutil.copy(SAMPLES / name, folder / "within" if number else folder)
    (folder / "program.exe").write_bytes(b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(200))
    return folder


def test_a_folder_is_taken_in_and_the_second_time_nothing_is_sent(
    papers: Path, exhibit: Exhibit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", str(papers)]) == 0
    first = capsys.readouterr()
    assert "3 taken in" in first.out
    assert "1 skipped" in first.out
    documents = {document.name: document.id for document in exhibit.documents()}
    assert set(documents) == set(FILES)
    assert main(["ingest", str(papers)]) == 0
    assert "3 there already" in capsys.readouterr().out
    assert {document.name: document.id for document in exhibit.documents()} == documents


def test_a_named_file_that_is_refused_fails(papers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", str(papers / "program.exe")]) == 1
    assert "1 failed" in capsys.readouterr().out


def test_evidence_is_found_and_answers_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "Which boat is electric?", "--top", "3"]) == 0
    assert "[1] " in capsys.readouterr().out
    assert main(["ask", "Which boat is electric?"]) in (0, 2)
    assert "confidence" in capsys.readouterr().out
    assert main(["search", "Which boat is electric?", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["document"] in FILES


def test_what_is_there_is_listed(exhibit: Exhibit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert [name for name in FILES if name not in listed] == []
    assert main(["status"]) == 0
    assert "default: 3 ready" in capsys.readouterr().out
    [notes] = exhibit.documents(name="carriers-notes.md")
    assert main(["status", notes.id]) == 0
    assert notes.id in capsys.readouterr().out


def test_the_client_follows_streams_and_translates_errors(exhibit: Exhibit) -> None:
    document = exhibit.upload(SAMPLES / "carriers-notes.md", "default")
    assert document.duplicate
    assert [now.status for now in exhibit.follow(document.id)] == ["ready"]
    assert [one.id for one in exhibit.wait([document.id], timeout_s=HANG_S)] == [document.id]
    assert exhibit.original(document.id) == (SAMPLES / "carriers-notes.md").read_bytes()
    events = list(exhibit.ask_streamed("Which boat is electric?"))
    assert isinstance(events[0], list)
    assert isinstance(events[-1], AnswerOut)
    with pytest.raises(Refused) as refusal:
        exhibit.document("nobody")
    assert refusal.value.status == 404
    with pytest.raises(Unreachable), Exhibit(f"http://127.0.0.1:{free_port()}") as nowhere:
        nowhere.document("any")


def test_a_changed_file_of_the_same_name_takes_its_formers_place(
    tmp_path: Path, exhibit: Exhibit, service: Service
) -> None:
    notes = tmp_path / "carriers-notes.md"
    notes.write_text((SAMPLES / notes.name).read_text() + "\n\n# Addendum\n\nThe zeppelin Albatross carries mail.\n")
    [former] = exhibit.documents(name=notes.name)
    evidence = exhibit.search("Who wrote the carriers' notes?", filter={"document": [former.id]})[0]
    assert main(["ingest", "--replace", str(notes)]) == 0
    [now] = exhibit.documents(name=notes.name)
    assert now.replaces == former.id
    assert "zeppelin" in exhibit.search("the zeppelin Albatross")[0].text
    gone = [f"/v1/documents/{former.id}", f"/v1/evidence/{evidence.id}", f"/v1/evidence/{evidence.id}/image"]
    assert [service.http.get(path).status_code for path in gone] == [410, 410, 410]
    assert "the vectors of the former version are taken over" in service.log()
    with pytest.raises(Refused) as refusal:
        exhibit.upload(notes, replaces=former.id)
    assert refusal.value.status == 410
    assert exhibit.upload(notes, replaces=now.id).duplicate  # the same bytes change nothing


def test_all_is_whole_and_after_deleting_all_nothing_is_left(
    service: Service, exhibit: Exhibit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify"]) == 0
    assert "Everything is there, and nothing else." in capsys.readouterr().out
    data = service.folder / "data"
    assert main(["delete", *[document.id for document in exhibit.documents()]]) == 0
    capsys.readouterr()
    assert main(["verify", "--repair", "--compact", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["whole"]
    assert report["checked"] | {"collections": 0} == dict.fromkeys(report["checked"], 0)
    assert [file for file in (data / "blobs" / "originals").rglob("*") if file.is_file()] == []
    assert [file for file in (data / "blobs" / "documents").rglob("*") if file.is_file()] == []
    assert not list((data / "words").glob("*/*.term"))
    assert sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) < MOST_LEFT
    assert exhibit.search("electric") == []
    [again] = exhibit.wait([exhibit.upload(SAMPLES / "carriers-notes.md").id], timeout_s=HANG_S)
    assert again.status == "ready"
    assert exhibit.search("carriers")
