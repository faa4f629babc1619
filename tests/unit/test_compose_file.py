"""The compose file, as far as a file can be checked: its shape, its variables, its images, its version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OURS = {"prepare", "api", "worker"}
SERVICES = OURS | {"postgres", "chroma", "vllm"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_the_services_are_there_and_watched(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVICES
    for name in SERVICES - {"prepare"}:  # which ends
        assert compose["services"][name]["healthcheck"]["test"], name


def test_images_have_another_source_behind_a_mirror_and_are_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[\w./-]+:v?\d+\.[\w.-]+\}", service["image"]), (name, service["image"])


def test_file_image_and_package_are_of_one_version(compose: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name in OURS:
        service = compose["services"][name]
        assert service["image"] == f"${{EXHIBIT_IMAGE:-exhibit:{version}}}"
        assert service["environment"]["EXHIBIT_COMPOSE_VERSION"] == version


def test_every_variable_of_ours_is_a_setting(compose: dict[str, Any]) -> None:
    for name in OURS:
        ours = [one for one in compose["services"][name]["environment"] if one.startswith("EXHIBIT_")]
        for variable in ours:
            assert variable.removeprefix("EXHIBIT_").lower() in Settings.model_fields, variable


def test_every_setting_of_the_environment_file_reaches_our_services(compose: dict[str, Any]) -> None:
    assert all(compose["services"][name]["env_file"] == ".env" for name in OURS)


def test_no_secret_is_in_the_file_and_none_has_a_default(compose: dict[str, Any]) -> None:
    variables = re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text())
    assert "POSTGRES_PASSWORD" not in variables
    assert "EXHIBIT_API_KEYS" not in variables
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD_FILE"].startswith("/secrets/")


def test_containers_can_do_little(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) or name == "vllm", name


def test_volumes_and_dependencies_exist(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in compose["volumes"]
        assert set(service.get("depends_on", ())) <= SERVICES


def test_only_the_api_is_reachable_and_by_default_only_from_this_machine(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"api"}
    assert all(port.startswith("${PUBLISH:-127.0.0.1}:") for port in published["api"])


def test_a_gpu_is_asked_for_only_where_the_profile_says_so(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "profiles" in service] == ["vllm"]


def test_the_example_environment_names_only_settings() -> None:
    names = re.findall(r"^# ?(EXHIBIT_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(names) > 10
    for name in names:
        field, _, nested = name.removeprefix("EXHIBIT_").lower().partition("__")
        assert field in Settings.model_fields, name
        assert not nested or nested in Settings.model_fields[field].annotation.model_fields, name  # type: ignore[union-attr]


def test_the_image_holds_every_package_that_the_wheel_is_made_of() -> None:
    """The command line once imported a package that the image lacked."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines()]
    copied = {line[1] for line in lines if line[:1] == ["COPY"] and len(line) == 3}
    assert {package.removesuffix("*") for package in packages} <= copied
    assert all((ROOT / name).exists() for name in copied)


def test_what_the_image_copies_reaches_the_builder() -> None:
    lines = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines()]
    copied = {name for line in lines if line[:1] == ["COPY"] and "--from" not in line[1] for name in line[1:-1]}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
