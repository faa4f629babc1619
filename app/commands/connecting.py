"""How a command finds its service: the one that is named, the one that runs, or one started for this command."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from app.api.keys import keys_of
from app.client import Exhibit, Unreachable
from app.settings import Settings, load_settings
from domain.errors import BadConfiguration, Missing
from system.folder_lock import owner_of

if TYPE_CHECKING:
    import uvicorn

STARTING_S = 60.0  # the wait for a service that holds the folder, but doesn't listen yet
STOPPING_S = 30.0


def connection_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connection")
    group.add_argument("--url", default=os.environ.get("EXHIBIT_URL"), help="address of the service (EXHIBIT_URL)")
    group.add_argument("--key", default=os.environ.get("EXHIBIT_KEY"), help="its key (EXHIBIT_KEY)")


@contextmanager
def connected(options: argparse.Namespace, *, makes: bool = False) -> Iterator[Exhibit]:
    """`makes`: the command stores something, so a missing data folder is created."""
    if options.url:
        with Exhibit(options.url, options.key, timeout_s=None) as exhibit:
            if not exhibit.ready():
                raise Unreachable(f"No Exhibit that is ready answers at {exhibit.url}.")
            yield exhibit
        return
    settings = load_settings()
    running = _running(settings)
    if running is not None:
        with Exhibit(running, options.key or _key(settings), timeout_s=None) as exhibit:
            yield exhibit
        return
    if not makes and settings.embedded and not (settings.data_dir / "catalogue.db").exists():
        raise Missing(
            f"No Exhibit runs at {address_of(settings)}, and there is none in {settings.data_dir.absolute()}: start "
            "one with `exhibit serve`, or name one with --url."
        )
    with own_service(settings) as exhibit:
        yield exhibit


def address_of(settings: Settings) -> str:
    """Where a service with these settings is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _running(settings: Settings) -> str | None:
    """The address of the service that owns the data folder; if none does and no folder was named, of the one at the
    usual address."""
    address = _owners_address(settings) if settings.embedded else None
    if address is None and (not settings.embedded or "data_dir" not in settings.model_fields_set):
        address = address_of(settings)
    if address is None:
        return None
    with Exhibit(address) as exhibit:
        return address if exhibit.ready() else None


def _owners_address(settings: Settings) -> str | None:
    until = time.monotonic() + STARTING_S
    while (owner := owner_of(settings.data_dir)) is not None and owner.address is None and time.monotonic() < until:
        time.sleep(0.2)
    if owner is None or owner.address is None:
        return None
    return owner.address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _key(settings: Settings) -> str | None:
    keys, _ = keys_of(settings)
    return keys[0] if keys else None


# ---------------------------------------------------------------- a service of our own


@contextmanager
def own_service(settings: Settings) -> Iterator[Exhibit]:
    """Opens the data folder in this process, on a free port of loopback, with a random key.
    Raises BadConfiguration when another process owns the folder."""
    print(f"No service runs, so {settings.data_dir.absolute()} is opened for this command …", file=sys.stderr)
    key = secrets.token_urlsafe(32)
    ours = settings.model_copy(update={"host": "127.0.0.1", "port": 0, "api_keys": (SecretStr(key),)})
    started: Future[tuple[str, uvicorn.Server]] = Future()
    thread = threading.Thread(target=_serve, args=(ours, started), name="exhibit-service")
    thread.start()
    try:
        address, server = started.result()
        try:
            with Exhibit(address, key, timeout_s=None) as exhibit:
                _wait_until_it_listens(exhibit)
                yield exhibit
        finally:
            server.should_exit = True
    finally:
        thread.join()


def _serve(settings: Settings, started: Future[tuple[str, uvicorn.Server]]) -> None:
    from app.commands.serve import bound, serve  # its server takes half a second to import

    try:
        with closing(bound(settings.host, settings.port)) as listening:
            asyncio.run(serve(settings, listening, lambda *given: started.set_result(given)))
    except BaseException as error:  # raised again by the thread that waits for the start
        if started.done():
            raise
        started.set_exception(error)


def _wait_until_it_listens(exhibit: Exhibit) -> None:
    until = time.monotonic() + STARTING_S
    while not exhibit.ready():
        if time.monotonic() > until:
            raise BadConfiguration("The service for this command did not start.")
        time.sleep(0.05)
