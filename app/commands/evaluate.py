"""`exhibit eval`: how well Exhibit finds and answers in your own documents."""

from __future__ import annotations

import argparse

from app.commands.command import Command
from evaluation.options import add_options


def run(options: argparse.Namespace) -> int:
    from evaluation.command import run as measure  # reads numpy and the catalogue's libraries

    return measure(options)


COMMAND = Command("eval", "measure search and answers on a folder of documents with questions", run, add_options)
