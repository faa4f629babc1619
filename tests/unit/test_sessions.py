"""Sessions of browsers and wrong keys: who gets in, for how long, and who has to wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.api.callers import COOKIE, FREE, LONGEST_S, QUIET_S, SECURE_COOKIE, WrongKeys, caller_of
from app.api.guard import Guard
from app.services.doorkeeper import Doorkeeper
from tests.catalogues import fresh_catalogue

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOST = "10.0.0.5:8000"


class House:
    """A guarded service, its sessions, and the time."""

    def __init__(self, *keys: str) -> None:
        self.at, self.seconds = NOON, 0.0
        self.catalogue = fresh_catalogue()
        self.doorkeeper = Doorkeeper(self.catalogue.sessions, 30, lambda: self.at)
        self.wrong = WrongKeys(lambda: self.seconds)
        self.keys = keys or ("secret",)

    def client(self, address: str = "10.0.0.9", *keys: str) -> TestClient:
        async def who(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"{request.state.caller} {request.state.tls}")

        app = Starlette(routes=[Route("/v1/x", who, methods=["GET", "POST"])])
        guard = Guard(
            app, keys or self.keys, (), False, [ip_network("10.0.0.2")], lambda scope: self.doorkeeper, self.wrong
        )
        return TestClient(guard, base_url=f"http://{HOST}", client=(address, 5000))

    async def token(self) -> str:
        return (await self.doorkeeper.enter(caller_of("secret"), "Browser"))[1]


def with_cookie(token: str, **more: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}={token}", **{name.replace("_", "-"): value for name, value in more.items()}}


async def test_the_cookie_of_a_session_stands_for_its_key() -> None:
    house = House()
    token = await house.token()
    answer = house.client().get("/v1/x", headers=with_cookie(token))
    assert (answer.status_code, answer.text.split()[0]) == (200, caller_of("secret"))
    assert "set-cookie" not in answer.headers


async def test_a_session_opens_behind_a_proxy_that_asks_for_a_password_of_its_own() -> None:
    house = House()
    headers = with_cookie(await house.token(), authorization="Basic dXNlcjpwYXNz")
    assert house.client().get("/v1/x", headers=headers).status_code == 200
    assert house.client().get("/v1/x", headers=headers | {"authorization": "Bearer wrong"}).status_code == 401


async def test_the_token_is_kept_nowhere() -> None:
    house = House()
    token = await house.token()
    [session] = await house.doorkeeper.of(caller_of("secret"))
    assert token not in str(session)
    assert house.client().get("/v1/x", headers=with_cookie(session.digest)).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "a" * 5_000])
def test_no_other_cookie_opens(token: str) -> None:
    assert House().client().get("/v1/x", headers=[(b"cookie", f"{COOKIE}={token}".encode())]).status_code == 401


async def test_a_session_whose_key_is_valid_no_more_is_over() -> None:
    house = House()
    headers = with_cookie(await house.token())
    assert house.client("10.0.0.9", "another").get("/v1/x", headers=headers).status_code == 401


async def test_a_session_lasts_while_it_is_used() -> None:
    house = House()
    headers = with_cookie(await house.token())
    for _ in range(3):
        house.at += timedelta(days=29)
        answer = house.client().get("/v1/x", headers=headers)
        assert answer.status_code == 200
        assert re.search(r"Max-Age=2592000; HttpOnly; SameSite=Strict$", answer.headers["set-cookie"])
    house.at += timedelta(days=30)
    assert house.client().get("/v1/x", headers=headers).status_code == 401
    assert await house.doorkeeper.of(caller_of("secret")) == ()


async def test_a_cookie_of_tls_is_renewed_as_such() -> None:
    house = House()
    headers = {"cookie": f"{SECURE_COOKIE}={await house.token()}; {COOKIE}=planted"}
    house.at += timedelta(days=1)
    renewed = house.client().get("/v1/x", headers=headers).headers["set-cookie"]
    assert renewed.startswith(f"{SECURE_COOKIE}=")
    assert renewed.endswith("; Secure")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"origin": f"http://{HOST}"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": "http://10.0.0.5:9000"}, 403),
        ({"origin": "http://10.0.0.5"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": f"http://{HOST}", "sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
async def test_only_the_services_own_page_changes_anything_by_a_session(said: dict[str, str], status: int) -> None:
    house = House()
    headers = with_cookie(await house.token()) | said
    assert house.client().post("/v1/x", headers=headers).status_code == status


async def test_a_wrong_key_is_not_made_good_by_a_cookie() -> None:
    house = House()
    headers = with_cookie(await house.token(), authorization="Bearer wrong")
    assert house.client().get("/v1/x", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("address", "headers", "tls"),
    [
        ("10.0.0.9", {}, False),
        ("10.0.0.9", {"x-forwarded-proto": "https"}, False),  # anybody can say so
        ("10.0.0.2", {"x-forwarded-proto": "https"}, True),
        ("10.0.0.9", {"origin": "https://exhibit.example"}, True),
    ],
)
def test_tls_is_believed_of_named_proxies_and_of_the_browser(address: str, headers: dict[str, str], tls: bool) -> None:
    answer = House().client(address).get("/v1/x", headers={"authorization": "Bearer secret"} | headers)
    assert answer.text.split()[1] == str(tls)


# ---------------------------------------------------------------- wrong keys


def tries(client: TestClient, key: str = "wrong", times: int = 1, **headers: str) -> int:
    """The last status."""
    given = {"authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return [client.get("/v1/x", headers=given).status_code for _ in range(times)][-1]


def test_after_some_wrong_keys_an_address_waits_and_others_do_not() -> None:
    house = House()
    assert tries(house.client("10.0.0.9"), times=FREE) == 401
    refused = house.client("10.0.0.9").get("/v1/x", headers={"authorization": "Bearer secret"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")  # the right one isn't looked at either
    assert tries(house.client("10.0.0.10"), "secret") == 200
    house.seconds += 1
    assert tries(house.client("10.0.0.9"), "secret") == 200


def test_who_was_in_before_stays_in_while_a_neighbour_tries() -> None:
    house = House("secret", "other")
    assert tries(house.client(), "secret") == 200
    tries(house.client(), times=FREE + 1)
    assert tries(house.client(), "secret") == 200
    assert tries(house.client(), "other") == 429


def test_no_key_at_all_is_no_wrong_key() -> None:
    house = House()
    assert {house.client().get("/v1/x").status_code for _ in range(3 * FREE)} == {401}
    assert tries(house.client(), "secret") == 200


def test_the_wait_doubles_up_to_a_bound_and_is_forgotten_after_quiet() -> None:
    now = 0.0
    wrong = WrongKeys(lambda: now)
    waits = []
    for _ in range(20):
        wrong.failed("10.0.0.9")
        waits.append(wrong.wait_s("10.0.0.9"))
    assert waits[: FREE + 3] == [0.0] * (FREE - 1) + [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_S
    now = QUIET_S + 1
    wrong.failed("10.0.0.9")
    assert wrong.wait_s("10.0.0.9") == 0.0


@pytest.mark.parametrize("proxy", ["10.0.0.2", "127.0.0.1"])
def test_behind_a_proxy_each_client_waits_for_itself(proxy: str) -> None:
    house = House()
    tries(house.client(proxy), times=FREE, x_forwarded_for="1.2.3.4, 203.0.113.9")
    assert tries(house.client(proxy), "secret", x_forwarded_for="203.0.113.9") == 429
    assert tries(house.client(proxy), "secret", x_forwarded_for="203.0.113.10") == 200


def test_an_address_cannot_be_made_up_by_a_client() -> None:
    house = House()
    for n in range(FREE):
        tries(house.client("10.0.0.9"), x_forwarded_for=f"203.0.113.{n}")
    assert tries(house.client("10.0.0.9"), x_forwarded_for="203.0.113.200") == 429


def test_a_network_of_ipv6_is_one_address_and_few_are_remembered() -> None:
    wrong = WrongKeys(lambda: 0.0, most=3)
    for n in range(FREE):
        wrong.failed(f"2001:db8::{n}")
    assert wrong.wait_s("2001:db8::ffff") == 1.0
    for n in range(10):
        wrong.failed(f"10.0.0.{n}")
        wrong.worked(f"10.0.0.{n}", "caller")
    assert wrong.wait_s("2001:db8::ffff") == 0.0
    assert len(wrong._tries) == len(wrong._worked) == 3
