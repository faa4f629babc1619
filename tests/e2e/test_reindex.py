"""A library whose vectors are of a model that is not at hand: searched by its words, re-embedded through a kill -9."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.adapters.vectors.index_names import slug
from app.cli import main
from tests.e2e.service import SAMPLES, Service
from tests.waiting import wait_until

FORMER = {"text": "former-words@00000000", "image": "former-clip@00000000"}
FILES = ("carriers-notes.md", "fleet.xlsx", "lost-property-2025.csv", "harbour-morning.jpg")
QUESTION = "Which boat is electric?"
PICTURE = f"data:image/jpeg;base64,{base64.b64encode((SAMPLES / 'harbour-morning.jpg').read_bytes()).decode()}"


def of_former_models(data: Path) -> None:
    """As if a version with other models had taken the documents in."""
    with closing(sqlite3.connect(data / "catalogue.db")) as catalogue, catalogue:
        catalogue.execute("update collections set encoders = ?", [json.dumps(FORMER)])
    for folder in list((data / "blobs").glob("documents/*/vectors/*")):
        space = folder.name.partition("-")[0]
        folder.rename(folder.with_name(f"{space}-{slug(FORMER[space])}"))
    shutil.rmtree(data / "chroma")  # made again at start, from the kept vectors


def found(service: Service, **query: Any) -> dict[str, Any]:
    answer = service.http.post("/v1/search", json=query)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    assert result["evidence"]
    return result


def searched_while(service: Service, goes_on: Callable[[dict[str, Any] | None], bool]) -> dict[str, Any] | None:
    """With pauses: encoding steps back behind questions, and would never end on a busy machine."""
    now: dict[str, Any] | None = None

    def over() -> bool:
        nonlocal now
        if not goes_on(now := reindex_of(service)):
            return True
        found(service, query=QUESTION)
        time.sleep(0.3)
        return False

    wait_until(over, lambda: f"still {now}")
    return now


def reindex_of(service: Service) -> dict[str, Any] | None:
    now: dict[str, Any] | None = service.http.get("/v1/collections/default").json()["reindex"]
    return now


def test_a_library_of_former_models_is_re_embedded(
    service_in: Callable[..., Service],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = service_in("reindexed")
    service.start()
    taken = service.finished(*service.upload(*(SAMPLES / name for name in FILES)))
    assert {document["status"] for document in taken} == {"ready"}
    service.stop()
    of_former_models(service.folder / "data")
    service = service_in("reindexed")
    service.start()
    monkeypatch.setenv("EXHIBIT_DATA_DIR", str(service.folder / "data"))

    [notice] = found(service, query=QUESTION)["notices"]
    assert "`exhibit reindex default`" in notice["message"]
    refused = service.http.post("/v1/search", json={"image": PICTURE})
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert "`exhibit reindex default`" in refused.json()["detail"]
    [failed] = service.finished(*service.upload(("new.md", b"# New\n\nThe walrus Otto collects buoys.")))
    assert "`exhibit reindex default`" in failed["problems"][0]["message"]
    assert main(["reindex", "--all", "--models", "standard"]) == 1
    assert "EXHIBIT_MODELS=standard" in capsys.readouterr().err

    assert main(["reindex", "default", "--detach"]) == 0
    now = searched_while(service, lambda reindex: reindex is not None and reindex["state"] == "queued")
    assert now is not None, "it was over before it could be broken off"
    service.kill()
    service.start()
    again = reindex_of(service)
    assert again is None or again["state"] == "running"
    searched_while(service, lambda reindex: reindex is not None)
    assert found(service, query=QUESTION)["notices"] == []
    assert found(service, image=PICTURE)["evidence"][0]["document"] == "harbour-morning.jpg"

    assert main(["reindex", "--all"]) == 0
    assert "nothing to do" in capsys.readouterr().err
    wait_until(lambda: not list((service.folder / "data" / "blobs").glob("documents/*/vectors/*former*")))
    assert main(["verify"]) == 0
    assert "Everything is there, and nothing else." in capsys.readouterr().out
    assert service.http.post(f"/v1/documents/{failed['id']}/retry").status_code == 202
    assert service.finished(failed)[0]["status"] == "ready"
