"""Fetches a page by its URL, from the public internet only.

Each connection, also after a redirect, goes to an address that was resolved and checked for this connection, so DNS
rebinding has no effect. Proxies and netrc files of the environment are not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import re
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from email.message import Message
from pathlib import Path
from urllib.parse import unquote

import httpcore
import httpx

from domain.documents import Fetched
from domain.errors import BadGateway, BadRequest, TooLarge, Unavailable
from ingest.file_names import clean_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

TOTAL_S = 60.0  # in all, redirects included: a slow server is cut off
CONNECT_S, READ_S, RESOLVE_S = 10.0, 20.0, 10.0
REDIRECTS = 5
LONGEST_URL = 4000
PIECE = 1 << 20
MAX_RATIO, MAX_SMALL = 200, 32 << 20  # an answer that unpacks to more than both is a bomb
REQUEST_HEADERS = [
    (b"User-Agent", b"Exhibit/0.1"),
    (b"Accept", b"text/html,application/xhtml+xml,application/pdf,*/*;q=0.8"),
    (b"Accept-Encoding", b"identity"),
    (b"Connection", b"close"),
]
MOVED = (301, 302, 303, 307, 308)

# IANA's special-purpose registries, and the metadata addresses of clouds.
NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        [
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        ],
    )
)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
EMBEDDING = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))  # the last 32 bits: an IPv4


def is_public(address: str) -> bool:
    try:
        ip: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if any(ip in network for network in EMBEDDING):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in GLOBAL_UNICAST:
            return False
    return ip.is_global and not any(ip in network for network in NOT_PUBLIC if network.version == ip.version)


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, from the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Web:
    """`resolve` and `allowed` are parameters for the tests, whose server is on loopback."""

    def __init__(
        self,
        temporary: Callable[[], Path],
        limit: int,
        resolve: Resolve = resolve,
        allowed: Callable[[str], bool] = is_public,
        total_s: float = TOTAL_S,
    ) -> None:
        self._temporary = temporary
        self._limit = limit
        self._resolve = resolve
        self._allowed = allowed
        self._total_s = total_s

    async def fetch(self, address: str) -> Fetched:
        """Raises BadRequest (an address that is not fetched), TooLarge, BadGateway, Unavailable (the disk is full)."""
        try:
            async with asyncio.timeout(self._total_s):
                return await self._follow(checked(address))
        except TimeoutError as error:
            raise BadGateway(f"It took longer than {self._total_s:g} s to fetch.") from error

    async def _follow(self, url: httpx.URL) -> Fetched:
        for _ in range(REDIRECTS + 1):
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            url = checked(str(url.join(found)))
        raise BadGateway(f"The address was moved more than {REDIRECTS} times.")

    async def _get(self, url: httpx.URL) -> Fetched | str:
        """The page, or the address that it has moved to."""
        backend = _Checked(self._resolve, self._allowed)
        try:
            async with (
                httpcore.AsyncConnectionPool(network_backend=backend, http2=False, retries=0) as pool,
                pool.stream("GET", _core(url), headers=_headers(url), extensions={"timeout": TIMEOUTS}) as response,
            ):
                headers = _decoded(response.headers)
                if response.status in MOVED and headers.get("location"):
                    return headers["location"][:LONGEST_URL]
                if response.status != 200:
                    raise BadGateway(f"The address answered with the status {response.status}.")
                return await self._store(response.aiter_stream(), url, headers)
        except httpcore.TimeoutException as error:
            raise BadGateway("The address did not answer in time.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as error:
            raise BadGateway(f"The address can't be fetched: {_why(error)}.") from error

    async def _store(self, pieces: AsyncIterator[bytes], url: httpx.URL, headers: dict[str, str]) -> Fetched:
        if int(headers.get("content-length") or 0) > self._limit:
            raise TooLarge(f"It is larger than the limit of {self._limit >> 20} MB.")
        unpack = _Unpacker(headers.get("content-encoding", ""))
        out = _Out(self._temporary(), self._limit)
        with ExitStack() as unless_finished:
            unless_finished.callback(out.discard)
            async for piece in pieces:
                for part in unpack.more(piece):
                    await asyncio.to_thread(out.write, part)
            unpack.end()
            fetched = out.finish(name_of(url, headers), str(url))
            unless_finished.pop_all()
        return fetched


# ---------------------------------------------------------------- addresses

TIMEOUTS = {"connect": CONNECT_S, "read": READ_S, "write": CONNECT_S, "pool": CONNECT_S}


def checked(address: str) -> httpx.URL:
    """Checks the URL's form; its address is checked when it is connected to. Raises BadRequest."""
    if len(address) > LONGEST_URL or re.search(r"[\x00-\x20\x7f]", address.strip()):
        raise BadRequest("This is no web address: it is too long, or has spaces or control characters in it.")
    try:
        url = httpx.URL(address.strip())
        host = url.host
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise BadRequest("This is no web address.") from error
    if url.scheme not in ("http", "https") or not host:
        raise BadRequest("Only addresses that begin with http:// or https:// and a host are fetched.")
    if url.port == 0 or (url.port or 80) > 65535:
        raise BadRequest("The address has a port that does not exist.")
    if url.userinfo:
        raise BadRequest("An address with a name or password in it is not fetched.")
    return url.copy_with(fragment=None)


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to the address that was checked, not to the name."""

    def __init__(self, resolve: Resolve, allowed: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = self._one_of(await self._addresses(host, port))
        stream = await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        reached = stream.get_extra_info("server_addr")
        if not reached or not self._allowed(str(reached[0])):
            await stream.aclose()
            raise _not_fetched()
        return stream

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise _not_fetched()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(RESOLVE_S):
                return await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise BadGateway(f"The name {host[:200]} can't be resolved.") from error

    def _one_of(self, addresses: Sequence[str]) -> str:
        """A name that has any private address is refused."""
        if not addresses or not all(map(self._allowed, addresses)):
            raise _not_fetched()
        return addresses[0]


def _not_fetched() -> BadRequest:
    """Without the address: a client must not learn what internal names resolve to."""
    return BadRequest("The address leads into a private network or to this machine; only public ones are fetched.")


def _core(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _headers(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    return [(b"Host", url.netloc), *REQUEST_HEADERS]


def _decoded(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _why(error: Exception) -> str:
    words = " ".join(str(error).split())[:200]
    return words or type(error).__name__


def name_of(url: httpx.URL, headers: dict[str, str]) -> str:
    """The file name that the server states, else the last part of the path, else the host."""
    disposition = Message()
    disposition["content-disposition"] = re.sub(r"[\r\n]", " ", headers.get("content-disposition", ""))[:2000]
    stated = disposition.get_filename() or unquote(url.path.rstrip("/").rpartition("/")[2])
    name = clean_name(stated) if stated.strip() else url.host
    is_page = headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"
    return f"{name}.html" if is_page and not re.search(r"\.x?html?$", name, re.I) else name


# ---------------------------------------------------------------- bytes


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"The page could not be stored: {error.strerror}.") from error


class _Out:
    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._size = 0
        self._hash = hashlib.sha256()
        with _storing():
            self._file = path.open("xb")

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge(f"It is larger than the limit of {self._limit >> 20} MB.")
        self._hash.update(data)
        with _storing():
            self._file.write(data)

    def finish(self, name: str, url: str) -> Fetched:
        with _storing():
            self._file.close()
        return Fetched(self._path, name, self._size, self._hash.hexdigest(), url)

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


class _Unpacker:
    """Unpacks an answer that was compressed although that was not accepted; in pieces, so that a bomb stays small."""

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BadGateway(f"The address answered in the encoding {encoding[:50]!r}, which was not asked for.")
        self._zlib = zlib.decompressobj(47) if encoding not in ("", "identity") else None  # 47: gzip or zlib, as it is
        self._packed = self._unpacked = 0

    def more(self, data: bytes) -> Iterator[bytes]:
        if self._zlib is None:
            yield data
            return
        self._packed += len(data)
        while data and not self._zlib.eof:
            try:
                piece = self._zlib.decompress(data, PIECE)
            except zlib.error as error:
                raise BadGateway("What the address answered can't be unpacked: it is damaged.") from error
            data = self._zlib.unconsumed_tail
            self._unpacked += len(piece)
            if self._unpacked > max(MAX_SMALL, MAX_RATIO * self._packed):
                raise TooLarge(f"It unpacks to over {MAX_RATIO} times its size: more than is safe to read.")
            yield piece

    def end(self) -> None:
        if self._zlib is not None and self._packed and not self._zlib.eof:
            raise BadGateway("What the address answered ends too early.")
