"""`exhibit worker`: takes documents from the queue of a service that runs elsewhere."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from app.commands.command import Command
from app.commands.serve import DOES_NOT_START, enough_memory, log_ours
from app.settings import load_settings


def run(options: argparse.Namespace) -> int:
    from app.worker import work  # imported here: the models behind it take seconds

    log_ours()
    enough_memory()
    asyncio.run(work(load_settings().as_worker(), options.alive))
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alive", type=Path, metavar="FILE", help="touch this file every ten seconds, for a health check to look at"
    )


COMMAND = Command(
    "worker",
    "take documents from the queue of a service that runs elsewhere",
    run,
    arguments,
    fails_with=DOES_NOT_START,
)
