"""Who asks: keys, the cookie of a session, and how often wrong keys may be tried."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

COOKIE, SECURE_COOKIE = "exhibit_session", "__Host-exhibit_session"  # the second one no other host can set
FREE = 5  # wrong keys of an address before it has to wait
LONGEST_S = 300.0
QUIET_S = 900.0  # after so long without a wrong key an address is as new
MOST_ADDRESSES = 10_000  # remembered
PORTS = {"http": "80", "https": "443"}


def caller_of(key: str) -> str:
    """A digest of the key; empty where there is none."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16] if key else ""


def bearer(headers: Headers) -> str:
    """The key that a request names; empty where it names none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


class Keys:
    """Those that are all blank open nothing."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys if key.strip()]
        self.callers = frozenset(caller_of(key) for key in keys if key.strip())

    def know(self, key: str) -> bool:
        """Compares with each, in the same time whatever they are."""
        given = key.encode("utf-8", "surrogateescape")
        known = any([hmac.compare_digest(given, known) for known in self._keys])
        return given != b"" and known


# ---------------------------------------------------------------- cookies


def token_in(headers: Headers) -> tuple[str, bool]:
    """The session's, empty where there is none, and whether its cookie came by TLS alone."""
    cookies = cookie_parser("; ".join(headers.getlist("cookie")))
    secure = cookies.get(SECURE_COOKIE, "")
    return (secure, True) if secure else (cookies.get(COOKIE, ""), False)


def cookie(token: str, seconds: int, secure: bool) -> str:
    """For `Set-Cookie`; zero seconds take it away."""
    name, more = (SECURE_COOKIE, "; Secure") if secure else (COOKIE, "")
    return f"{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{more}"


def from_own_page(headers: Headers) -> bool:
    """Whether a browser says that a page of this very service sends this. Pages on another port are of the same site,
    so that SameSite alone lets them through."""
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    try:
        origin = urlsplit(headers.get("origin", ""))
        port = str(origin.port or PORTS[origin.scheme])
        named = urlsplit(f"//{headers.get('host', '')}")
        return origin.hostname == named.hostname and port == str(named.port or PORTS[origin.scheme])
    except (ValueError, KeyError):
        return False


# ---------------------------------------------------------------- wrong keys


@dataclass(frozen=True, slots=True)
class _Tries:
    wrong: int
    last: float
    until: float


class WrongKeys:
    """Each address by itself waits ever longer after some wrong keys: 1, 2, 4 … seconds. A key that has worked from an
    address goes on working there meanwhile: nobody is locked out by a neighbour."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = MOST_ADDRESSES) -> None:
        self._now = now
        self._most = most
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._worked: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, address: str, caller: str = "") -> float:
        """How long no key is looked at; 0: now."""
        place = place_of(address)
        tries = self._tries.get(place)
        if tries is None or (place, caller) in self._worked:
            return 0.0
        return max(0.0, tries.until - self._now())

    def failed(self, address: str) -> None:
        place, now = place_of(address), self._now()
        if not place:
            return
        former = self._tries.pop(place, None)
        wrong = 1 if former is None or now - former.last > QUIET_S else former.wrong + 1
        wait = min(LONGEST_S, 2.0 ** min(wrong - FREE, 30)) if wrong >= FREE else 0.0
        self._tries[place] = _Tries(wrong, now, now + wait)
        if len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def worked(self, address: str, caller: str) -> None:
        known = (place_of(address), caller)
        self._worked[known] = None
        self._worked.move_to_end(known)
        if len(self._worked) > self._most:
            self._worked.popitem(last=False)


def place_of(address: str) -> str:
    """The address, of IPv6 the network that one subscriber has; empty where it is not known."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 32 if found.version == 4 else 64), strict=False))
