"""`exhibit worker`: takes documents from the queue of a service that runs elsewhere."""

from __future__ import annotations

import argparse
import asyncio

from app.commands.command import Command
from app.commands.serve import DOES_NOT_START, log_ours
from app.settings import load_settings


def run(options: argparse.Namespace) -> int:
    from app.worker import work  # imported here: the models behind it take seconds

    log_ours()
    asyncio.run(work(load_settings().as_worker()))
    return 0


COMMAND = Command(
    "worker", "take documents from the queue of a service that runs elsewhere", run, fails_with=DOES_NOT_START
)
