"""`exhibit serve`: the service, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from app.api.connections import THIS_MACHINE, Bounded, Limits
from app.api.guard import BEHIND_A_PROXY
from app.api.keys import FILE, keys_of
from app.commands.command import Command
from app.commands.draining import DrainingServer
from app.settings import Settings, load_settings
from domain.errors import BadConfiguration
from system.folder_lock import announce
from system.memory import usable

log = logging.getLogger(__name__)

DOES_NOT_START = 3  # exit code
DRAIN_S = 5.0  # between /readyz saying so and no more connections: balancers look every few seconds
STREAMS_S = 12  # how long answers that have begun may go on after that; with a worker's drain it is under 30 s
LEAST_MEMORY = 700_000_000  # bytes: less is used up before the first question


def run(options: argparse.Namespace) -> int:
    log_ours()
    enough_memory()
    settings = load_settings()
    with closing(bound(settings.host, settings.port)) as listening:
        keys, made = keys_of(settings)
        if made is not None:
            print(f"A key was made for this service, and is kept in {settings.data_dir / FILE}:\n  {made}", flush=True)

        if not keys and settings.hosts and not settings.proxies:
            log.warning(BEHIND_A_PROXY)

        def told(address: str, server: uvicorn.Server) -> None:
            print(f"Exhibit is at {address}", flush=True)

        asyncio.run(serve(settings, listening, told))
    return 0


COMMAND = Command(
    "serve",
    "run the service (EXHIBIT_HOST, EXHIBIT_PORT, EXHIBIT_DATA_DIR, …)",
    run,
    fails_with=DOES_NOT_START,
)


def log_ours() -> None:
    for ours in ("app", "answering", "ingest", "retrievers", "system"):
        logging.getLogger(ours).setLevel(logging.INFO)


def enough_memory() -> None:
    """Raises BadConfiguration. A process that runs out of memory is ended without a word."""
    if (most := usable()) < LEAST_MEMORY:
        raise BadConfiguration(
            f"{most // 10**6} MB of memory are too little: Exhibit needs {LEAST_MEMORY // 10**6} MB to start, "
            "and 2000 MB to take in documents."
        )


async def serve(settings: Settings, listening: socket.socket, started: Callable[[str, uvicorn.Server], None]) -> None:
    """Runs until the server is told to exit. `started` gets the address and the server."""
    # imported here: torch, Chroma and the models behind it take seconds that a bad setting should not cost
    from app.compose import running
    from app.main import create_app

    address = f"http://{_shown(settings.host)}:{listening.getsockname()[1]}"
    async with running(settings) as services:
        drain_s = 0.0 if settings.embedded else DRAIN_S
        server = DrainingServer(config_of(settings, create_app(settings, services)), services.ending.set, drain_s)
        if settings.embedded:
            announce(settings.data_dir, address)
        started(address, server)
        await server.serve(sockets=[listening])


def config_of(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    limits = Limits(settings.max_connections, settings.max_connections_per_address, (*THIS_MACHINE, *settings.proxies))
    return uvicorn.Config(
        app,
        http=partial(Bounded, limits),  # type: ignore[arg-type]  # it is called, no more
        ws="none",  # no route speaks it, and its connections have no limits
        proxy_headers=False,  # the guard reads them
        timeout_keep_alive=round(limits.first_byte_s),
        timeout_graceful_shutdown=5 if settings.embedded else STREAMS_S,
        log_level="warning",
        server_header=False,
    )


def bound(host: str, port: int) -> socket.socket:
    """Bound before anything is loaded: a taken port costs no seconds, and the address printed is the real one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small answers at once only on sockets known to be TCP: with Nagle's
    # algorithm each answer takes 40 ms more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as error:
        listening.close()
        raise BadConfiguration(f"{host}:{port} can't be listened on: {error.strerror or error}.") from error
    return listening


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
