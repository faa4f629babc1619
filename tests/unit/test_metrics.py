"""What the service does is counted by route, in Prometheus's format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from starlette.testclient import TestClient

from app.adapters.memory.catalogue import MemoryCatalogue
from app.api.deps import Services
from app.api.metrics import Requests
from app.main import create_app
from app.settings import Settings
from domain.types import Document


def test_requests_are_counted_by_their_routes_and_documents_that_wait(tmp_path: Path) -> None:
    catalogue = MemoryCatalogue()
    collection = catalogue.collection("default").id
    catalogue.record(Document("d", collection, "default", "d", "text/plain", 1, "ab", "queued", datetime.now(UTC)))
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    app = create_app(settings, cast(Services, SimpleNamespace(catalogue=catalogue)))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for path in ("default", "default", "nowhere"):
            client.get(f"/v1/collections/{path}")
        client.get("/etc/passwd")
        client.request("SECRET", "/v1/collections")
        client.get("/healthz", headers={"host": "evil.example"})
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    route = "/v1/collections/{name}"
    assert f'exhibit_http_requests_total{{method="GET",route="{route}",status="200"}} 2' in lines
    assert f'exhibit_http_requests_total{{method="GET",route="{route}",status="404"}} 1' in lines
    assert 'exhibit_http_requests_total{method="any",route="none",status="404"} 1' in lines
    assert 'exhibit_http_requests_total{method="any",route="none",status="403"} 1' in lines
    assert f'exhibit_http_response_start_seconds_bucket{{route="{route}",le="+Inf"}} 3' in lines
    assert f'exhibit_http_response_start_seconds_count{{route="{route}"}} 3' in lines
    assert 'exhibit_documents_unfinished{status="queued"} 1' in lines
    assert "passwd" not in answer.text
    assert "SECRET" not in answer.text


def test_the_buckets_add_up() -> None:
    requests = Requests()
    for seconds in (0.001, 0.02, 0.02, 99.0):
        requests.answered("GET", "/x", 200, seconds)
    counts = [line.rpartition(" ")[2] for line in requests.lines() if "_bucket" in line]
    assert counts == ["1", "1", *["3"] * 10, "4"]
