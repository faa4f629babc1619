"""Who may ask what: hosts, origins and keys."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.api.guard import Guard
from app.api.keys import FILE, keys_of
from app.settings import Settings
from domain.errors import BadConfiguration


def client(
    keys: tuple[str, ...] = (), check_host: bool = True, hosts: tuple[str, ...] = (), proxy: str = "10.0.0.1"
) -> TestClient:
    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/v1/x", hello), Route("/healthz", hello), Route("/readyz", hello)])
    guard = Guard(app, keys, hosts, check_host, [ip_network(proxy)])
    return TestClient(guard, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5000))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "[::1]:8000", "127.8.8.8"])
def test_loopback_hosts_are_answered(host: str) -> None:
    assert client().get("/v1/x", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.2:8000", "", "localhost@evil", "[::1"]
)
def test_foreign_hosts_are_refused(host: str) -> None:
    answer = client().get("/v1/x", headers={"host": host})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://["])
def test_foreign_origins_are_refused(origin: str) -> None:
    assert client().post("/v1/x", headers={"origin": origin}).status_code == 403


def test_own_origins_are_answered() -> None:
    assert client().get("/v1/x", headers={"origin": "http://localhost:3000"}).status_code == 200


def test_a_named_host_is_answered() -> None:
    headers = {"host": "exhibit.lan", "authorization": "Bearer secret"}
    assert client(keys=("secret",), hosts=("exhibit.lan",)).get("/v1/x", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("proxy", "forwarded", "status"),
    [
        ("10.0.0.1", "127.0.0.1", 403),  # perhaps a proxy that passes on what the client sends
        ("127.0.0.1", None, 403),
        ("127.0.0.1", "127.0.0.1", 200),
        ("127.0.0.0/8", "::1", 200),
        ("127.0.0.1", "203.0.113.9", 403),
        ("127.0.0.1", "127.0.0.1, 203.0.113.9", 403),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1", 403),
        ("127.0.0.1", "", 403),
        ("127.0.0.1", " , ", 403),
    ],
)
@pytest.mark.parametrize("host", ["exhibit.lan", "127.0.0.1:8000"])
def test_without_keys_a_proxy_must_say_who_is_near(host: str, proxy: str, forwarded: str | None, status: int) -> None:
    near = client(hosts=("exhibit.lan",), proxy=proxy)
    answer = near.get("/v1/x", headers={"host": host} | ({} if forwarded is None else {"x-forwarded-for": forwarded}))
    assert answer.status_code == status
    assert status == 200 or "EXHIBIT_API_KEYS" in answer.json()["detail"]


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic secret", "secret", "Bearer"])
def test_without_the_key_there_is_no_answer(authorization: str) -> None:
    answer = client(keys=("secret",), check_host=False).get("/v1/x", headers={"authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_any_of_the_keys_opens() -> None:
    opened = client(keys=("one", "two"), check_host=False)
    assert opened.get("/v1/x", headers={"authorization": "Bearer two"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(path: str) -> None:
    assert client(keys=("secret",), check_host=False).get(path).status_code == 200


def settings(folder: Path, host: str, **more: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, host=host, **more)  # type: ignore[call-arg,arg-type]


def test_on_loopback_no_key_is_made(tmp_path: Path) -> None:
    assert keys_of(settings(tmp_path, "127.0.0.1")) == ((), None)
    assert not (tmp_path / FILE).exists()


def test_elsewhere_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    keys, made = keys_of(settings(tmp_path, "0.0.0.0"))
    assert keys == (made,)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert keys_of(settings(tmp_path, "0.0.0.0")) == (keys, None)


def test_given_keys_are_the_keys(tmp_path: Path) -> None:
    assert keys_of(settings(tmp_path, "0.0.0.0", api_keys="a, b")) == (("a", "b"), None)


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer", "Bearer wrong", ""])
def test_keys_that_are_all_empty_open_nothing(authorization: str) -> None:
    answer = client(keys=("", " "), check_host=False).get("/v1/x", headers={"authorization": authorization})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("10.0.0.9", 403), ("", 200)]
)
def test_without_keys_only_this_machine_is_answered(address: str, status: int) -> None:
    near = client()
    near_app = TestClient(near.app, base_url="http://127.0.0.1:8000", client=(address, 5000))
    assert near_app.get("/v1/x").status_code == status


def test_who_is_far_behind_an_unnamed_proxy_is_refused() -> None:
    assert client().get("/v1/x", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403


def test_websockets_are_closed() -> None:
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/v1/x"):
        pass


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_key_file_without_a_key_refuses_to_start(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BadConfiguration, match="Delete it"):
        keys_of(settings(tmp_path, "0.0.0.0"))


def test_a_key_that_cannot_be_kept_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadConfiguration, match="kept"):
        keys_of(settings(tmp_path / "file", "0.0.0.0"))
    (tmp_path / FILE).mkdir()
    with pytest.raises(BadConfiguration, match="kept"):
        keys_of(settings(tmp_path, "0.0.0.0"))


def test_a_made_key_leaves_nothing_beside_it(tmp_path: Path) -> None:
    keys_of(settings(tmp_path, "0.0.0.0"))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
