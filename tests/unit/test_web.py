"""Pages are fetched from the public internet alone, with limits on everything a server could draw out."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.adapters.web import REDIRECTS, Web, checked, is_public, name_of
from domain.errors import BadGateway, BadRequest, ExhibitError, TooLarge
from tests.waiting import HANG_S

PAGE = b"<!doctype html><html><title>Tides</title><body>High water is at noon.</body></html>"
Answer = Callable[[asyncio.StreamWriter, str], Awaitable[None]]


def answer(body: bytes = PAGE, status: str = "200 OK", **headers: str) -> Answer:
    async def write(writer: asyncio.StreamWriter, path: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return write


class Site:
    """A real server on loopback. The paths asked for are kept."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hosts: list[str] = []
        self.pages: dict[str, Answer] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ", 2)[1]
            self.asked.append(path)
            self.hosts += [line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")]
            await self.pages.get(path, answer(b"", "404 Not Found"))(writer, path)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def loopback_too(address: str) -> bool:
    return address == "127.0.0.1" or is_public(address)


@pytest.fixture
def temporary(tmp_path: Path) -> Callable[[], Path]:
    numbers = iter(range(1000))
    return lambda: tmp_path / f"{next(numbers)}.part"


@pytest.fixture
def web(temporary: Callable[[], Path]) -> Web:
    """For a server of the test's own: every name leads to loopback, which is let through."""
    return Web(temporary, 40 << 20, to_loopback, loopback_too, total_s=HANG_S)


async def failure(web: Web, address: str) -> ExhibitError:
    with pytest.raises(ExhibitError) as raised:
        await web.fetch(address)
    return raised.value


async def test_a_page_is_fetched_with_its_name_and_its_host(web: Web) -> None:
    async with running() as site:
        site.pages["/a/tides?x=1"] = answer(content_type="text/html; charset=utf-8")
        found = await web.fetch(f"http://sea.example:{site.port}/a/tides?x=1#part")
    assert found.file.read_bytes() == PAGE
    assert (found.name, found.size) == ("tides.html", len(PAGE))
    assert site.hosts == [f"sea.example:{site.port}"]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1", "203.0.113.9"),
        *("::", "::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "3fff::1", "100::1", "5f00::1", "localhost", ""),
    ],
)
def test_addresses_that_are_not_public_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::5db8:d822", "172.32.0.1"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0"],
)
async def test_by_default_loopback_is_refused_however_it_is_written(temporary: Callable[[], Path], host: str) -> None:
    async with running() as site:
        error = await failure(Web(temporary, 10_000), f"http://{host}:{site.port}/")
    assert isinstance(error, BadRequest | BadGateway)
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://a.example/x", "file:///etc/passwd", "gopher://a.example", "javascript:alert(1)", "//a.example", "x"),
        *("http://", "http:///x", "http://me:secret@a.example/", "http://me@a.example/", "http://a.example/\r\nX: y"),
        *("http://a.example:99999/", "http://[::1", "http://a b.example/", "http://a.example/" + "x" * 5000, ""),
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(BadRequest):
        checked(address)


async def test_a_redirect_to_the_metadata_service_is_refused(temporary: Callable[[], Path]) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [host if host[0].isdigit() else "127.0.0.1"]

    web = Web(temporary, 10_000, resolve, loopback_too)
    async with running() as site:
        site.pages["/"] = answer(b"", "302 Found", location="http://169.254.169.254/latest/meta-data/")
        error = await failure(web, f"http://sea.example:{site.port}/")
    assert isinstance(error, BadRequest)
    assert "private network" in str(error)
    assert asked == ["sea.example", "169.254.169.254"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://u:p@sea.example/", "gopher://sea.example/"])
async def test_a_redirect_is_checked_as_the_address_was(web: Web, location: str) -> None:
    async with running() as site:
        site.pages["/"] = answer(b"", "301 Moved", location=location)
        assert isinstance(await failure(web, f"http://sea.example:{site.port}/"), BadRequest)


async def test_redirects_are_followed_and_counted(web: Web) -> None:
    async with running() as site:
        for n in range(REDIRECTS):
            site.pages[f"/{n}"] = answer(b"", "302 Found", location=f"/{n + 1}")
        site.pages[f"/{REDIRECTS}"] = answer()
        found = await web.fetch(f"http://sea.example:{site.port}/0")
        assert found.url.endswith(f"/{REDIRECTS}")
        site.pages[f"/{REDIRECTS}"] = answer(b"", "302 Found", location="/0")
        assert "moved more than" in str(await failure(web, f"http://sea.example:{site.port}/0"))


async def test_a_name_that_changes_its_meaning_is_connected_to_where_it_was_checked(
    temporary: Callable[[], Path],
) -> None:
    """Rebinding: each look-up gives another address. There is one for each connection, and that one is used."""
    answers = iter(["127.0.0.1", "169.254.169.254", "127.0.0.1"])
    looked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        looked.append(next(answers))
        return [looked[-1]]

    web = Web(temporary, 10_000, rebinding, loopback_too)
    async with running() as site:
        site.pages["/"] = answer(b"", "302 Found", location="/again")
        site.pages["/again"] = answer()
        error = await failure(web, f"http://rebind.example:{site.port}/")
    assert isinstance(error, BadRequest)
    assert looked == ["127.0.0.1", "169.254.169.254"]
    assert site.asked == ["/"]


@pytest.mark.parametrize("addresses", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], []])
async def test_a_name_that_also_leads_inside_is_not_trusted(
    temporary: Callable[[], Path], addresses: list[str]
) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    async with running() as site:
        web = Web(temporary, 10_000, resolve, loopback_too)
        assert isinstance(await failure(web, f"http://sea.example:{site.port}/"), BadRequest)
        assert site.asked == []


async def test_a_server_that_drips_is_cut_off(temporary: Callable[[], Path], tmp_path: Path) -> None:
    async def drip(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    web = Web(temporary, 10_000, to_loopback, loopback_too, total_s=0.5)
    async with running() as site:
        site.pages["/"] = drip
        error = await failure(web, f"http://sea.example:{site.port}/")
    assert isinstance(error, BadGateway)
    assert str(error) == "It took longer than 0.5 s to fetch."
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("stated", [True, False])
async def test_what_is_too_large_is_not_read_to_its_end(
    temporary: Callable[[], Path], tmp_path: Path, stated: bool
) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter, path: str) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n" + (b"content-length: 99999999\r\n\r\n" if stated else b"\r\n"))
        while sent < 80 << 20:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    async with running() as site:
        site.pages["/"] = flood
        web = Web(temporary, 1 << 20, to_loopback, loopback_too)
        assert isinstance(await failure(web, f"http://sea.example:{site.port}/"), TooLarge)
    assert sent < 40 << 20
    assert list(tmp_path.glob("*.part")) == []


async def test_a_compressed_bomb_is_put_out(web: Web, tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(300 << 20), 9)
    async with running() as site:
        site.pages["/"] = answer(bomb, content_encoding="deflate")
        error = await failure(web, f"http://sea.example:{site.port}/")
    assert isinstance(error, TooLarge)
    assert list(tmp_path.glob("*.part")) == []


async def test_what_a_server_compressed_unasked_is_unpacked_or_refused(web: Web) -> None:
    packed = gzip.compress(PAGE)
    async with running() as site:
        site.pages["/good"] = answer(packed, content_encoding="gzip")
        site.pages["/cut"] = answer(packed[:-9], content_encoding="gzip")
        site.pages["/damaged"] = answer(b"x" * 50, content_encoding="gzip")
        site.pages["/br"] = answer(b"x", content_encoding="br")
        at = f"http://sea.example:{site.port}"
        assert (await web.fetch(f"{at}/good")).size == len(PAGE)
        for path in ("cut", "damaged", "br"):
            assert isinstance(await failure(web, f"{at}/{path}"), BadGateway)


async def test_an_address_that_gives_nothing_is_a_bad_gateway(web: Web) -> None:
    async def hang_up(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nxx")

    async with running() as site:
        site.pages["/hang-up"] = hang_up
        at = f"http://sea.example:{site.port}"
        assert str(await failure(web, f"{at}/none")) == "The address answered with the status 404."
        assert isinstance(await failure(web, f"{at}/hang-up"), BadGateway)
    assert isinstance(await failure(web, f"http://sea.example:{site.port}/"), BadGateway)


@pytest.mark.parametrize(
    ("url", "headers", "name"),
    [
        ("http://a.example/x/report.pdf", {}, "report.pdf"),
        ("http://a.example/", {"content-type": "text/html"}, "a.example.html"),
        ("http://a.example/get", {"content-disposition": 'attachment; filename="../../x\u202e.pdf"'}, "x .pdf"),
        ("http://a.example/%E6%BD%AE.html", {"content-type": "text/html"}, "潮.html"),
    ],
)
def test_a_fetched_file_has_a_tame_name(url: str, headers: dict[str, str], name: str) -> None:
    assert name_of(checked(url), headers) == name
