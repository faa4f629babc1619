"""The command line: `exhibit serve`, `exhibit worker`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import closing

import uvicorn

from app.api.keys import FILE, keys_of
from app.domain.errors import BadConfiguration, ExhibitError
from app.settings import Settings, load_settings

DOES_NOT_START = 3  # exit code


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="exhibit", description="Ask your own documents and pictures.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the service (EXHIBIT_HOST, EXHIBIT_PORT, EXHIBIT_DATA_DIR, …)")
    commands.add_parser("worker", help="work off the queue of a service that runs elsewhere")
    command = parser.parse_args(arguments).command
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for ours in ("app", "ingest", "retrievers"):
        logging.getLogger(ours).setLevel(logging.INFO)
    try:
        settings = load_settings()
        asyncio.run(_serve(settings) if command == "serve" else _work(settings))
    except ExhibitError as error:
        print(f"exhibit: {error}", file=sys.stderr)
        return DOES_NOT_START
    except KeyboardInterrupt:
        return 130
    return 0


async def _serve(settings: Settings) -> None:
    # imported here: torch, Chroma and the models behind it take seconds that a bad setting should not cost
    from app.compose import running
    from app.main import create_app

    listening = _bound(settings.host, settings.port)
    with closing(listening):
        _, made = keys_of(settings)
        if made is not None:
            print(f"A key was made for this service, and is kept in {settings.data_dir / FILE}:\n  {made}", flush=True)
        async with running(settings) as services:
            config = uvicorn.Config(
                create_app(settings, services), log_level="warning", timeout_graceful_shutdown=5, server_header=False
            )
            print(f"Exhibit is at http://{_shown(settings.host)}:{listening.getsockname()[1]}", flush=True)
            await uvicorn.Server(config).serve(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
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


async def _work(settings: Settings) -> None:
    from app.worker import work

    await work(settings.as_worker())


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
