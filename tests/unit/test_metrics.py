"""What the service does is counted by route, in Prometheus's format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.api.deps import Services
from app.api.metrics import Requests, waiting
from app.main import create_app
from app.settings import Settings
from domain.documents import Document
from system.outages import Outages
from tests.catalogues import fresh_catalogue


def test_requests_are_counted_by_their_routes_and_documents_that_wait(tmp_path: Path) -> None:
    catalogue = fresh_catalogue()
    collection = catalogue.collections.find("default").id
    catalogue.documents.record(
        Document("d", collection, "default", "d", "text/plain", 1, "ab", "queued", datetime.now(UTC))
    )
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]
    outages = Outages()
    outages.failed("the vector index", "it is away")
    app = create_app(
        settings,
        cast(
            Services, SimpleNamespace(documents=catalogue.documents, collections=catalogue.collections, outages=outages)
        ),
    )
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        for path in ("default", "default", "nowhere"):
            client.get(f"/v1/collections/{path}")
        client.get("/etc/passwd")
        client.request("SECRET", "/v1/collections")
        client.get("/healthz", headers={"host": "evil.example"})
        answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = values(answer.text)
    route, name = "/v1/collections/{name}", "exhibit_http_requests_total"
    assert found[name, sample(method="GET", route=route, status="200")] == 2
    assert found[name, sample(method="GET", route=route, status="404")] == 1
    assert found[name, sample(method="any", route="none", status="404")] == 1
    assert found[name, sample(method="any", route="none", status="403")] == 1
    assert found["exhibit_http_response_start_seconds_bucket", sample(route=route, le="+Inf")] == 3
    assert found["exhibit_http_response_start_seconds_count", sample(route=route)] == 3
    assert found["exhibit_documents_unfinished", sample(status="queued")] == 1
    assert found["exhibit_documents_unfinished", sample(status="running")] == 0
    assert found["exhibit_part_unreachable", sample(part="vector_index")] == 1
    assert found["exhibit_part_unreachable", sample(part="catalogue")] == 0
    assert "passwd" not in answer.text
    assert "SECRET" not in answer.text


def test_the_names_and_kinds_of_metrics_stay() -> None:
    requests = Requests()
    requests.answered("GET", "/x", 200, 0.001)
    text = (waiting([]) + requests.text()).decode()
    kinds = [line.split()[2:] for line in text.splitlines() if line.startswith("# TYPE")]
    assert kinds == [
        ["exhibit_documents_unfinished", "gauge"],
        ["exhibit_http_requests_total", "counter"],
        ["exhibit_http_response_start_seconds", "histogram"],
    ]


def test_the_buckets_add_up() -> None:
    requests = Requests()
    for seconds in (0.001, 0.02, 0.02, 99.0):
        requests.answered("GET", "/x", 200, seconds)
    counts = [count for (name, _), count in values(requests.text().decode()).items() if name.endswith("_bucket")]
    assert counts == [1, 1, *[3] * 10, 4]


def sample(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (one.name, sample(**one.labels)): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }
