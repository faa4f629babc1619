"""Documents go in over HTTP, are asked, cited, drawn and deleted, as on a machine without containers."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.deployed.stack import ROOT, SAMPLES, Stack

COLLECTION = "samples"


@pytest.fixture(scope="module")
def ids(stack: Stack) -> dict[str, str]:
    """By file name, once all are read."""
    files = sorted(SAMPLES.iterdir())
    ids = stack.upload(COLLECTION, *files)
    stack.is_read(*ids)
    return {stack.document(id)["name"]: id for id in ids}


def test_questions_are_answered_from_the_right_page(stack: Stack, ids: dict[str, str]) -> None:
    lines = (ROOT / "samples" / "questions.jsonl").read_text("utf-8").splitlines()
    for asked in (one for one in map(json.loads, lines) if one.get("demo") and one["answerable"]):
        answer = stack.ask(COLLECTION, asked["question"])
        cited = {(one["evidence"]["document"], one["evidence"]["page"]) for one in answer["citations"]}
        assert cited & {(asked["document"], page) for page in asked["pages"]}, (asked, answer["answer"])


def test_a_page_is_drawn_with_its_region(stack: Stack, ids: dict[str, str]) -> None:
    found = stack.http.post("/v1/search", json={"collection": COLLECTION, "query": "storm Ansgar"}).json()["evidence"]
    page = next(one["page_url"] for one in found if one["page_url"])
    drawn = stack.http.get(page)
    assert drawn.status_code == 200, drawn.text
    assert Image.open(io.BytesIO(drawn.content)).width > 300


def test_slides_are_drawn_by_libreoffice(stack: Stack, ids: dict[str, str]) -> None:
    drawn = stack.http.get(f"/v1/documents/{ids['project-gannet.pptx']}/pages/1")
    assert drawn.status_code == 200, drawn.text
    assert Image.open(io.BytesIO(drawn.content)).width > 300


def test_an_old_word_file_is_read(stack: Stack, tmp_path: Path) -> None:
    """Made by the image's own LibreOffice out of a sample."""
    worker = stack.containers("worker")[0]
    folder = "/tmp/old"
    stack.engine.docker("exec", worker, "mkdir", "-p", folder)
    handbook = (SAMPLES / "staff-handbook.docx").read_bytes()
    stack.engine.docker("exec", "-i", worker, "sh", "-c", f"cat > {folder}/handbook.docx", input=handbook)
    convert = ("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "doc")
    stack.engine.docker("exec", worker, *convert, "--outdir", folder, f"{folder}/handbook.docx")
    read = stack.engine.run(["docker", "exec", worker, "cat", f"{folder}/handbook.doc"]).stdout
    (tmp_path / "handbook.doc").write_bytes(read)
    assert not zipfile.is_zipfile(tmp_path / "handbook.doc")
    stack.is_read(*stack.upload("old", tmp_path / "handbook.doc"))
    assert stack.http.post("/v1/search", json={"collection": "old", "query": "holidays"}).json()["evidence"]


def test_a_deleted_document_is_found_no_more(stack: Stack, ids: dict[str, str]) -> None:
    fleet = ids["fleet.xlsx"]
    assert stack.http.delete(f"/v1/documents/{fleet}").status_code in (200, 202, 204)
    found = stack.http.post("/v1/search", json={"collection": COLLECTION, "query": "which boat is in the fleet"}).json()
    assert "fleet.xlsx" not in {one["document"] for one in found["evidence"]}
    assert stack.http.get(f"/v1/documents/{fleet}").status_code == 410


def test_every_command_of_the_image_can_be_imported(stack: Stack) -> None:
    """`No module named 'eval'` once kept the image from starting."""
    api = stack.containers("api")[0]
    assert "prepare" in stack.engine.docker("exec", api, "exhibit", "--help")
    status = stack.engine.docker("exec", api, "exhibit", "eval", "--help")
    assert "usage" in status
