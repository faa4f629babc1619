"""The compose file, as far as a file can be checked: its shape, its variables, its images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"api", "worker", "postgres", "chroma", "vllm"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_the_services_are_there_and_watched(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVICES
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"], name


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), (name, service["image"])


def test_every_variable_of_ours_is_a_setting(compose: dict[str, Any]) -> None:
    fields = set(Settings.model_fields)
    for name in ("api", "worker"):
        for variable in compose["services"][name]["environment"]:
            field, _, nested = variable.removeprefix("EXHIBIT_").lower().partition("__")
            assert field in fields, variable
            if nested:
                assert nested in Settings.model_fields[field].annotation.model_fields, variable  # type: ignore[union-attr]


def test_secrets_have_no_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("POSTGRES_PASSWORD", "EXHIBIT_API_KEYS"):
        assert all(match.startswith(":?") for match in re.findall(rf"\$\{{{secret}(.*?)\}}", text)), secret


def test_volumes_and_dependencies_exist(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose["volumes"]
        assert set(service.get("depends_on", ())) <= SERVICES


def test_only_the_api_is_reachable_and_only_from_this_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"api"}
    assert all(port.startswith("127.0.0.1:") for port in published["api"])


def test_the_example_environment_names_only_settings() -> None:
    names = re.findall(r"^# ?(EXHIBIT_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(names) > 10
    for name in names:
        field, _, nested = name.removeprefix("EXHIBIT_").lower().partition("__")
        assert field in Settings.model_fields, name
        assert not nested or nested in Settings.model_fields[field].annotation.model_fields, name  # type: ignore[union-attr]


def test_what_the_image_copies_is_there() -> None:
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
