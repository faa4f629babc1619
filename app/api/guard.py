"""Closed by default: on loopback, only this machine's own pages and programs; anywhere else, only with a key."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.callers import Keys, WrongKeys, bearer, caller_of, cookie, from_own_page, token_in
from app.api.problems import refuse
from app.services.doorkeeper import Doorkeeper
from app.settings import is_loopback
from domain.errors import ExhibitError, Forbidden, TooManyTries, Unauthorized

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OPEN = frozenset({"/healthz", "/readyz", "/"})
PAGE = "/page/"  # the page's own files hold nothing of anybody's
BEHIND_A_PROXY = (
    "Behind a proxy (EXHIBIT_HOSTS) and without a key this service can't tell who asks: set EXHIBIT_API_KEYS, or have "
    "the proxy set X-Forwarded-For and name its address in EXHIBIT_PROXIES."
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NO_ADDRESS = frozenset({"", "testclient"})  # the host of a Unix socket and of the in-process client


def _of_the_app(scope: Scope) -> Doorkeeper:
    doorkeeper: Doorkeeper = scope["app"].state.services.doorkeeper
    return doorkeeper


class Guard:
    """`keys` empty: loopback without keys. Then a foreign Host (DNS rebinding), a foreign Origin (another site) or a
    client from another machine gets 403. Keys that are all blank open nothing.

    With `hosts` there is a proxy, which makes every client look like this machine. Without keys it must then be one of
    `proxies`, which are known to set X-Forwarded-For, and say that the client is near.

    With keys, a request has one, or the cookie of a session that one opened. `scope["state"]` says who asks (`caller`,
    `session`), whether keys are asked for (`keyed`), and whether the browser is reached by TLS (`tls`).
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Sequence[str],
        hosts: Sequence[str] = (),
        check_host: bool = True,
        proxies: Sequence[Network] = (),
        doorkeeper_of: Callable[[Scope], Doorkeeper] = _of_the_app,
        wrong_keys: WrongKeys | None = None,
    ) -> None:
        self._app = app
        self._keyless = not keys
        self._keys = Keys(keys)
        self._doorkeeper_of = doorkeeper_of
        self._wrong_keys = wrong_keys or WrongKeys()
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
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state |= {"keyed": not self._keyless, "tls": self._is_tls(scope, headers)}
        try:
            self._check_place(scope, headers)
            if not self._keyless and not _is_open(scope["path"]):
                send = await self._identified(scope, headers, send)
        except ExhibitError as error:
            await refuse(scope, receive, send, error)
            return
        await self._app(scope, receive, send)

    def _check_place(self, scope: Scope, headers: Headers) -> None:
        if self._check_host and not self._is_own(headers.get("host", "")):
            raise Forbidden("This service answers to its own host names alone; set EXHIBIT_HOSTS to add one.")
        origin = headers.get("origin")
        if self._check_host and origin is not None and not self._is_own(_host_of(origin)):
            raise Forbidden("A page of another site may not use this service.")
        clients = _forwarded(headers)
        if self._keyless and self._hosts and not (any(clients) and self._is_proxy(_address(scope))):
            raise Forbidden(BEHIND_A_PROXY)
        if self._keyless and not all(_is_near(one) for one in (_address(scope), *clients)):
            raise Forbidden("Without a key this service answers its own machine alone; set EXHIBIT_API_KEYS.")

    async def _identified(self, scope: Scope, headers: Headers, send: Send) -> Send:
        """Notes who asks. Returns what sends the reply, with a cookie that lasts longer where a session does. Raises
        Unauthorized, TooManyTries, Forbidden, Unavailable."""
        if key := bearer(headers):  # another scheme is a proxy's
            scope["state"]["caller"] = self._caller(scope, headers, key)
            return send
        token, secure = token_in(headers)
        doorkeeper = self._doorkeeper_of(scope) if token else None
        visit = await doorkeeper.visit(token, self._keys.callers) if doorkeeper is not None else None
        if doorkeeper is None or visit is None:
            raise Unauthorized("Send a key: `Authorization: Bearer …`.")
        if scope["method"] not in SAFE and not from_own_page(headers):
            raise Forbidden("A session is used by this service's own page alone.")
        scope["state"] |= {"caller": visit.session.caller, "session": visit.session.id}
        if not visit.renewed:
            return send
        return _with_cookie(send, cookie(token, doorkeeper.lasts_s, secure))

    def _caller(self, scope: Scope, headers: Headers, key: str) -> str:
        """Of the key. While an address has to wait, none is looked at but those that worked from there."""
        address = self._speaker(scope, headers)
        known = self._keys.know(key)
        if wait_s := self._wrong_keys.wait_s(address, caller_of(key) if known else ""):
            raise TooManyTries("Too many wrong keys came from this address; try again later.", math.ceil(wait_s))
        if not known:
            self._wrong_keys.failed(address)
            raise Unauthorized("Send a key: `Authorization: Bearer …`.")
        self._wrong_keys.worked(address, caller_of(key))
        return caller_of(key)

    def _speaker(self, scope: Scope, headers: Headers) -> str:
        """The address that a proxy on this machine, or one of `proxies`, speaks for; else whoever is connected."""
        speaker, forwarded = _address(scope), _forwarded(headers)
        trusted = _is_near(speaker) or self._is_proxy(speaker)
        while trusted and forwarded:
            speaker = forwarded.pop()
            trusted = self._is_proxy(speaker)
        return speaker

    def _is_tls(self, scope: Scope, headers: Headers) -> bool:
        """By the connection, by a named proxy, or as the browser itself says."""
        proxied = self._is_proxy(_address(scope)) and headers.get("x-forwarded-proto", "").lower() == "https"
        return scope.get("scheme") == "https" or proxied or headers.get("origin", "").startswith("https://")

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


def _with_cookie(send: Send, cookie: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return sending


def _forwarded(headers: Headers) -> list[str]:
    """The addresses that proxies name, the nearest last."""
    return [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]


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
