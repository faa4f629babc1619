"""Closed by default: on loopback, only this machine's own pages and programs; anywhere else, only with a key."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import refuse
from app.settings import is_loopback
from domain.errors import ExhibitError, Forbidden, Unauthorized

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OPEN = frozenset({"/healthz", "/readyz", "/"})
PAGE = "/page/"  # the page's own files hold nothing of anybody's
BEHIND_A_PROXY = (
    "Behind a proxy (EXHIBIT_HOSTS) and without a key this service can't tell who asks: set EXHIBIT_API_KEYS, or have "
    "the proxy set X-Forwarded-For and name its address in EXHIBIT_PROXIES."
)
NO_ADDRESS = frozenset({"", "testclient"})  # the host of a Unix socket and of the in-process client


class Guard:
    """`keys` empty: loopback without keys. Then a foreign Host (DNS rebinding), a foreign Origin (another site) or a
    client from another machine gets 403. Keys that are all blank open nothing.

    With `hosts` there is a proxy, which makes every client look like this machine. Without keys it must then be one of
    `proxies`, which are known to set X-Forwarded-For, and say that the client is near.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Sequence[str],
        hosts: Sequence[str] = (),
        check_host: bool = True,
        proxies: Sequence[Network] = (),
    ) -> None:
        self._app = app
        self._keyless = not keys
        self._keys = [key.encode() for key in keys if key.strip()]
        self._hosts = frozenset(host.lower() for host in hosts)
        self._check_host = check_host
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # no route speaks it
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, refusal)

    def _refusal(self, scope: Scope, headers: Headers) -> ExhibitError | None:
        if self._check_host and not self._is_own(headers.get("host", "")):
            return Forbidden("This service answers to its own host names alone; set EXHIBIT_HOSTS to add one.")
        origin = headers.get("origin")
        if self._check_host and origin is not None and not self._is_own(_host_of(origin)):
            return Forbidden("A page of another site may not use this service.")
        clients = [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
        if self._keyless and self._hosts and not (any(clients) and self._is_proxy(_address(scope))):
            return Forbidden(BEHIND_A_PROXY)
        if self._keyless and not all(_is_near(one) for one in (_address(scope), *clients)):
            return Forbidden("Without a key this service answers its own machine alone; set EXHIBIT_API_KEYS.")
        if not self._keyless and not _is_open(scope["path"]) and not self._has_key(headers.get("authorization", "")):
            return Unauthorized("Send a key: `Authorization: Bearer …`.")
        return None

    def _is_own(self, host: str) -> bool:
        """`host` as in a Host header: a name or address, with or without a port."""
        try:
            name = urlsplit(f"//{host}").hostname if host else None
        except ValueError:  # `[::1`
            return False
        return name is not None and (is_loopback(name) or name in self._hosts)

    def _is_proxy(self, address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address.removeprefix("::ffff:")) in network for network in self._proxies)
        except ValueError:
            return False

    def _has_key(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        key = given.strip().encode()
        known = any([hmac.compare_digest(key, known) for known in self._keys])
        return scheme.lower() == "bearer" and key != b"" and known


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(PAGE)


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _address(scope: Scope) -> str:
    """Of whoever opened the connection, as far as it is known."""
    return (scope.get("client") or ("", 0))[0] or ""


def _is_near(address: str) -> bool:
    """Whether it is of this machine."""
    return address in NO_ADDRESS or is_loopback(address.removeprefix("::ffff:"))
