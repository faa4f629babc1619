"""Bad settings refuse to start, with a sentence that names them."""

from __future__ import annotations

import socket

import pytest

from app.cli import main
from app.commands.serve import DOES_NOT_START
from app.settings import is_loopback, load_settings
from domain.errors import BadConfiguration


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXHIBIT_PORT", "99999"),
        ("EXHIBIT_MODELS", "huge"),
        ("EXHIBIT_MAX_UPLOAD_MB", "-1"),
        ("EXHIBIT_LLM__IMAGES", "many"),
        ("EXHIBIT_BLOBS_URL", "s3://bucket"),
        ("EXHIBIT_API_KEYS", " , "),
    ],
)
def test_a_bad_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadConfiguration, match=name):
        load_settings()


def test_nested_and_listed_values_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_LLM__URL", "http://localhost:1/v1")
    monkeypatch.setenv("EXHIBIT_API_KEYS", "a,b")
    settings = load_settings()
    assert settings.llm.url == "http://localhost:1/v1"
    assert [key.get_secret_value() for key in settings.api_keys] == ["a", "b"]


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_API_KEYS", "hush")
    assert "hush" not in repr(load_settings())


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("example.org", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, is_own: bool) -> None:
    assert is_loopback(host) == is_own


@pytest.mark.parametrize(
    ("name", "value"),
    [("EXHIBIT_LLM__URL", "banana"), ("EXHIBIT_CHROMA_URL", "localhost:8000"), ("EXHIBIT_ROLE", "api")],
)
def test_what_could_never_work_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadConfiguration, match=name) as refused:
        load_settings()
    assert "Value error" not in str(refused.value)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXHIBIT_CHROMA_URL", "EXHIBIT_LLM__URL", "EXHIBIT_LLM__MODEL", "EXHIBIT_PORT"):
        monkeypatch.setenv(name, "")
    settings = load_settings()
    assert (settings.chroma_url, settings.llm.url, settings.llm.model, settings.port) == (None, None, None, 8000)


def test_a_taken_port_and_an_impossible_folder_are_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("EXHIBIT_PORT", str(taken.getsockname()[1]))
        assert main(["serve"]) == DOES_NOT_START
    assert "can't be listened on" in capsys.readouterr().err
    monkeypatch.setenv("EXHIBIT_PORT", "0")
    monkeypatch.setenv("EXHIBIT_DATA_DIR", "/proc/nothing/here")
    assert main(["serve"]) == DOES_NOT_START
    assert "data folder" in capsys.readouterr().err


def test_a_worker_without_shared_databases_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker"]) == DOES_NOT_START
    assert "EXHIBIT_DATABASE_URL" in capsys.readouterr().err
